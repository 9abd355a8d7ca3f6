//! How often QuickJS asks whether a script is to be interrupted.
//!
//! It asks every 10 000 calls and loop turns, which makes slices of about 9 ms where 0.2 ms are
//! wanted: a virtual user that burns CPU would delay its neighbours' requests by that much. The
//! interval is a constant in its source and the counter a private member of its context. This
//! module finds the counter by what is around it, proves by a short script that it is the one, and
//! lets the interrupt handler shorten it. Where the proof fails (another version, another layout)
//! nothing is touched and the interval stays as it is.
//!
//! Turns of a loop are no measure of time: one that searches a string of 100 MB takes 0.1 s, and
//! 200 of them 20 s. So the interval follows the time that the last one took, and starts small.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::OnceLock;

use rquickjs::{Ctx, qjs};

/// Calls and loop turns between two questions at most: about 2 µs of plain JavaScript.
const INTERVAL: i32 = 200;

/// The same before the first question of a slice.
const FIRST: i32 = 16;

/// How much larger an interval may be than the last one.
const GROWTH: i32 = 4;

/// Nanoseconds that an interval may take, so that it does not outlast a slice by much.
const LONGEST: i64 = 20_000;

/// What QuickJS starts with.
const STOCK: i32 = 10_000;

/// Turns of the loop that proves the counter.
const TURNS: i32 = 500;

/// Bytes from the counter to the context's opaque pointer, its last member: itself, a list head and
/// two function pointers.
const TO_OPAQUE: usize = size_of::<i32>() + 4 * size_of::<usize>();

/// The counter of one context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Polls {
    counter: NonNull<i32>,
    interval: i32,
}

impl Polls {
    /// Finds the counter of this context; looked for once in a process.
    pub(crate) fn of(ctx: &Ctx<'_>) -> Option<Self> {
        static OFFSET: OnceLock<Option<usize>> = OnceLock::new();
        let offset = (*OFFSET.get_or_init(|| find(ctx)))?;
        // SAFETY: all contexts have the same layout; `find` proved that the counter is there.
        let counter = unsafe { ctx.as_raw().cast::<u8>().add(offset).cast() };
        let mut polls = Self {
            counter,
            interval: FIRST,
        };
        polls.restart();
        Some(polls)
    }

    /// For a slice that starts: the next question comes soon.
    pub(crate) fn restart(&mut self) {
        self.set(FIRST);
    }

    /// For the interrupt handler, `elapsed` nanoseconds after the last question: QuickJS has just
    /// set the counter to its own interval.
    pub(crate) fn asked_after(&mut self, elapsed: i64) {
        self.set(next_interval(self.interval, elapsed));
    }

    fn set(&mut self, interval: i32) {
        self.interval = interval;
        // SAFETY: a live context's own counter, on its own thread.
        unsafe { self.counter.write(interval) };
    }
}

/// The interval after one of this length that took `elapsed` nanoseconds.
fn next_interval(interval: i32, elapsed: i64) -> i32 {
    if elapsed <= LONGEST {
        return (interval * GROWTH).min(INTERVAL);
    }
    (i64::from(interval) * LONGEST / elapsed).max(1) as i32
}

/// The counter's offset in a context, if it is where this version of QuickJS has it.
fn find(ctx: &Ctx<'_>) -> Option<usize> {
    let raw = ctx.as_raw();
    // SAFETY: a context is an allocation of its own runtime.
    let size = unsafe { qjs::js_malloc_usable_size(raw.as_ptr(), raw.as_ptr().cast()) } as usize;
    let marker = 0;
    let marker: *const i32 = &raw const marker;
    // SAFETY: the opaque pointer is nobody else's (rquickjs uses the runtime's) and is put back.
    let words = unsafe {
        let before = qjs::JS_GetContextOpaque(raw.as_ptr());
        qjs::JS_SetContextOpaque(raw.as_ptr(), marker.cast_mut().cast());
        // Reads the context's own allocation as integers; writes nothing.
        let words =
            std::slice::from_raw_parts(raw.as_ptr().cast::<usize>(), size / size_of::<usize>());
        let found: Vec<usize> = (0..words.len())
            .filter(|at| words[*at] == marker as usize)
            .collect();
        qjs::JS_SetContextOpaque(raw.as_ptr(), before);
        found
    };
    let [word] = words[..] else { return None };
    let offset = (word * size_of::<usize>()).checked_sub(TO_OPAQUE)?;
    // SAFETY: inside the allocation, and aligned, because the words are.
    let read = || unsafe { raw.cast::<u8>().add(offset).cast::<i32>().read_volatile() };
    let script = format!("for (let i = 0; i < {TURNS}; i++);");
    // The first question comes at once and starts the counter.
    ctx.eval::<(), _>(script.as_str()).ok()?;
    let before = read();
    ctx.eval::<(), _>(script).ok()?;
    let after = read();
    let counted = before.checked_sub(after)?;
    let plausible = (1..=STOCK).contains(&before) && (TURNS..=4 * TURNS).contains(&counted);
    plausible.then_some(offset)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use std::task::{Context, Poll};

    use brunt_engine::Clock;
    use rquickjs::Runtime;

    use super::*;
    use crate::heap::Heap;
    use crate::park::Parker;

    /// A clock that stands still.
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> i64 {
            0
        }

        fn poll_alarm(&mut self, _at: i64, _cx: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }

        fn wall(&self, _monotonic: i64) -> i64 {
            0
        }
    }

    fn questions(shortened: bool) -> u32 {
        let parker = Rc::new(Parker::new(Rc::new(RefCell::new(Stopped))));
        let runtime = Runtime::new_with_alloc(Heap::new(parker)).unwrap();
        let context = rquickjs::Context::full(&runtime).unwrap();
        let polls = context.with(|ctx| Polls::of(&ctx)).filter(|_| shortened);
        let polls = polls.map(|polls| Polls {
            interval: INTERVAL,
            ..polls
        });
        let asked = Rc::new(Cell::new(0));
        let counter = Rc::clone(&asked);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            counter.set(counter.get() + 1);
            if let Some(mut polls) = polls {
                polls.asked_after(0);
            }
            false
        })));
        context.with(|ctx| {
            ctx.eval::<(), _>("for (let i = 0; i < 100000; i++);")
                .unwrap();
        });
        asked.get()
    }

    #[test]
    fn the_counter_of_this_version_is_found_and_questions_come_more_often() {
        let (stock, shortened) = (questions(false), questions(true));
        // Stock is 10 000 to 200; a turn of a loop may count more than once.
        assert!(
            (30..=70).contains(&(shortened / stock)),
            "{stock} and {shortened} questions"
        );
    }

    #[test]
    fn slow_turns_are_asked_about_one_by_one_and_fast_ones_rarely() {
        let (mut slow, mut fast) = (INTERVAL, FIRST);
        // 0.1 s a turn, as of a search in a long string.
        for _ in 0..2 {
            slow = next_interval(slow, i64::from(slow) * 100_000_000);
        }
        for _ in 0..3 {
            fast = next_interval(fast, 100);
        }
        assert_eq!((slow, fast), (1, INTERVAL));
        assert_eq!(next_interval(1, 0), GROWTH, "and back");
    }
}
