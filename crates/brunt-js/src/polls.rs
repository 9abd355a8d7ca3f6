//! How often QuickJS asks whether a script is to be interrupted.
//!
//! It asks every 10 000 calls and loop turns, which makes slices of about 9 ms where 0.2 ms are
//! wanted: a virtual user that burns CPU would delay its neighbours' requests by that much. The
//! interval is a constant in its source and the counter a private member of its context. This
//! module finds the counter by what is around it, proves by a short script that it is the one, and
//! lets the interrupt handler shorten it. Where the proof fails (another version, another layout)
//! nothing is touched and the interval stays as it is.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::OnceLock;

use rquickjs::{Ctx, qjs};

/// Calls and loop turns between two questions: about 2 µs of plain JavaScript.
const INTERVAL: i32 = 200;

/// What QuickJS starts with.
const STOCK: i32 = 10_000;

/// Turns of the loop that proves the counter.
const TURNS: i32 = 500;

/// Bytes from the counter to the context's opaque pointer, its last member: itself, a list head and
/// two function pointers.
const TO_OPAQUE: usize = size_of::<i32>() + 4 * size_of::<usize>();

/// The counter of one context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Polls(NonNull<i32>);

impl Polls {
    /// Finds the counter of this context; looked for once in a process.
    pub(crate) fn of(ctx: &Ctx<'_>) -> Option<Self> {
        static OFFSET: OnceLock<Option<usize>> = OnceLock::new();
        let offset = (*OFFSET.get_or_init(|| find(ctx)))?;
        // SAFETY: all contexts have the same layout; `find` proved that the counter is there.
        let counter = unsafe { ctx.as_raw().cast::<u8>().add(offset).cast() };
        let polls = Self(counter);
        polls.shorten();
        Some(polls)
    }

    /// Makes the next question come soon. For the interrupt handler: QuickJS has just set the
    /// counter to its own interval.
    pub(crate) fn shorten(self) {
        // SAFETY: a live context's own counter, on its own thread.
        unsafe { self.0.write(INTERVAL) };
    }
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
    use std::cell::Cell;
    use std::rc::Rc;

    use rquickjs::{Context, Runtime};

    use super::*;

    fn questions(shortened: bool) -> u32 {
        let runtime = Runtime::new_with_alloc(crate::heap::Heap).unwrap();
        let context = Context::full(&runtime).unwrap();
        let polls = context.with(|ctx| Polls::of(&ctx)).filter(|_| shortened);
        let asked = Rc::new(Cell::new(0));
        let counter = Rc::clone(&asked);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            counter.set(counter.get() + 1);
            if let Some(polls) = polls {
                polls.shorten();
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
}
