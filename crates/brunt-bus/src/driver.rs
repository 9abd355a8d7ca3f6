//! The task that adds deltas up, takes snapshots and judges thresholds.

use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::{Aggregator, Breach, Delta, Groups, OwnPoint, Report, Snapshot};
use brunt_output::Wants;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::shared::Shared;

/// How often thresholds are judged; k6's period.
const EVALUATION: Duration = Duration::from_secs(2);

/// No snapshots more often than this, whatever an output asks for.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// What the handle asks of the driver.
#[derive(Debug)]
pub(crate) enum Command {
    /// The scenarios started.
    Started(Instant),
    /// The report as it stands.
    Report(oneshot::Sender<Report>),
    /// The end of the measuring, with the time that the scenarios took.
    Finish(Duration, oneshot::Sender<Report>),
    /// The end of everything: the last snapshot, with these values, and the edges close.
    Close(Vec<OwnPoint>, oneshot::Sender<()>),
}

/// Asks for the values of brunt's own that a snapshot carries.
pub(crate) type Own = Arc<dyn Fn() -> Vec<OwnPoint> + Send + Sync>;

pub(crate) struct Driver {
    shared: Arc<Shared>,
    aggregator: Aggregator,
    groups: Arc<Groups>,
    wall: Arc<dyn Fn() -> i64 + Send + Sync>,
    own: Own,
    on_abort: Option<Box<dyn FnOnce(Breach) + Send>>,
    started: Option<Instant>,
    next_evaluation: Option<Instant>,
    feeds: Vec<Feed>,
}

/// An output of snapshots.
struct Feed {
    edge: usize,
    interval: Duration,
    next: Instant,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        aggregator: Aggregator,
        groups: Arc<Groups>,
        wall: Arc<dyn Fn() -> i64 + Send + Sync>,
        own: Own,
        on_abort: Box<dyn FnOnce(Breach) + Send>,
    ) -> Self {
        let now = Instant::now();
        let feeds = shared
            .edges
            .iter()
            .enumerate()
            .filter_map(|(edge, (wants, _))| match wants {
                Wants::Samples => None,
                Wants::Snapshots { interval, .. } => {
                    let interval = (*interval).max(SHORTEST_INTERVAL);
                    Some(Feed {
                        edge,
                        interval,
                        next: after(now, interval),
                    })
                }
            });
        let feeds = feeds.collect();
        let (started, next_evaluation) = (None, None);
        let on_abort = Some(on_abort);
        Self {
            shared,
            aggregator,
            groups,
            wall,
            own,
            on_abort,
            started,
            next_evaluation,
            feeds,
        }
    }

    pub(crate) async fn run(
        mut self,
        mut deltas: Receiver<Delta>,
        mut commands: UnboundedReceiver<Command>,
    ) {
        loop {
            let due = self.due();
            // Commands and timers first, so that no flood of deltas holds them up.
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(Command::Started(at)) => {
                        self.started = Some(at);
                        self.next_evaluation = Some(after(at, EVALUATION));
                    }
                    Some(Command::Report(reply)) => {
                        self.drain(&mut deltas);
                        // A caller that gave up needs no answer.
                        let _ = reply.send(self.aggregator.report(self.elapsed(), &self.groups));
                    }
                    Some(Command::Finish(duration, reply)) => {
                        let _ = reply.send(self.finish(&mut deltas, duration));
                    }
                    Some(Command::Close(own, reply)) => {
                        self.drain(&mut deltas);
                        self.close(own);
                        let _ = reply.send(());
                        return;
                    }
                    None => {
                        let elapsed = self.elapsed();
                        self.finish(&mut deltas, elapsed);
                        self.close(Vec::new());
                        return;
                    }
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.drain(&mut deltas);
                    self.tick(Instant::now());
                }
                // After the end of the measuring there is nothing more to come.
                Some(delta) = deltas.recv(), if !deltas.is_closed() => self.aggregator.merge(&delta),
            }
        }
    }

    /// When something has to happen next.
    fn due(&self) -> Option<Instant> {
        self.feeds
            .iter()
            .map(|feed| feed.next)
            .chain(self.next_evaluation)
            .min()
    }

    fn elapsed(&self) -> Duration {
        self.started
            .map_or(Duration::ZERO, |started| started.elapsed())
    }

    fn tick(&mut self, now: Instant) {
        if self.next_evaluation.is_some_and(|next| next <= now) {
            self.next_evaluation = self
                .next_evaluation
                .map(|next| following(next, EVALUATION, now));
            if let Some(breach) = self.aggregator.evaluate(self.elapsed(), false)
                && let Some(on_abort) = self.on_abort.take()
            {
                on_abort(breach);
            }
        }
        // Outputs that are due together share a snapshot.
        let mut snapshot = None;
        for feed in self.feeds.iter_mut().filter(|feed| feed.next <= now) {
            feed.next = following(feed.next, feed.interval, now);
            let snapshot = snapshot.get_or_insert_with(|| {
                Arc::new(snapshot_of(&self.aggregator, &self.wall, &self.own))
            });
            if !snapshot.series.is_empty() || !snapshot.own.is_empty() {
                self.shared.push_snapshot(feed.edge, snapshot);
            }
        }
    }

    /// Adds up what has been handed over so far.
    fn drain(&mut self, deltas: &mut Receiver<Delta>) {
        // No more than the queue can hold: workers may go on sending meanwhile.
        for _ in 0..=deltas.max_capacity() {
            let Ok(delta) = deltas.try_recv() else { break };
            self.aggregator.merge(&delta);
        }
        for delta in std::mem::take(&mut *self.shared.leftovers.lock()) {
            self.aggregator.merge(&delta);
        }
    }

    fn finish(&mut self, deltas: &mut Receiver<Delta>, duration: Duration) -> Report {
        // Recorders that still live find the channel closed and keep nothing.
        deltas.close();
        self.drain(deltas);
        self.aggregator.evaluate(duration, true);
        self.next_evaluation = None;
        self.aggregator.report(duration, &self.groups)
    }

    fn close(&mut self, own: Vec<OwnPoint>) {
        if !self.feeds.is_empty() {
            let mut snapshot = snapshot_of(&self.aggregator, &self.wall, &self.own);
            snapshot.last = true;
            snapshot.own.extend(own);
            let snapshot = Arc::new(snapshot);
            for feed in &self.feeds {
                self.shared.push_snapshot(feed.edge, &snapshot);
            }
        }
        self.shared.close_edges();
    }
}

fn snapshot_of(
    aggregator: &Aggregator,
    wall: &Arc<dyn Fn() -> i64 + Send + Sync>,
    own: &Own,
) -> Snapshot {
    let mut snapshot = aggregator.snapshot(wall(), false);
    snapshot.own = own();
    snapshot
}

/// The next time after `now` on the grid of `interval`; times that were missed are left out.
fn following(mut next: Instant, interval: Duration, now: Instant) -> Instant {
    next = after(next, interval);
    if next <= now {
        after(now, interval)
    } else {
        next
    }
}

/// A time so far ahead that the clock cannot tell it is a year away.
fn after(now: Instant, interval: Duration) -> Instant {
    const YEAR: Duration = Duration::from_hours(365 * 24);
    now + interval.min(YEAR)
}
