//! A place for what the virtual users of one worker share among themselves.
//!
//! The engine does not know what that is: caches, for instance, which are in the processor's cache
//! when all virtual users use the same one, and are not when each has its own.

use std::any::Any;
use std::cell::OnceCell;
use std::rc::Rc;

/// Holds one value, of whatever type the virtual users agree on.
#[derive(Debug, Clone, Default)]
pub struct WorkerLocal(Rc<OnceCell<Rc<dyn Any>>>);

impl WorkerLocal {
    /// The value, made by the first who asks. One of another type than the one that is there is
    /// made anew each time, and shared by nobody.
    pub fn get_or_init<T: 'static>(&self, make: impl Fn() -> T) -> Rc<T> {
        let shared = self.0.get_or_init(|| Rc::new(make()));
        Rc::clone(shared)
            .downcast()
            .unwrap_or_else(|_| Rc::new(make()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_ask_get_the_same_one() {
        let local = WorkerLocal::default();
        let one = local.clone().get_or_init(|| String::from("first"));
        let other = local.get_or_init(|| String::from("second"));
        assert!(Rc::ptr_eq(&one, &other));
        assert_eq!(*local.get_or_init(|| 7), 7);
    }
}
