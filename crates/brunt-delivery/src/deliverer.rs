//! Sends the loads of one snapshot until the fate of each is known.

mod hand;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brunt_output::Account;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backoff::Backoff;
use crate::transport::{Sent, Split, Transport, Verdict};
use hand::{Booking, Halved, Hand, Piece};

/// From this many same faults in a row on a load may be poisoned.
const POISON: u32 = 5;

/// A transport that finds no way at all is no reason to try for ever.
const MOST_CHANGES: u32 = 3;

/// Delivers loads, one after the other or some at the same time, and keeps the books.
///
/// # Which answer means what
///
/// - No answer, 429 or 5xx ([`Verdict::Retry`]): again, for ever, with growing random waits and at
///   least the wait that the receiver asked for. The caller drops the delivery at its deadline.
/// - A refusal that may concern a part ([`Verdict::Reject`] with `split`): in two halves, and so on
///   until only what is refused is left out, with at most [`Self::MOST_PIECES`] pieces.
/// - The same fault five times: the load may be poisoned (some receivers answer 500 to what they
///   will never take). Cutting it in two does no harm, so it is cut; whether it is the load or the
///   receiver shows as soon as something else is taken meanwhile. Only then, and after five more
///   faults of what cannot be cut any further, is it given up as rejected.
pub struct Deliverer<T> {
    transport: T,
    account: Account,
    backoff: Box<dyn Fn() -> Backoff + Send + Sync>,
    concurrency: usize,
    /// How often the receiver has taken or refused something: it was there.
    answers: AtomicU64,
    attempts: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The receiver wants to be left alone until then.
    rest: Option<Instant>,
    last_trouble: Option<String>,
}

/// What became of some loads, in points.
#[derive(Debug)]
pub struct Outcome<L> {
    /// The receiver took them.
    pub delivered: u64,
    /// The receiver will never take them.
    pub rejected: u64,
    /// The loads, or pieces of loads, that were refused.
    pub refused: Vec<L>,
}

impl<L> Default for Outcome<L> {
    fn default() -> Self {
        Self {
            delivered: 0,
            rejected: 0,
            refused: Vec::new(),
        }
    }
}

impl<L> Outcome<L> {
    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.refused.extend(other.refused);
    }
}

impl<T: Transport> Deliverer<T> {
    /// No receiver may put off a generator for longer than this.
    pub const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

    /// From how many failures of one load in a row on it is an outage: one may be a hiccup, and
    /// nobody wants to read of each.
    pub const OUTAGE: u32 = 2;

    /// How many pieces of one load are sent at most. A few bad series in a large load are found by
    /// halving; a load that is bad all over must not become thousands of requests.
    pub const MOST_PIECES: usize = 128;

