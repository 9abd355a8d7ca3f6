//! Where all clocks of one test come from, so that every worker shares one time line.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Clock;

/// Gives each worker a [`Clock`]; all of them agree on `now` and on the wall clock.
pub trait TimeSource: Send + Sync {
    /// Monotonic nanoseconds, as [`Clock::now`].
    fn now(&self) -> i64;

    /// Ready after a while; for time-outs, so a few milliseconds do not matter.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// A clock with an alarm of its own. Called on the worker's thread, within its runtime.
    fn clock(&self) -> io::Result<Rc<RefCell<dyn Clock>>>;
}
