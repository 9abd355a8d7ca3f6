//! Wakes every request of a connection. The connection keeps one waker only, that of the request
//! that polled it last; when that one is over the others would sleep for ever.

use std::sync::Arc;
use std::task::{Wake, Waker};

use parking_lot::Mutex;

/// The wakers of the requests that run on a connection.
#[derive(Debug, Default)]
pub(crate) struct Wakers(Mutex<Vec<(u64, Waker)>>);

impl Wakers {
    /// Sets the waker of a request.
    pub(crate) fn set(&self, id: u64, waker: &Waker) {
        let mut wakers = self.0.lock();
        match wakers.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => known.clone_from(waker),
            None => wakers.push((id, waker.clone())),
        }
    }

    /// Forgets a request.
    pub(crate) fn remove(&self, id: u64) {
        self.0.lock().retain(|(known, _)| *known != id);
    }

    /// How many requests run.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        for (_, waker) in &*self.0.lock() {
            waker.wake_by_ref();
        }
    }
}
