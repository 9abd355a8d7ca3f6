//! The moments of an exchange while it runs, and how they become timings.

use crate::clock;
use crate::exchange::Timings;
use crate::stamp::Received;

/// The moments of an exchange, in nanoseconds of the monotonic clock.
#[derive(Debug, Clone)]
pub(crate) struct Marks {
    pub(crate) start: i64,
    pub(crate) looking_up: i64,
    pub(crate) connecting: i64,
    pub(crate) tls_handshaking: i64,
    /// A connection was there.
    pub(crate) connected: Option<i64>,
    /// The request was written.
    pub(crate) sent: Option<i64>,
    first: Option<i64>,
    last: i64,
    pub(crate) read_delay: i64,
    pub(crate) fallback: bool,
}

impl Marks {
    pub(crate) fn begin() -> Self {
        let start = clock::now();
        Self {
            start,
            looking_up: 0,
            connecting: 0,
            tls_handshaking: 0,
            connected: None,
            sent: None,
            first: None,
            last: start,
            read_delay: 0,
            fallback: false,
        }
    }

    /// Forgets what happened on a connection that turned out to be dead.
    pub(crate) fn retry(&mut self) {
        *self = Self {
            start: self.start,
            last: self.start,
            ..Self::begin()
        };
    }

    /// Notes a read that brought a part of the response.
    pub(crate) fn received(&mut self, received: Received) {
        let now = clock::now();
        let time = received.stamp.map(|stamp| clock::from_wall(stamp, now));
        self.received_at(time, now);
    }

    /// As [`received`](Self::received), of a read at `now` whose stamp became `time`.
    pub(crate) fn received_at(&mut self, time: Option<i64>, now: i64) {
        let earliest = self.first.or(self.connected).unwrap_or(self.start);
        let time = match time {
            Some(time) if (earliest..=now).contains(&time) => time,
            _ => {
                self.fallback = true;
                now
            }
        };
        if self.first.is_none() {
            self.first = Some(time);
            self.read_delay = now - time;
        }
        self.last = time;
    }

    /// Whether not a byte of a response has come.
    pub(crate) fn nothing_received(&self) -> bool {
        self.first.is_none()
    }

    /// When an exchange that came to its end ended.
    pub(crate) fn end(&self) -> i64 {
        self.last
    }

    /// The timings of an exchange that ended at `end`.
    pub(crate) fn timings(&self, end: i64) -> Timings {
        let mut timings = Timings {
            blocked: (self.connected.unwrap_or(end) - self.start).max(0),
            looking_up: self.looking_up,
            connecting: self.connecting,
            tls_handshaking: self.tls_handshaking,
            ..Timings::default()
        };
        let Some(connected) = self.connected else {
            return timings;
        };
        // We may be pre-empted inside the write, and then the response is there before it returns.
        let first = self.first.unwrap_or(end).max(connected);
        let sent = self.sent.unwrap_or(first).clamp(connected, first);
        timings.sending = sent - connected;
        timings.waiting = first - sent;
        timings.receiving = (end - first).max(0);
        timings
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_write_that_returns_after_the_response_came_ends_when_it_came() {
        let mut marks = Marks::begin();
        let start = marks.start;
        marks.connected = Some(start + 10);
        marks.sent = Some(start + 500);
        marks.received_at(Some(start + 60), start + 600);
        let timings = marks.timings(marks.end());
        assert_eq!(
            (timings.sending, timings.waiting, timings.receiving),
            (50, 0, 0)
        );
        assert_eq!((marks.read_delay, marks.fallback), (540, false));
    }

    #[test]
    fn a_stamp_outside_the_exchange_is_replaced_and_said_so() {
        for odd in [-1, 601] {
            let mut marks = Marks::begin();
            let start = marks.start;
            marks.connected = Some(start);
            marks.sent = Some(start + 5);
            marks.received_at(Some(start + odd), start + 600);
            assert!(marks.fallback);
            assert_eq!(marks.timings(marks.end()).waiting, 595);
        }
    }

    proptest! {
        #[test]
        fn timings_are_never_negative_and_add_up(
            connected in 0..1_000i64, sent in 0..2_000i64,
            reads in proptest::collection::vec((proptest::option::of(-500..3_000i64), 0..3_000i64), 1..5),
        ) {
            let mut marks = Marks::begin();
            let start = marks.start;
            marks.connected = Some(start + connected);
            marks.sent = Some(start + connected + sent);
            let mut now = start + connected;
            for (stamp, step) in reads {
                now += step;
                marks.received_at(stamp.map(|stamp| start + stamp), now);
            }
            let timings = marks.timings(marks.end());
            for part in [timings.blocked, timings.sending, timings.waiting, timings.receiving] {
                prop_assert!(part >= 0);
            }
            prop_assert_eq!(timings.duration(), marks.end() - start - connected);
        }
    }
}
