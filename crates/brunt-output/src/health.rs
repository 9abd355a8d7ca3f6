//! Whether an output reaches its receiver, told while it changes and not only at the end.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What became of the way to a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// Deliveries began to fail, for this reason; they are repeated.
    Failing(&'a str),
    /// They work again.
    Back,
}

/// The state of one output's deliveries; clones are one and the same.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    /// The newest reason, while deliveries fail.
    outage: Mutex<Option<String>>,
    tell: Box<dyn Fn(Change<'_>) + Send + Sync>,
}

impl Health {
    /// A healthy output. `tell` is called once when an outage begins and once when it is over, on
    /// the output's own task: it must not wait.
    pub fn new(tell: impl Fn(Change<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            outage: Mutex::default(),
            tell: Box::new(tell),
        }))
    }

    /// Deliveries fail; called as often as they do.
    pub fn failing(&self, reason: &str) {
        let before = self.put(Some(reason.to_owned()));
        if before.is_none() {
            (self.0.tell)(Change::Failing(reason));
        }
    }

    /// Deliveries work; called as often as anybody likes.
    pub fn well(&self) {
        if self.put(None).is_some() {
            (self.0.tell)(Change::Back);
        }
    }

    /// Why deliveries fail at the moment; `None` while they work.
    pub fn outage(&self) -> Option<String> {
        let outage = self.0.outage.lock();
        outage.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, outage: Option<String>) -> Option<String> {
        let mut known = self.0.outage.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, outage)
    }
}

/// One that nobody listens to.
impl Default for Health {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.outage()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_at_its_beginning_and_once_at_its_end() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let health = Health::new({
            let told = Arc::clone(&told);
            move |change| told.lock().unwrap().push(format!("{change:?}"))
        });
        health.well();
        health.failing("refused");
        health.failing("timed out");
        assert_eq!(health.outage().as_deref(), Some("timed out"));
        health.well();
        health.well();
        assert_eq!(health.outage(), None);
        assert_eq!(*told.lock().unwrap(), ["Failing(\"refused\")", "Back"]);
    }
}
