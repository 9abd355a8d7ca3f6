//! The production clock: `CLOCK_MONOTONIC` with an alarm by timerfd.
//!
//! Not tokio's timer: its wheel turns once a millisecond, which is several starts late at 6 000
//! starts per second. The timer is a file descriptor in the worker's own epoll set, so an alarm
//! costs one system call, and none as long as the timer that is already armed serves.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::clock::Clock;
use crate::time::TimeSource;

/// Nanoseconds from one alarm to the next, at least: what is due sooner waits that long and is served
/// by one wake-up. It caps what waking up costs at 5 000 times per second and worker; below
/// that rate every alarm is on time.
pub const ALARM_SLACK: i64 = 200_000;

const NANOS: i64 = 1_000_000_000;

/// `CLOCK_MONOTONIC`, with the wall clock as it stood when this was made.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicTime {
    /// Wall clock minus monotonic clock, in nanoseconds.
    offset: i64,
}

/// One worker's view of [`MonotonicTime`], with its alarm.
#[derive(Debug)]
pub struct MonotonicClock {
    time: MonotonicTime,
    timer: AsyncFd<OwnedFd>,
    /// When the timer rings, or rang last.
    armed: i64,
    /// When an alarm was last found due.
    rang: i64,
}

impl Default for MonotonicTime {
    fn default() -> Self {
        Self::new()
    }
}

impl MonotonicTime {
    /// Reads the wall clock, once and for all.
    pub fn new() -> Self {
        // A pre-emption between the readings would shift all times: take the narrowest pair.
        let (_, offset) = (0..5)
            .map(|_| {
                let before = read(ClockId::Monotonic);
                let wall = read(ClockId::Realtime);
                let after = read(ClockId::Monotonic);
                (after - before, wall - (before + (after - before) / 2))
            })
            .min()
            .unwrap_or_default();
        Self { offset }
    }

    /// Nanoseconds since the Unix epoch at a monotonic time.
    pub fn wall(&self, monotonic: i64) -> i64 {
        monotonic.saturating_add(self.offset)
    }

    /// A clock; its alarm belongs to the tokio runtime that this is called in.
    pub fn monotonic_clock(&self) -> io::Result<MonotonicClock> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        // The other constructor is unsafe: it wants the descriptor to stay the same and open. An
        // `OwnedFd` that nobody takes out does.
        #[allow(deprecated)]
        let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
        Ok(MonotonicClock {
            time: *self,
            timer,
            armed: 0,
            rang: 0,
        })
    }
}

impl TimeSource for MonotonicTime {
    fn now(&self) -> i64 {
        read(ClockId::Monotonic)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn clock(&self) -> io::Result<Rc<RefCell<dyn Clock>>> {
        Ok(Rc::new(RefCell::new(self.monotonic_clock()?)))
    }
}

impl MonotonicClock {
    fn arm(&mut self, at: i64) {
        let value = Timespec {
            tv_sec: at.div_euclid(NANOS),
            tv_nsec: at.rem_euclid(NANOS),
        };
        let never = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let spec = Itimerspec {
            it_interval: never,
            it_value: value,
        };
        // It fails on invalid arguments only, which these are not.
        let _ = timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::ABSTIME, &spec);
        self.armed = at;
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> i64 {
        read(ClockId::Monotonic)
    }

    fn poll_alarm(&mut self, at: i64, cx: &mut Context<'_>) -> Poll<()> {
        let ring = at.max(self.rang.saturating_add(ALARM_SLACK));
        loop {
            let now = self.now();
            if now >= at {
                self.rang = now;
                return Poll::Ready(());
            }
            // A timer that rings sooner stays: a spurious wake-up is cheaper than the system call.
            if self.armed <= now || self.armed > ring {
                self.arm(ring);
            }
            // No read: epoll reports each expiry by its edge, and arming resets the timer's count.
            match self.timer.poll_read_ready(cx) {
                Poll::Ready(Ok(mut guard)) => guard.clear_ready(),
                // Only when the runtime shuts down.
                Poll::Ready(Err(_)) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn wall(&self, monotonic: i64) -> i64 {
        self.time.wall(monotonic)
    }
}

fn read(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec * NANOS + time.tv_nsec
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn ring(clock: &mut MonotonicClock, at: i64) {
        poll_fn(|cx| clock.poll_alarm(at, cx)).await;
    }

    #[tokio::test]
    async fn an_alarm_never_rings_early_and_rings_again() {
        let mut clock = MonotonicTime::new().monotonic_clock().unwrap();
        for nanos in [0, 1, 100_000, 1_000_000, 3_000_000, 200_000] {
            let at = clock.now() + nanos;
            ring(&mut clock, at).await;
            assert!(clock.now() >= at);
        }
    }

    #[tokio::test]
    async fn an_alarm_may_be_brought_forward_and_put_off() {
        let mut clock = MonotonicTime::new().monotonic_clock().unwrap();
        let begin = clock.now();
        let never = begin + 3_600 * NANOS;
        poll_fn(|cx| {
            assert!(clock.poll_alarm(never, cx).is_pending());
            Poll::Ready(())
        })
        .await;
        // Would wait for an hour if the first alarm stayed.
        ring(&mut clock, begin + 1_000_000).await;
        // The timer stays armed for the sooner one and must not ring for the later one.
        poll_fn(|cx| {
            assert!(clock.poll_alarm(begin + 2_000_000, cx).is_pending() || clock.now() >= begin);
            Poll::Ready(())
        })
        .await;
        let later = clock.now() + 5_000_000;
        ring(&mut clock, later).await;
        assert!(clock.now() >= later);
    }

    #[test]
    fn the_wall_clock_advances_with_the_monotonic_one() {
        let time = MonotonicTime::new();
        let now = TimeSource::now(&time);
        assert_eq!(time.wall(now + 5) - time.wall(now), 5);
        let system = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        let apart = i128::from(time.wall(now)) - system.as_nanos() as i128;
        // Generous: a machine may be suspended between the two readings.
        assert!(apart.abs() < 60_000_000_000, "{apart}");
    }
}
