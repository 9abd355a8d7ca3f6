//! Host functions under the name that scripts see in them.

use rquickjs::function::IntoJsFunc;
use rquickjs::{Ctx, Function, Result, Value};

/// A function with this `name`, as a value.
pub(crate) fn function<'js, P, F>(ctx: &Ctx<'js>, name: &str, function: F) -> Result<Value<'js>>
where
    F: IntoJsFunc<'js, P> + 'js,
{
    let function = Function::new(ctx.clone(), function)?.with_name(name)?;
    Ok(function.into_value())
}
