//! The pieces of one load that are not settled yet, and what the books say of the points they share.

use std::collections::VecDeque;

use super::Outcome;

/// A load, or a part of one.
#[derive(Debug)]
pub(super) struct Piece<L> {
    pub(super) load: L,
    /// The points that it shares with other pieces; `None` if they are its own.
    shared: Option<usize>,
    pub(super) faults: Faults,
}

/// The same fault again and again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    /// Failures of any kind in a row.
    pub(super) failures: u32,
    /// How often the transport has changed its way for this piece.
    pub(super) again: u32,
    fault: Option<u16>,
    /// How often in a row it was this fault.
    same: u32,
    /// How many of those came after something else was taken.
    pub(super) proven: u32,
    /// The receiver's answers when they began.
    since: u64,
    /// It is known already that the receiver is well.
    pub(super) known: bool,
}

/// Points of several pieces.
#[derive(Debug)]
struct Shared {
    points: u64,
    pieces: usize,
    rejected: bool,
}

#[derive(Debug)]
pub(super) struct Hand<L> {
    pieces: VecDeque<Piece<L>>,
    shared: Vec<Shared>,
    /// Pieces so far.
    pub(super) made: usize,
    pub(super) outcome: Outcome<L>,
}

/// What the books gain from a piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Booking {
    pub(super) delivered: u64,
    pub(super) rejected: u64,
}

impl Faults {
    /// Notes a failure; `answers` is how often the receiver has answered so far. Returns whether it
    /// has answered to something else since these failures began.
    pub(super) fn note(&mut self, fault: Option<u16>, answers: u64) -> bool {
        if self.failures == 0 || self.fault != fault {
            let known = self.known;
            *self = Self {
                failures: self.failures,
                again: self.again,
                fault,
                since: answers,
                known,
                ..Self::default()
            };
        }
        self.failures = self.failures.saturating_add(1);
        let others = answers > self.since;
        if fault.is_some() {
            self.same = self.same.saturating_add(1);
            if others || self.known {
                self.proven = self.proven.saturating_add(1);
            }
        }
        others
    }

    /// Whether it is time to look for poison in a part of it: soon where it is known that there is
    /// some, later where it may be the receiver that is ill.
    pub(super) fn cut(&self) -> bool {
        self.proven >= 2 || self.same >= super::POISON
    }

    /// Whether the receiver is known to be well, so that the load is not.
    pub(super) fn is_known(&self) -> bool {
        self.known || self.proven > 0
    }

    /// Whether it is poison and nothing else.
    pub(super) fn poison(&self) -> bool {
        self.proven >= super::POISON
    }

    /// What the halves of a piece inherit.
    fn inherit(&self) -> Self {
        Self {
            known: self.is_known(),
            ..Self::default()
        }
    }
}

impl<L> Hand<L> {
    pub(super) fn new(load: L, known: bool) -> Self {
        let faults = Faults {
            known,
            ..Faults::default()
        };
        let piece = Piece {
            load,
            shared: None,
            faults,
        };
        Self {
            pieces: VecDeque::from([piece]),
            shared: Vec::new(),
            made: 1,
            outcome: Outcome::default(),
        }
    }

    pub(super) fn next(&mut self) -> Option<Piece<L>> {
        self.pieces.pop_front()
    }

    /// It goes again before the others.
    pub(super) fn again(&mut self, piece: Piece<L>) {
        self.pieces.push_front(piece);
    }

    /// It goes again after the others.
    pub(super) fn later(&mut self, piece: Piece<L>) {
        self.pieces.push_back(piece);
    }

    /// Two pieces in the place of one.
    pub(super) fn halves(&mut self, of: Halved, first: L, second: L) {
        self.made += 2;
        let shared = match of.within {
            None => of.shared,
            Some(points) => {
                let at = of.shared.unwrap_or_else(|| {
                    self.shared.push(Shared {
                        points,
                        pieces: 1,
                        rejected: false,
                    });
                    self.shared.len() - 1
                });
                self.shared[at].pieces += 1;
                Some(at)
            }
        };
        for load in [second, first] {
            let faults = of.faults;
            self.pieces.push_front(Piece {
                load,
                shared,
                faults,
            });
        }
    }

    /// The piece was taken; `points` are those it has if it shares none.
    pub(super) fn delivered(&mut self, piece: &Piece<L>, points: u64, rejected: u64) -> Booking {
        let rejected = rejected.min(points);
        match piece.shared {
            None => self.book(points - rejected, rejected),
            Some(at) => self.settle(at, rejected > 0),
        }
    }

    /// The piece will never be taken.
    pub(super) fn refused(&mut self, piece: Piece<L>, points: u64) -> Booking {
        let booking = match piece.shared {
            None => self.book(0, points),
            Some(at) => self.settle(at, true),
        };
        self.outcome.refused.push(piece.load);
        booking
    }

    fn settle(&mut self, at: usize, rejected: bool) -> Booking {
        let shared = &mut self.shared[at];
        shared.pieces -= 1;
        shared.rejected |= rejected;
        let (points, rejected) = (shared.points, shared.rejected);
        match (shared.pieces, rejected) {
            (0, false) => self.book(points, 0),
            (0, true) => self.book(0, points),
            _ => Booking::default(),
        }
    }

    fn book(&mut self, delivered: u64, rejected: u64) -> Booking {
        self.outcome.delivered += delivered;
        self.outcome.rejected += rejected;
        Booking {
            delivered,
            rejected,
        }
    }
}

/// What is known of a piece that is being cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halved {
    shared: Option<usize>,
    faults: Faults,
    within: Option<u64>,
}

impl<L> Piece<L> {
    /// The piece's load, and what its halves need to know.
    pub(super) fn open(self) -> (L, Option<usize>, Faults) {
        (self.load, self.shared, self.faults)
    }

    /// The piece again, as it was opened.
    pub(super) fn close(load: L, shared: Option<usize>, faults: Faults) -> Self {
        Self {
            load,
            shared,
            faults,
        }
    }
}

impl Halved {
    /// Of what was opened; `within` are its points if both halves share them.
    pub(super) fn new(shared: Option<usize>, faults: Faults, within: Option<u64>) -> Self {
        Self {
            shared,
            faults: faults.inherit(),
            within,
        }
    }
}
