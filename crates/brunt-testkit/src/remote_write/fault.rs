//! Faults that the receiver plays, so that a sender's retries are ordinary tests.

use std::collections::VecDeque;
use std::time::Duration;

/// What happens to a request instead of the usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers this status without storing anything.
    Status {
        /// The HTTP status.
        code: u16,
        /// `Retry-After` in seconds.
        retry_after: Option<u64>,
        /// The body, as a receiver would explain itself.
        body: String,
    },
    /// Waits, then goes on as usual. A sender that gives up meanwhile has sent nothing.
    Stall(Duration),
    /// Closes the connection without an answer; nothing is stored.
    Close,
    /// Stores the request, then closes the connection without an answer. The sender must send it
    /// again, and that repetition (same times, same values) is not held against it.
    CloseAfterStore,
}

impl Fault {
    /// A bare status.
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            retry_after: None,
            body: format!("injected {code}\n"),
        }
    }

    /// A status with `Retry-After`.
    pub fn retry_after(code: u16, seconds: u64) -> Self {
        let body = format!("injected {code}\n");
        Self::Status {
            code,
            retry_after: Some(seconds),
            body,
        }
    }
}

/// Faults to come, in order.
#[derive(Debug, Default)]
pub(super) struct Faults {
    queue: VecDeque<(Fault, u64)>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault, requests: u64) {
        if requests > 0 {
            self.queue.push_back((fault, requests));
        }
    }

    pub(super) fn next(&mut self) -> Option<Fault> {
        let (fault, left) = self.queue.front_mut()?;
        let fault = fault.clone();
        *left -= 1;
        if *left == 0 {
            self.queue.pop_front();
        }
        Some(fault)
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(super) fn left(&self) -> u64 {
        self.queue.iter().map(|(_, left)| left).sum()
    }
}
