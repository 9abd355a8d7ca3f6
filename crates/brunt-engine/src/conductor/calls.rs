//! What the conductor asks of workers and waits for, never without a limit.

use std::time::Duration;

use crate::mailbox::Message;
use crate::outcome::CallError;
use crate::vu::{Call, Outcome, SetupData};
use crate::worker::Event;

use super::{Conductor, WORKER_GRACE, Wake};

impl Conductor {
    /// Runs a call in a VU of its own. An interrupt ends it unless it is `shielded`; a kill always
    /// does. The time-out counts from when the script is evaluated.
    pub(super) async fn call(
        &mut self,
        call: Call,
        timeout: Duration,
        shielded: bool,
    ) -> Result<SetupData, CallError> {
        let worker = self
            .lost
            .iter()
            .position(|lost| !lost)
            .ok_or(CallError::NoWorker)?;
        self.calls += 1;
        let id = self.calls;
        self.common.mailboxes[worker].send(Message::Call { id, call });
        let mut deadline = None;
        // Why it is being interrupted.
        let mut stopped: Option<CallError> = None;
        loop {
            if self.control.is_killed() {
                self.common.mailboxes[worker].send(Message::InterruptCall(id));
                return Err(CallError::Interrupted);
            }
            if self.control.is_interrupted() && !shielded && stopped.is_none() {
                stopped = Some(CallError::Interrupted);
                deadline = Some(self.interrupt_call(worker, id));
            }
            let left = deadline.map(|at: i64| {
                Duration::from_nanos(at.saturating_sub(self.time.now()).max(0) as u64)
            });
            match self.wake(left).await {
                Wake::Event(_, Event::CallBegins(begun)) if begun == id && stopped.is_none() => {
                    deadline = Some(self.in_future(timeout));
                }
                Wake::Event(_, Event::CallOver(over, outcome)) if over == id => {
                    return match outcome {
                        _ if stopped.is_some() => Err(stopped.unwrap_or(CallError::Interrupted)),
                        Some(Outcome::Completed(value)) => Ok(value),
                        Some(Outcome::Failed(text)) => Err(CallError::Failed(text)),
                        Some(Outcome::Aborted(message)) => Err(CallError::Aborted(message)),
                        Some(Outcome::Interrupted) | None => Err(CallError::Interrupted),
                    };
                }
                Wake::Event(died, Event::Died) if died == worker => {
                    return Err(CallError::Failed(format!("worker {worker} crashed")));
                }
                Wake::Event(worker, event @ (Event::ScenariosOver | Event::Aborted(_))) => {
                    self.deferred.push_back((worker, event));
                }
                Wake::Event(..) | Wake::Control | Wake::Command(_) => {}
                Wake::Timeout => match stopped.take() {
                    None => {
                        stopped = Some(CallError::TimedOut(timeout));
                        deadline = Some(self.interrupt_call(worker, id));
                    }
                    Some(error) => {
                        self.lost[worker] = true;
                        self.report_lost(worker);
                        return Err(error);
                    }
                },
            }
        }
    }

    /// Interrupts a call; gives the time by which its worker must have answered.
    fn interrupt_call(&self, worker: usize, id: u64) -> i64 {
        self.common.mailboxes[worker].send(Message::InterruptCall(id));
        self.in_future(self.config.interrupt_grace.saturating_add(WORKER_GRACE))
    }

    /// Sends all workers that answer a message and waits for their answers, for a while.
    pub(super) async fn ask_all(
        &mut self,
        message: impl Fn() -> Message,
        is_answer: impl Fn(&Event) -> bool,
        patience: Duration,
    ) -> Vec<bool> {
        let mut answered = vec![false; self.lost.len()];
        for (mailbox, lost) in self.common.mailboxes.iter().zip(&self.lost) {
            if !lost {
                mailbox.send(message());
            }
        }
        let until = self.in_future(patience);
        loop {
            if answered
                .iter()
                .zip(&self.lost)
                .all(|(answered, lost)| *answered || *lost)
            {
                return answered;
            }
            let left = until.saturating_sub(self.time.now()).max(0) as u64;
            match self.wake(Some(Duration::from_nanos(left))).await {
                Wake::Event(worker, event) if is_answer(&event) => answered[worker] = true,
                Wake::Event(..) | Wake::Control | Wake::Command(_) => {}
                Wake::Timeout => {
                    for (lost, answered) in self.lost.iter_mut().zip(&answered) {
                        *lost |= !answered;
                    }
                }
            }
        }
    }
}
