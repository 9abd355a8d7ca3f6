//! Simulated time and an executor that jumps to the next alarm when nothing can run: exact to the
//! nanosecond, and as fast as the machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use brunt_engine::{Clock, TimeSource};

/// When every simulation begins; not 0, so that forgotten offsets show.
pub(crate) const BEGIN: i64 = 1_000_000_000_000;

/// Simulated time with the alarms that are set on it.
#[derive(Debug, Default)]
pub(crate) struct Simulation {
    now: AtomicI64,
    keys: AtomicU64,
    alarms: Mutex<BTreeMap<(i64, u64), Waker>>,
}

pub(crate) struct SimulatedTime(pub(crate) Arc<Simulation>);

struct SimulatedClock {
    simulation: Arc<Simulation>,
    alarm: Option<(i64, u64)>,
}

struct Sleep {
    simulation: Arc<Simulation>,
    at: i64,
    alarm: Option<(i64, u64)>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Simulation {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: AtomicI64::new(BEGIN),
            ..Self::default()
        })
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    /// Lets time pass while somebody holds the thread.
    pub(crate) fn advance(&self, nanos: i64) {
        self.now.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Runs everything until `main` is done.
    pub(crate) fn run<T>(
        &self,
        main: impl Future<Output = T>,
        mut others: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    ) -> T {
        let mut main = std::pin::pin!(main);
        let flags: Vec<Arc<Flag>> = (0..=others.len())
            .map(|_| Arc::new(Flag(AtomicBool::new(true))))
            .collect();
        let wakers: Vec<Waker> = flags
            .iter()
            .map(|flag| Waker::from(Arc::clone(flag)))
            .collect();
        let mut done = vec![false; others.len()];
        loop {
            let mut polled = false;
            if flags[0].0.swap(false, Ordering::SeqCst) {
                polled = true;
                if let Poll::Ready(value) = main.as_mut().poll(&mut Context::from_waker(&wakers[0]))
                {
                    return value;
                }
            }
            for (index, other) in others.iter_mut().enumerate() {
                if !done[index] && flags[index + 1].0.swap(false, Ordering::SeqCst) {
                    polled = true;
                    let mut cx = Context::from_waker(&wakers[index + 1]);
                    done[index] = other.as_mut().poll(&mut cx).is_ready();
                }
            }
            if !polled {
                let next = self.alarms.lock().unwrap().pop_first();
                let ((at, _), waker) = next.expect("everybody waits, and nobody for an alarm");
                self.now.fetch_max(at, Ordering::SeqCst);
                waker.wake();
            }
        }
    }

    fn set(&self, at: i64, waker: &Waker) -> (i64, u64) {
        let key = (at, self.keys.fetch_add(1, Ordering::SeqCst));
        self.alarms.lock().unwrap().insert(key, waker.clone());
        key
    }

    fn clear(&self, alarm: &mut Option<(i64, u64)>) {
        if let Some(key) = alarm.take() {
            self.alarms.lock().unwrap().remove(&key);
        }
    }
}

impl TimeSource for SimulatedTime {
    fn now(&self) -> i64 {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let at = self
            .0
            .now()
            .saturating_add(i64::try_from(duration.as_nanos()).unwrap());
        Box::pin(Sleep {
            simulation: Arc::clone(&self.0),
            at,
            alarm: None,
        })
    }

    fn clock(&self) -> io::Result<Rc<RefCell<dyn Clock>>> {
        Ok(Rc::new(RefCell::new(SimulatedClock {
            simulation: Arc::clone(&self.0),
            alarm: None,
        })))
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> i64 {
        self.simulation.now()
    }

    fn poll_alarm(&mut self, at: i64, cx: &mut Context<'_>) -> Poll<()> {
        self.simulation.clear(&mut self.alarm);
        if self.simulation.now() >= at {
            return Poll::Ready(());
        }
        self.alarm = Some(self.simulation.set(at, cx.waker()));
        Poll::Pending
    }

    fn wall(&self, monotonic: i64) -> i64 {
        monotonic + 7
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.get_mut();
        sleep.simulation.clear(&mut sleep.alarm);
        if sleep.simulation.now() >= sleep.at {
            return Poll::Ready(());
        }
        sleep.alarm = Some(sleep.simulation.set(sleep.at, cx.waker()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.simulation.clear(&mut self.alarm);
    }
}
