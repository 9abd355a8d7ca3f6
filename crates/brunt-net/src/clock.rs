//! The clock of all times in this crate, and how the kernel's wall-clock stamps get onto it.

use std::cell::Cell;

use crate::stamp;

/// A pair of readings serves for this long. The wall clock is slewed by at most 500 ppm, which in
/// this time is half a microsecond.
const PAIR_LIFE: i64 = 1_000_000;

/// A pair whose readings lie further apart was torn by a pre-emption and is taken again.
const PAIR_WIDTH: i64 = 2_000;

thread_local! {
    /// Wall clock minus monotonic clock, and when that was found.
    static PAIR: Cell<(i64, i64)> = const { Cell::new((0, i64::MIN)) };
}

/// `CLOCK_MONOTONIC` in nanoseconds.
pub fn now() -> i64 {
    stamp::monotonic()
}

/// Puts a wall-clock stamp onto the monotonic clock. `now` is a fresh reading of [`now`].
pub(crate) fn from_wall(stamp: i64, now: i64) -> i64 {
    let (offset, taken) = PAIR.get();
    let offset = if now.saturating_sub(taken) < PAIR_LIFE {
        offset
    } else {
        let offset = pair();
        PAIR.set((offset, now));
        offset
    };
    stamp.saturating_sub(offset)
}

fn pair() -> i64 {
    let mut best = (i64::MAX, 0);
    for _ in 0..4 {
        let before = stamp::monotonic();
        let wall = stamp::realtime();
        let width = stamp::monotonic() - before;
        if width < best.0 {
            best = (width, wall - before - width / 2);
        }
        if width <= PAIR_WIDTH {
            break;
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_reading_lands_between_the_monotonic_ones_around_it() {
        // A pre-emption or a slew may tear one attempt, not all of them.
        let fits = (0..100).any(|_| {
            let before = now();
            let wall = stamp::realtime();
            let after = now();
            (before - 1_000..=after + 1_000).contains(&from_wall(wall, after))
        });
        assert!(fits);
    }
}
