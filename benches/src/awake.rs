//! Keeps the processors from going idle while latencies are compared.
//!
//! A virtual processor that was idle takes 30 to 50 µs to wake, which is as long as a request on
//! loopback. Who asks from the server's own processor, as the prober mostly does beside a busy
//! generator, never sees that; who asks from another one does. So threads that run only where nobody else
//! wants to (`SCHED_IDLE`, sched(7)) fill the gaps, for both sides alike.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use crate::sys;

/// The threads; they end when this is dropped.
pub(crate) struct Awake {
    enough: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Awake {
    /// One thread for each processor.
    ///
    /// # Errors
    /// When one cannot be started or may not step back behind all others: it would take their time.
    pub(crate) fn start() -> io::Result<Self> {
        let count = std::thread::available_parallelism()?.get();
        let enough = Arc::new(AtomicBool::new(false));
        let mut awake = Self {
            enough: Arc::clone(&enough),
            threads: Vec::with_capacity(count),
        };
        for _ in 0..count {
            let enough = Arc::clone(&enough);
            let (tell, told) = mpsc::channel();
            let spin = move || {
                let stepped_back = sys::run_only_when_idle();
                let spins = stepped_back.is_ok();
                // Who asked waits for the answer below.
                let _ = tell.send(stepped_back);
                while spins && !enough.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            };
            awake.threads.push(std::thread::Builder::new().spawn(spin)?);
            told.recv().map_err(io::Error::other)??;
        }
        Ok(awake)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It has no result, and a panic of it was printed.
            let _ = thread.join();
        }
    }
}
