//! CommonJS: `require()`, `module` and `exports`.

use brunt_script::{Kind, Specifier};
use rquickjs::{Ctx, Function, Module, Object, Persistent, Result, Value};

use crate::bytecode::function_script;
use crate::state::vm_state;
use crate::values::{call_throwing_uncatchable, throw_error};

/// A `require` that resolves relative specifiers against this module.
pub(crate) fn require_function<'js>(ctx: &Ctx<'js>, base: Specifier) -> Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, request: String| require(&ctx, &base, &request))?
        .with_name("require")
}

/// What `require(request)` gives in module `base`.
pub(crate) fn require<'js>(ctx: &Ctx<'js>, base: &Specifier, request: &str) -> Result<Value<'js>> {
    let state = vm_state(ctx)?;
    if !state.initializing.get() {
        return Err(throw_error(
            ctx,
            "GoError",
            "the \"require\" function is only available in the init stage (i.e. the global scope)",
        ));
    }
    let loader = state.program.loader();
    let found = state.parker.on_worker(|| {
        let specifier = loader.resolve(base, request)?;
        if state.host.exports(specifier.as_str()).is_some() {
            return Ok((specifier, None));
        }
        let source = loader.load(&specifier)?;
        Ok((specifier, Some(source)))
    });
    let (specifier, source) =
        call_throwing_uncatchable(ctx, found)?.map_err(|error| state.fail(ctx, error))?;
    let Some(source) = source else {
        return namespace(ctx, specifier.as_str());
    };
    if source.kind == Kind::Esm {
        return namespace(ctx, specifier.as_str());
    }
    let known = state.commonjs.borrow().get(specifier.as_str()).cloned();
    if let Some(module) = known {
        return module.restore(ctx)?.get("exports");
    }
    let module = Object::new(ctx.clone())?;
    let exports = Object::new(ctx.clone())?;
    module.set("exports", exports.clone())?;
    // Before it runs, so that a cycle sees what is there already.
    let saved = Persistent::save(ctx, module.clone());
    state.commonjs.borrow_mut().insert(specifier.as_str().to_owned(), saved);
    let body = function_script(ctx, &state.program, specifier.as_str(), &source.code)?;
    let require = require_function(ctx, specifier)?;
    body.call::<_, Value<'js>>((
        rquickjs::function::This(exports.clone()),
        module.clone(),
        exports,
        require,
    ))?;
    let exports: Value<'js> = module.get("exports")?;
    if exports.is_null() || exports.is_undefined() {
        return Err(throw_error(ctx, "TypeError", "CommonJS's exports must not be null"));
    }
    Ok(exports)
}

/// The namespace of an ES module or a built-in one, evaluated to its end.
fn namespace<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    let promise = Module::import(ctx, name)?;
    loop {
        if let Some(result) = promise.result::<Value<'js>>() {
            return result;
        }
        if !ctx.execute_pending_job() {
            return Err(throw_error(
                ctx,
                "Error",
                &format!("require('{name}'): the module awaits something at its top level; use import"),
            ));
        }
    }
}
