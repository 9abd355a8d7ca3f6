//! What a protocol has to say for itself: how a load is sent, what an answer means, how a load is
//! cut.

use std::future::Future;
use std::time::Duration;

/// What the receiver made of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It took all of it.
    Delivered,
    /// It took it, but for this many points.
    Partly {
        /// Points that it will never take.
        rejected: u64,
        /// The receiver's answer, for the user.
        reason: String,
    },
    /// The transport has learnt to send in another way: the same load goes again at once.
    Again,
    /// It could not be asked, or cannot take it now: the same load goes again after a wait.
    Retry {
        /// The receiver's own wish for the wait (`Retry-After`).
        after: Option<Duration>,
        /// What happened, for the user.
        reason: String,
        /// An answer that may be the load's own fault although it sounds like the receiver's, as a
        /// status of 500 does: the same one again and again, while other loads pass, means that the
        /// load is poisoned. `None` where the load cannot be to blame.
        fault: Option<u16>,
    },
    /// It will never take it.
    Reject {
        /// The receiver's answer, for the user.
        reason: String,
        /// Whether a part of it may be all right, so that it is worth sending in two halves.
        split: bool,
    },
}

/// What an attempt to send came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// How many bytes went out.
    pub bytes: u64,
    /// What the receiver made of them.
    pub verdict: Verdict,
}

/// A load in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split<L> {
    /// It cannot be cut.
    Whole(L),
    /// Each half has points of its own.
    Apart(L, L),
    /// Both halves are parts of the same points, as the series of one metric are: a point is
    /// delivered only if both are.
    Within(L, L),
}

/// The way to a receiver. Several loads may be under way at the same time.
pub trait Transport: Sync {
    /// What goes into one request. Different loads of one delivery hold different series, so that
    /// their order does not matter.
    type Load: Send + Sync;

    /// Sends a load once. A time limit is the transport's own affair.
    fn send(&self, load: &Self::Load) -> impl Future<Output = Sent> + Send;

    /// How many points a load holds, for the books. The halves of [`Split::Within`] are not asked.
    fn points(&self, load: &Self::Load) -> u64;

    /// Cuts a load in two.
    fn split(&self, load: Self::Load) -> Split<Self::Load> {
        Split::Whole(load)
    }

    /// Whether the receiver refused what is in the load before, so that it need not be shown again
    /// that the receiver is well and the load is not.
    fn suspect(&self, load: &Self::Load) -> bool {
        let _ = load;
        false
    }
}
