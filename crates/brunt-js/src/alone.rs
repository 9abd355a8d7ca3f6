//! Running one virtual user without an engine: for the first init pass, and for tests.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use brunt_engine::{Call, Outcome, Step, Vu};

/// How often a deadline is looked at; precision matters to nobody here.
const TICK: Duration = Duration::from_millis(1);

/// Runs one call to its end. Needs a tokio runtime with timers.
pub async fn run_alone(vu: &mut dyn Vu, call: Call) -> Outcome {
    vu.begin(call);
    loop {
        match vu.resume() {
            Step::Done(outcome) => return outcome,
            Step::Yielded => tokio::task::yield_now().await,
            Step::Waiting => wait(vu).await,
        }
    }
}

async fn wait(vu: &mut dyn Vu) {
    loop {
        let ready = poll_fn(|cx| Poll::Ready(vu.poll_wait(cx).is_ready())).await;
        if ready {
            return;
        }
        if vu.deadline().is_none() {
            return poll_fn(|cx| vu.poll_wait(cx)).await;
        }
        let tick = tokio::time::sleep(TICK);
        tokio::pin!(tick);
        let woken = poll_fn(|cx| match vu.poll_wait(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => tick.as_mut().poll(cx).map(|()| false),
        });
        if woken.await {
            return;
        }
    }
}
