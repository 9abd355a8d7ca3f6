//! The bus as the engine and the binary see it: start it, hand out recorders, finish it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_aggregate::{
    AggregatePlan, Aggregator, Breach, Delta, Groups, OwnPoint, Report, Thresholds,
};
use brunt_metrics::Interner;
use brunt_output::{EdgeSender, Wants};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::driver::{Command, Driver};
use crate::recorder::Recorder;
use crate::shared::Shared;

/// Deltas that may wait for the aggregator, for each worker: 200 ms of them.
const DELTAS_PER_WORKER: usize = 4;

/// What a bus is made of.
pub struct BusConfig {
    /// The series of the test.
    pub interner: Arc<Interner>,
    /// Metrics and sub-metrics; has to hold those of the thresholds.
    pub plan: Arc<AggregatePlan>,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// Groups and checks, for the report.
    pub groups: Arc<Groups>,
    /// How many recorders to make.
    pub workers: usize,
    /// What each output wants, and the edge to it.
    pub outputs: Vec<(Wants, EdgeSender)>,
    /// The wall clock in nanoseconds since the Unix epoch, for the time of snapshots.
    pub wall: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// What brunt tells of itself, asked for each snapshot; must not wait.
    pub own: Arc<dyn Fn() -> Vec<OwnPoint> + Send + Sync>,
    /// Called once, on the runtime, when a threshold ends the test.
    pub on_abort: Box<dyn FnOnce(Breach) + Send>,
    /// Where the aggregation runs: the control runtime, never a worker's. Its timers must be on.
    pub runtime: Handle,
}

/// Starts buses.
#[derive(Debug)]
pub struct Bus {}

/// A running bus.
#[derive(Debug)]
pub struct BusHandle {
    shared: Arc<Shared>,
    deltas: mpsc::Sender<Delta>,
    commands: mpsc::UnboundedSender<Command>,
}

/// The aggregation is not there any more, because its runtime was shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the aggregation of measurements ended before the test did")]
pub struct BusGone;

/// How far a running bus has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Samples that the workers have flushed.
    pub samples: u64,
    /// Samples that were turned away: NaN, an infinity, an unknown metric, or too late.
    pub rejected: u64,
    /// Series so far.
    pub series: usize,
    /// How often a new series found the table full.
    pub overflowed: u64,
}

impl Bus {
    /// Starts the aggregation; one recorder for each worker.
    pub fn start(config: BusConfig) -> (Vec<Recorder>, BusHandle) {
        let BusConfig {
            interner,
            plan,
            thresholds,
            groups,
            workers,
            outputs,
            wall,
            own,
            on_abort,
            runtime,
        } = config;
        let aggregator = Aggregator::new(Arc::clone(&plan), thresholds);
        let shared = Arc::new(Shared::new(interner, plan, outputs));
        let (deltas, delta_queue) = mpsc::channel(workers.max(1) * DELTAS_PER_WORKER);
        let (commands, command_queue) = mpsc::unbounded_channel();
        let driver = Driver::new(Arc::clone(&shared), aggregator, groups, wall, own, on_abort);
        runtime.spawn(driver.run(delta_queue, command_queue));
        let handle = BusHandle {
            shared,
            deltas,
            commands,
        };
        ((0..workers).map(|_| handle.recorder()).collect(), handle)
    }
}

impl BusHandle {
    /// One more recorder, as for setup and teardown.
    pub fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.shared), Some(self.deltas.clone()))
    }

    /// The first scenario starts now: thresholds are judged every 2 s from here on.
    pub fn mark_started(&self) {
        // If the aggregation is gone, `finish` will say so.
        let _ = self.commands.send(Command::Started(Instant::now()));
    }

    /// How far the bus has come. Cheap; made for progress lines.
    pub fn progress(&self) -> Progress {
        let shared = &self.shared;
        Progress {
            samples: shared.samples.load(Ordering::Relaxed),
            rejected: shared.rejected.load(Ordering::Relaxed),
            series: shared.interner.len(),
            overflowed: shared.interner.overflowed(),
        }
    }

    /// The report as it stands, with the thresholds as they were judged last.
    pub async fn report(&self) -> Result<Report, BusGone> {
        let (reply, report) = oneshot::channel();
        self.commands
            .send(Command::Report(reply))
            .map_err(|_| BusGone)?;
        report.await.map_err(|_| BusGone)
    }

    /// Ends the bus: [`BusHandle::settle`], then [`BusHandle::close`] with nothing to add.
    pub async fn finish(&self, duration: Duration) -> Result<Report, BusGone> {
        let report = self.settle(duration).await?;
        self.close(Vec::new()).await?;
        Ok(report)
    }

    /// Ends the measuring. Call it when all recorders were dropped: what a living one has not flushed
    /// is not in the report. `duration` is the time that the scenarios took, the divisor of all rates.
    ///
    /// What the workers handed over is added up, and the thresholds are judged for the last time.
    pub async fn settle(&self, duration: Duration) -> Result<Report, BusGone> {
        let (reply, report) = oneshot::channel();
        self.commands
            .send(Command::Finish(duration, reply))
            .map_err(|_| BusGone)?;
        report.await.map_err(|_| BusGone)
    }

    /// Outputs get the last snapshot, with what is told of the run as a whole, and all edges close.
    pub async fn close(&self, own: Vec<OwnPoint>) -> Result<(), BusGone> {
        let (reply, closed) = oneshot::channel();
        self.commands
            .send(Command::Close(own, reply))
            .map_err(|_| BusGone)?;
        closed.await.map_err(|_| BusGone)
    }
}

impl fmt::Debug for BusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusConfig")
            .field("workers", &self.workers)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}
