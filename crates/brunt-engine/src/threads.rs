//! Worker threads: each runs one worker on a runtime of its own.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};

use brunt_bus::Recorder;
use tokio::runtime;

use crate::outcome::StartError;
use crate::time::TimeSource;
use crate::worker::WorkerSeed;

/// TLS, decompression and whatever else is deep runs on the worker's stack. Untouched pages cost
/// nothing.
const STACK_SIZE: usize = 8 << 20;

/// Starts a worker on a thread and waits until it is ready.
pub(crate) fn spawn(
    seed: WorkerSeed,
    recorder: Recorder,
    time: Arc<dyn TimeSource>,
) -> Result<JoinHandle<()>, StartError> {
    let worker = seed.index();
    let (ready, started) = sync_channel(1);
    let thread = Builder::new()
        .name(format!("brunt-worker-{worker}"))
        .stack_size(STACK_SIZE)
        .spawn(move || {
            let result = run(seed, recorder, time.as_ref(), || {
                let _ = ready.send(Ok(()));
            });
            if let Err(error) = result {
                let _ = ready.send(Err(error));
            }
        })
        .map_err(|reason| StartError::Worker { worker, reason })?;
    match started.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(reason)) => Err(StartError::Worker { worker, reason }),
        Err(_) => {
            let reason = io::Error::other("its thread ended before it was ready");
            Err(StartError::Worker { worker, reason })
        }
    }
}

fn run(
    seed: WorkerSeed,
    recorder: Recorder,
    time: &dyn TimeSource,
    ready: impl FnOnce(),
) -> io::Result<()> {
    // Nothing but the worker runs here; the small interval is for tasks that a protocol spawns.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(4)
        .build()?;
    runtime.block_on(async {
        let clock = time.clock()?;
        let worker = seed.into_worker(recorder, clock);
        ready();
        // The worker is one task with thousands of sockets: tokio's budget for one task would turn
        // all but the first hundred into spurious wake-ups.
        tokio::task::unconstrained(worker).await;
        Ok(())
    })
}
