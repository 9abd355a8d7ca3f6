//! The turns of one virtual user's script after its function has returned: jobs, timers, and what
//! operations came to, in the order in which they became due.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use rquickjs::{Ctx, Function, Persistent, Promise, Result, Value};

use crate::park::Parker;
use crate::state::vm_state;
use crate::values::call_throwing_uncatchable;

struct Timer {
    callback: Persistent<Function<'static>>,
    arguments: Vec<Persistent<Value<'static>>>,
    /// Nanoseconds between two calls of an interval.
    every: Option<i64>,
}

/// The timers of one virtual user, and its rejections that nobody handled.
#[derive(Default)]
pub struct EventLoop {
    timers: RefCell<BTreeMap<(i64, u32), Timer>>,
    last_timer: Cell<u32>,
    rejections: RefCell<Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>>,
}

impl std::fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLoop")
            .field("timers", &self.timers.borrow().len())
            .finish_non_exhaustive()
    }
}

impl EventLoop {
    /// Calls `callback` after `delay` nanoseconds, or again and again; returns the timer's id, from
    /// 1 upwards.
    pub fn set_timer<'js>(
        &self,
        ctx: &Ctx<'js>,
        callback: Function<'js>,
        arguments: Vec<Value<'js>>,
        now: i64,
        delay: i64,
        repeat: bool,
    ) -> u32 {
        let id = self.last_timer.get() + 1;
        self.last_timer.set(id);
        let timer = Timer {
            callback: Persistent::save(ctx, callback),
            arguments: arguments
                .into_iter()
                .map(|value| Persistent::save(ctx, value))
                .collect(),
            every: repeat.then_some(delay),
        };
        self.timers
            .borrow_mut()
            .insert((now.saturating_add(delay), id), timer);
        id
    }

    /// Forgets a timer; one that is not there is fine.
    pub fn clear_timer(&self, id: u32) {
        self.timers
            .borrow_mut()
            .retain(|(_, known), _| *known != id);
    }

    /// Drops everything that is pending; returns the ids of the timers that were.
    pub fn clear(&self) -> Vec<u32> {
        self.rejections.borrow_mut().clear();
        std::mem::take(&mut *self.timers.borrow_mut())
            .into_keys()
            .map(|(_, id)| id)
            .collect()
    }

    /// Notes a rejection without a handler, or that one got its handler after all.
    pub(crate) fn note_rejection<'js>(
        &self,
        ctx: &Ctx<'js>,
        promise: Value<'js>,
        reason: Value<'js>,
        handled: bool,
    ) {
        let mut rejections = self.rejections.borrow_mut();
        if handled {
            rejections.retain(|(known, _)| {
                known
                    .clone()
                    .restore(ctx)
                    .map_or(true, |known| known != promise)
            });
        } else {
            rejections.push((
                Persistent::save(ctx, promise),
                Persistent::save(ctx, reason),
            ));
        }
    }

    /// Runs jobs, timers and operations until nothing is left; then gives what `promise` came to.
    ///
    /// # Errors
    /// What a callback threw, or the reason of a rejection that nobody handled ([`LoopError`]).
    pub(crate) fn run<'js>(
        &self,
        ctx: &Ctx<'js>,
        parker: &Parker,
        promise: Option<&Promise<'js>>,
    ) -> std::result::Result<Option<Value<'js>>, LoopError<'js>> {
        // What most iterations end with, without the frame of what follows.
        let nothing = promise.is_none()
            && !ctx.execute_pending_job()
            && self.rejections.borrow().is_empty()
            && self.timers.borrow().is_empty()
            && parker.operations().is_empty();
        if nothing {
            return Ok(None);
        }
        self.run_all(ctx, parker, promise)
    }

    #[inline(never)]
    fn run_all<'js>(
        &self,
        ctx: &Ctx<'js>,
        parker: &Parker,
        promise: Option<&Promise<'js>>,
    ) -> std::result::Result<Option<Value<'js>>, LoopError<'js>> {
        let operations = parker.operations();
        loop {
            while ctx.execute_pending_job() {}
            if let Some(Err(error)) = promise.and_then(Promise::result::<Value<'js>>) {
                self.rejections.borrow_mut().clear();
                return Err(LoopError::Rejected(error));
            }
            let rejection = self.rejections.borrow_mut().pop();
            if let Some((_, reason)) = rejection {
                self.rejections.borrow_mut().clear();
                return Err(LoopError::Unhandled(reason.restore(ctx)?));
            }
            let due = self.timers.borrow().keys().next().map(|(due, _)| *due);
            let done = operations.first_done();
            let now = parker.now();
            // One thing a turn, whatever became due first; the jobs that it makes run before the
            // next one.
            match (due, done) {
                (Some(due), done) if due <= now && done.is_none_or(|done| due < done) => {
                    self.run_due(ctx, now)?;
                }
                (_, Some(_)) => {
                    if let Some(completion) = operations.take_done() {
                        completion(ctx)?;
                    }
                }
                (Some(due), None) if operations.is_idle() => {
                    call_throwing_uncatchable(ctx, parker.wait_until(due))?;
                }
                (None, None) if operations.is_empty() => break,
                (due, None) => call_throwing_uncatchable(ctx, parker.wait_for_operation(due))?,
            }
        }
        match promise.and_then(Promise::result::<Value<'js>>) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(error)) => Err(LoopError::Rejected(error)),
            None => Ok(None),
        }
    }

    /// Calls one timer that is due.
    fn run_due(&self, ctx: &Ctx<'_>, now: i64) -> Result<()> {
        let mut timers = self.timers.borrow_mut();
        let Some(entry) = timers.first_entry() else {
            return Ok(());
        };
        let (due, id) = *entry.key();
        if due > now {
            return Ok(());
        }
        let timer = entry.remove();
        let (callback, arguments) = (timer.callback.clone(), timer.arguments.clone());
        if let Some(every) = timer.every {
            timers.insert(
                (due.saturating_add(every.max(1_000_000)).max(now), id),
                timer,
            );
        }
        drop(timers);
        let mut call = rquickjs::function::Args::new(ctx.clone(), arguments.len());
        for argument in arguments {
            call.push_arg(argument.restore(ctx)?)?;
        }
        callback.restore(ctx)?.call_arg::<Value<'_>>(call)?;
        Ok(())
    }
}

/// Why the loop ended early.
pub(crate) enum LoopError<'js> {
    /// A callback threw, or the call was interrupted; the exception is pending.
    Thrown(rquickjs::Error),
    /// The promise that was waited for was rejected; the exception is pending.
    Rejected(rquickjs::Error),
    /// Some other promise was rejected and nobody handled it.
    Unhandled(Value<'js>),
}

impl From<rquickjs::Error> for LoopError<'_> {
    fn from(error: rquickjs::Error) -> Self {
        Self::Thrown(error)
    }
}

/// The tracker that tells the loop of rejections.
pub(crate) fn rejection_tracker() -> rquickjs::runtime::RejectionTracker {
    Box::new(|ctx, promise, reason, handled| {
        if let Ok(state) = vm_state(&ctx) {
            state
                .event_loop
                .note_rejection(&ctx, promise, reason, handled);
        }
    })
}