    /// One load at a time, with the default waits; verdicts go into these books.
    pub fn new(transport: T, account: Account) -> Self {
        Self {
            transport,
            account,
            backoff: Box::new(Backoff::default),
            concurrency: 1,
            answers: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// The same with up to this many loads under way at a time.
    #[must_use]
    pub fn concurrent(mut self, loads: usize) -> Self {
        self.concurrency = loads.max(1);
        self
    }

    /// The same with other waits between attempts.
    #[must_use]
    pub fn waiting(mut self, backoff: impl Fn() -> Backoff + Send + Sync + 'static) -> Self {
        self.backoff = Box::new(backoff);
        self
    }

    /// The way to the receiver.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Sends so far, retries included.
    pub fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// The newest reason why something had to be sent again.
    pub fn last_trouble(&self) -> Option<String> {
        self.state().last_trouble.clone()
    }

    /// Delivers until each load is settled; that can take for ever. The loads are taken from the
    /// iterator as their turn comes, so that only those under way need memory. Dropping the future
    /// gives up what is under way; everything settled before is in the books.
    pub async fn deliver<I>(&self, loads: I) -> Outcome<T::Load>
    where
        I: IntoIterator<Item = T::Load>,
    {
        let mut loads = loads.into_iter();
        let mut under_way = FuturesUnordered::new();
        let mut outcome = Outcome::default();
        loop {
            while under_way.len() < self.concurrency
                && let Some(load) = loads.next()
            {
                under_way.push(self.settle(load));
            }
            match under_way.next().await {
                Some(one) => outcome.add(one),
                None => return outcome,
            }
        }
    }

    /// One load, and what becomes of it.
    async fn settle(&self, load: T::Load) -> Outcome<T::Load> {
        let suspect = self.transport.suspect(&load);
        let mut hand = Hand::new(load, suspect);
        let mut backoff = (self.backoff)();
        while let Some(mut piece) = hand.next() {
            self.rest().await;
            let points = self.transport.points(&piece.load);
            let Sent { bytes, verdict } = self.transport.send(&piece.load).await;
            self.attempts.fetch_add(1, Ordering::Relaxed);
            self.account.wrote(bytes);
            match verdict {
                Verdict::Again if piece.faults.again < MOST_CHANGES => {
                    piece.faults.again += 1;
                    hand.again(piece);
                }
                Verdict::Again => {
                    let reason = "the receiver takes none of the ways to send".to_owned();
                    self.answered(&mut backoff);
                    self.refuse(&mut hand, piece, points, &reason);
                }
                Verdict::Delivered => {
                    self.answered(&mut backoff);
                    let booking = hand.delivered(&piece, points, 0);
                    self.book(&booking, "");
                }
                Verdict::Partly { rejected, reason } => {
                    self.answered(&mut backoff);
                    let booking = hand.delivered(&piece, points, rejected);
                    self.book(&booking, &reason);
                }
                Verdict::Reject { reason, split } => {
                    self.answered(&mut backoff);
                    if let Some(piece) = self.cut(&mut hand, piece, split) {
                        self.refuse(&mut hand, piece, points, &reason);
                    }
                }
                Verdict::Retry {
                    after,
                    reason,
                    fault,
                } => {
                    self.account.retried();
                    let others = piece.faults.note(fault, self.answers());
                    let faults = piece.faults;
                    if !others && !faults.known && faults.failures >= Self::OUTAGE {
                        self.account.failing(&reason);
                    }
                    self.state().last_trouble = Some(reason.clone());
                    self.wish(after);
                    match self.cut(&mut hand, piece, faults.cut()) {
                        // The receiver is well, so there is no reason to spare it.
                        None if faults.is_known() => backoff.reset(),
                        None => {}
                        Some(piece) if faults.poison() => {
                            self.refuse(&mut hand, piece, points, &reason);
                            continue;
                        }
                        // The others may show that the receiver is well.
                        Some(piece) if hand.made > 1 => hand.later(piece),
                        Some(piece) => hand.again(piece),
                    }
                    self.rest().await;
                    sleep(backoff.next_wait()).await;
                }
            }
        }
        hand.outcome
    }

    /// Cuts a piece in two, if that is wanted and possible; gives it back if not.
    fn cut(
        &self,
        hand: &mut Hand<T::Load>,
        piece: Piece<T::Load>,
        wanted: bool,
    ) -> Option<Piece<T::Load>> {
        if !wanted || hand.made >= Self::MOST_PIECES {
            return Some(piece);
        }
        let points = self.transport.points(&piece.load);
        let (load, shared, faults) = piece.open();
        match self.transport.split(load) {
            Split::Whole(load) => Some(Piece::close(load, shared, faults)),
            Split::Apart(first, second) => {
                hand.halves(Halved::new(shared, faults, None), first, second);
                None
            }
            Split::Within(first, second) => {
                hand.halves(Halved::new(shared, faults, Some(points)), first, second);
                None
            }
        }
    }

    fn refuse(&self, hand: &mut Hand<T::Load>, piece: Piece<T::Load>, points: u64, reason: &str) {
        let booking = hand.refused(piece, points);
        self.book(&booking, reason);
        if booking.rejected == 0 {
            // What has no points, such as the end of a series, has no place in the books.
            self.account.noted(reason);
        }
    }

    fn book(&self, booking: &Booking, reason: &str) {
        if booking.delivered > 0 {
            self.account.delivered(booking.delivered);
        }
        if booking.rejected > 0 {
            self.account.rejected(booking.rejected, reason);
        }
    }

    /// The receiver is there.
    fn answered(&self, backoff: &mut Backoff) {
        backoff.reset();
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.account.well();
    }

    fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Notes when the receiver wants to be asked again. It is a lower bound for all loads; the
    /// random wait on top keeps generators apart.
    fn wish(&self, after: Option<Duration>) {
        let Some(after) = after else { return };
        let until = Instant::now() + after.min(Self::LONGEST_RETRY_AFTER);
        let mut state = self.state();
        state.rest = Some(state.rest.map_or(until, |known| known.max(until)));
    }

    /// Waits as long as the receiver wished.
    async fn rest(&self) {
        loop {
            let until = self.state().rest;
            match until {
                Some(until) if until > Instant::now() => sleep_until(until).await,
                _ => return,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: fmt::Debug> fmt::Debug for Deliverer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliverer")
            .field("transport", &self.transport)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
