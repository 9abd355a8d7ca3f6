//! Keeps the processors from going idle while latencies are compared.
//!
//! A virtual processor that was idle takes 30 to 50 µs to wake, which is as long as a request on
//! loopback. Who asks from the server's own processor, as the prober mostly does beside a busy
//! generator, never sees that; who asks from another one does. So threads that run only where nobody else
//! wants to (`SCHED_IDLE`, sched(7)) fill the gaps, for both sides alike.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::sys;

/// The threads; they end when this is dropped.
pub(crate) struct Awake {
    enough: Arc<AtomicBool>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Awake {
    /// One thread for each processor.
    pub(crate) fn start() -> io::Result<Self> {
        let count = std::thread::available_parallelism()?.get();
        let enough = Arc::new(AtomicBool::new(false));
        let mut awake = Self {
            enough: Arc::clone(&enough),
            threads: Vec::with_capacity(count),
        };
        for _ in 0..count {
            let enough = Arc::clone(&enough);
            let spin = move || {
                sys::run_only_when_idle()?;
                while !enough.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                Ok(())
            };
            awake.threads.push(std::thread::Builder::new().spawn(spin)?);
        }
        Ok(awake)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that could not step back has ended, and nothing depends on it.
            let _ = thread.join();
        }
    }
}
