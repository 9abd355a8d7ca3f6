//! `http.asyncRequest()`: a promise of a response, while the script goes on.

use std::rc::Rc;

use brunt_js::{Completion, call_throwing_uncatchable, host_state};
use rquickjs::{Ctx, Function, Persistent, Promise, Result, Value};

use crate::host::K6Host;
use crate::http::deadline::polled_at;
use crate::http::request::{Arguments, prepare};

/// Both ends of a promise, kept over the script's turns.
struct Ends {
    resolve: Persistent<Function<'static>>,
    reject: Persistent<Function<'static>>,
}

impl Ends {
    fn settle<'js>(self, ctx: &Ctx<'js>, result: Result<Value<'js>>) -> Result<()> {
        let (end, value) = match result {
            Ok(value) => (self.resolve, value),
            Err(error) if error.is_exception() => (self.reject, ctx.catch()),
            Err(error) => return Err(error),
        };
        end.restore(ctx)?.call((value,))
    }
}

/// Sends a request and does not wait for it.
pub(crate) fn send<'js>(ctx: &Ctx<'js>, arguments: Arguments<'_, 'js>) -> Result<Promise<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    host.stage.get().must_run(ctx, "making http requests")?;
    let (promise, resolve, reject) = ctx.promise()?;
    let ends = Ends {
        resolve: Persistent::save(ctx, resolve),
        reject: Persistent::save(ctx, reject),
    };
    let mut call = match prepare(ctx, &host, arguments) {
        Ok(Ok(call)) => call,
        Ok(Err(refusal)) => {
            ends.settle(ctx, refusal.answer(ctx, &host))?;
            return Ok(promise);
        }
        Err(error) if host.cx.parker.is_interrupted() => return Err(error),
        Err(error) => {
            ends.settle(ctx, Err(error))?;
            return Ok(promise);
        }
    };
    // Its samples carry the tags of now, whatever the script does to them meanwhile.
    let tags = host.tags.borrow().tags().clone();
    let meta = host.meta.borrow().clone();
    let parker = Rc::clone(&host.cx.parker);
    let operation = async move {
        let now = host.cx.parker.now();
        let deadline = call.deadline(now);
        let mut driven = polled_at(call.drive(&host, deadline), now, deadline).await;
        let verdict = host.with_tags(tags, meta, || call.conclude(&host, &mut driven));
        let completion: Completion = Box::new(move |ctx| {
            let answer = call.answer(ctx, &host, driven, verdict);
            ends.settle(ctx, answer)
        });
        completion
    };
    call_throwing_uncatchable(ctx, parker.spawn(Box::pin(operation)))?;
    Ok(promise)
}
