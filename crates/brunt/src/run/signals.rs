//! SIGINT and SIGTERM from the first moment of a run to its last: the first one ends the test, the
//! second one ends everything at once.
//!
//! One listener for all phases of a run, because a signal can come in any of them; each phase asks
//! for what it needs to know.

use std::time::Duration;

use brunt_engine::{Control, Reason};
use brunt_output::Drain;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::exit::{Exit, Failure};

/// How long outputs get to put away what they hold after the second signal.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// The part of the shutdown budget that is kept for the outputs, at most.
const OUTPUTS_SHARE: Duration = Duration::from_secs(5);

/// The signals that came so far.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    count: u32,
    /// When a process that was told to terminate has to be gone.
    terminate_by: Option<Instant>,
}

/// Listens to signals until it is dropped.
#[derive(Debug)]
pub(crate) struct Signals {
    seen: watch::Receiver<Seen>,
    budget: Duration,
    listener: tokio::task::JoinHandle<()>,
}

impl Signals {
    /// From here on no signal ends the process by itself. `budget` is the time from SIGTERM to the
    /// end of the process.
    pub(crate) fn listen(budget: Duration) -> Result<Self, Failure> {
        let wrong = |error| Failure::new(Exit::Usage, format!("cannot listen to signals: {error}"));
        let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
        let (sender, seen) = watch::channel(Seen::default());
        let listener = tokio::spawn(async move {
            loop {
                let terminated = tokio::select! {
                    got = interrupt.recv() => got.map(|()| false),
                    got = terminate.recv() => got.map(|()| true),
                };
                let Some(terminated) = terminated else { return };
                sender.send_modify(|seen| {
                    seen.count += 1;
                    if terminated {
                        let by = Instant::now() + budget;
                        seen.terminate_by = Some(seen.terminate_by.map_or(by, |old| old.min(by)));
                    }
                });
            }
        });
        Ok(Self {
            seen,
            budget,
            listener,
        })
    }

    /// Returns once there was a signal. Cancel-safe.
    pub(crate) async fn first(&self) {
        self.until(|seen| seen.count >= 1).await;
    }

    /// Whether somebody is in a hurry: there were two signals.
    pub(crate) fn hurried(&self) -> bool {
        self.seen.borrow().count >= 2
    }

    /// Ends the test as signals want it. Never returns; to be dropped with the test.
    pub(crate) async fn end_test(&self, control: &Control) {
        self.first().await;
        control.interrupt(Reason::Signal);
        let out_of_time = async {
            let by = self.terminate_by().await;
            // teardown() must leave the outputs some time.
            tokio::time::sleep_until(by - OUTPUTS_SHARE.min(self.budget / 3)).await;
        };
        tokio::select! {
            () = self.until(|seen| seen.count >= 2) => {}
            () = out_of_time => {}
        }
        control.kill();
        std::future::pending::<()>().await;
    }

    /// Shortens the outputs' time as signals want it. Never returns; to be dropped with the drain.
    pub(crate) async fn shorten(&self, drain: &Drain) {
        let terminated = async { drain.end_by(self.terminate_by().await) };
        let hurried = async {
            self.until(|seen| seen.count >= 2).await;
            drain.end_by(Instant::now() + LAST_MOMENT);
        };
        tokio::join!(terminated, hurried);
        std::future::pending::<()>().await;
    }

    async fn terminate_by(&self) -> Instant {
        let mut seen = self.seen.clone();
        let reached = seen.wait_for(|seen| seen.terminate_by.is_some()).await;
        let by = reached.ok().and_then(|seen| seen.terminate_by);
        match by {
            Some(by) => by,
            None => std::future::pending().await,
        }
    }

    async fn until(&self, reached: impl FnMut(&Seen) -> bool) {
        let mut seen = self.seen.clone();
        if seen.wait_for(reached).await.is_err() {
            // Nobody listens any more, so nothing can come.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
