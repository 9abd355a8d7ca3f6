//! A thread of its own for an output that computes or writes much.
//!
//! Encoding columns and writing files block, and the control runtime must not; a thread that falls
//! behind fills a short queue, then the edge, where what is given up is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use brunt_metrics::SampleBatch;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use crate::edge::{Inbox, Item};
use crate::output::{OutputContext, OutputError, OutputReport};

/// Batches that may wait for the thread: few, so that the edge feels how fast it is.
const QUEUE: usize = 4;

/// How often [`Work::tick`] is called, unless the work says else.
const TICK: Duration = Duration::from_millis(250);

/// What a clock can do without being the work itself.
const SHORTEST_TICK: Duration = Duration::from_millis(1);

/// What is done on the thread. The first error ends it.
pub trait Work: Send + 'static {
    /// Takes samples.
    fn samples(&mut self, batch: &SampleBatch) -> Result<(), OutputError>;

    /// Called so often, if nothing else is being done.
    fn tick(&mut self) -> Result<(), OutputError>;

    /// How often [`Self::tick`] is called.
    fn tick_every(&self) -> Duration {
        TICK
    }

    /// Called after the last samples. Returns sentences for the user.
    fn finish(self) -> Result<Vec<String>, OutputError>;
}

enum Message {
    Samples(Arc<SampleBatch>),
    Tick,
}

/// Runs the work on a thread of this name until the inbox is closed and all of it is done, or the
/// time to drain is over: then the thread is left behind, and `target` is named in the report.
pub async fn run(
    name: &str,
    target: &str,
    work: impl Work,
    mut inbox: Inbox,
    context: &OutputContext,
) -> Result<OutputReport, OutputError> {
    let (messages, incoming) = mpsc::channel(QUEUE);
    let tick = work.tick_every().max(SHORTEST_TICK);
    let (report, mut done) = oneshot::channel();
    let left = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&left);
    let body = move || {
        // Nobody listens any more once the thread has been left behind.
        let _ = report.send(on_thread(work, incoming, &stop));
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| OutputError::Other(format!("cannot start a thread: {error}")))?;
    let mut closing = inbox.closing();
    let deadline = async {
        closing.wait().await;
        context.drain.over().await;
    };
    let all = async {
        pass_on(&mut inbox, messages, tick).await;
        (&mut done).await
    };
    let notes = tokio::select! {
        ended = all => match ended {
            Ok(ended) => ended?,
            Err(_) => return Err(OutputError::Other("its thread ended without a word".to_owned())),
        },
        () = deadline => {
            left.store(true, Ordering::Relaxed);
            vec![format!(
                "{target} was not written to its end: what reads it, or the disk below it, is too slow or hangs"
            )]
        }
    };
    Ok(OutputReport { notes })
}

/// Until the inbox is closed or the thread has ended.
async fn pass_on(inbox: &mut Inbox, messages: mpsc::Sender<Message>, tick: Duration) {
    let mut ticks = interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            item = inbox.next() => match item {
                Some(Item::Samples(batch)) => {
                    if messages.send(Message::Samples(batch)).await.is_err() {
                        return;
                    }
                }
                // Only samples were asked for.
                Some(_) => {}
                None => return,
            },
            _ = ticks.tick() => {
                // A thread that has work to do looks at the clock itself.
                let _ = messages.try_send(Message::Tick);
            }
            () = messages.closed() => return,
        }
    }
}

fn on_thread(
    mut work: impl Work,
    mut incoming: mpsc::Receiver<Message>,
    left: &AtomicBool,
) -> Result<Vec<String>, OutputError> {
    while let Some(message) = incoming.blocking_recv() {
        if left.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        match message {
            Message::Samples(batch) => work.samples(&batch)?,
            Message::Tick => work.tick()?,
        }
    }
    if left.load(Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    work.finish()
}

#[cfg(test)]
mod tests {
    use brunt_metrics::SeriesId;

    use super::*;
    use crate::account::Account;
    use crate::edge::edge;
    use crate::kit::Fixture;

    struct Count {
        account: Account,
        fails_at: u64,
        /// Held by a test that wants the thread to wait.
        gate: Option<std::sync::mpsc::Receiver<()>>,
    }

    impl Work for Count {
        fn samples(&mut self, batch: &SampleBatch) -> Result<(), OutputError> {
            if let Some(gate) = &self.gate {
                let _ = gate.recv();
            }
            if self.account.counts().delivered + batch.samples.len() as u64 > self.fails_at {
                return Err(OutputError::Other("full".to_owned()));
            }
            self.account.delivered(batch.samples.len() as u64);
            Ok(())
        }

        fn tick(&mut self) -> Result<(), OutputError> {
            Ok(())
        }

        fn finish(self) -> Result<Vec<String>, OutputError> {
            Ok(vec!["done".to_owned()])
        }
    }

    async fn counted(
        fails_at: u64,
        gate: Option<std::sync::mpsc::Receiver<()>>,
        drain: Duration,
    ) -> (Result<OutputReport, OutputError>, Account) {
        let fixture = Fixture::new().with_drain_timeout(drain);
        let account = Account::default();
        let (sender, inbox) = edge(usize::MAX, account.clone());
        for _ in 0..10 {
            let batch = fixture.batch(&[(SeriesId(0), 0, 0.0); 3]);
            sender.push(Item::Samples(Arc::new(batch)));
        }
        sender.close();
        let work = Count {
            account: account.clone(),
            fails_at,
            gate,
        };
        let report = run("brunt-test", "x", work, inbox, fixture.context()).await;
        account.close();
        (report, account)
    }

    #[tokio::test]
    async fn everything_is_worked_off_before_the_end() {
        let (report, account) = counted(u64::MAX, None, Duration::from_secs(10)).await;
        assert_eq!(report.unwrap().notes, ["done"]);
        assert_eq!(account.counts().delivered, 30);
    }

    #[tokio::test]
    async fn an_error_ends_it_and_the_rest_is_dropped() {
        let (report, account) = counted(10, None, Duration::from_secs(10)).await;
        assert_eq!(report.unwrap_err().to_string(), "full");
        let counts = account.counts();
        assert_eq!((counts.delivered, counts.dropped), (9, 21));
    }

    #[tokio::test(start_paused = true)]
    async fn a_thread_that_hangs_is_left_behind() {
        let (open, gate) = std::sync::mpsc::channel();
        let (report, account) = counted(u64::MAX, Some(gate), Duration::from_secs(10)).await;
        assert!(report.unwrap().notes[0].contains("not written to its end"));
        assert_eq!(account.counts().dropped, 30);
        drop(open);
    }
}
