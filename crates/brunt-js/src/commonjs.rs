//! CommonJS: `require()`, `module` and `exports`.

use brunt_script::{Kind, Specifier};
use rquickjs::{Ctx, Function, Module, Object, Persistent, Result, Value};

use crate::bytecode::function_script;
use crate::state::vm_state;
use crate::values::{call_throwing_uncatchable, throw_error};

/// A `require` that resolves relative specifiers against this module.
pub(crate) fn require_function<'js>(ctx: &Ctx<'js>, base: Specifier) -> Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, request: String| {
        require(&ctx, &base, &request)
    })?
    .with_name("require")
}

/// The global `require`, as ES modules see it: relative to the file that is being evaluated.
pub(crate) fn global_require<'js>(ctx: &Ctx<'js>) -> Result<Function<'js>> {
    Function::new(ctx.clone(), |ctx: Ctx<'js>, request: String| {
        let base = current_file(&ctx)?;
        require(&ctx, &base, &request)
    })?
    .with_name("require")
}

/// Calls of a stack that are looked at for the file that is being evaluated.
const LOOKED_AT: isize = 200;

/// The file whose evaluation is going on: the innermost CommonJS module, else the module at the
/// bottom of the stack. A helper that is called from there does not change it.
pub fn current_file(ctx: &Ctx<'_>) -> Result<Specifier> {
    let state = vm_state(ctx)?;
    if let Some(running) = state.bodies.borrow().last() {
        return Ok(running.clone());
    }
    let file = files_of_stack(ctx).next_back();
    Ok(file.unwrap_or_else(|| state.program.loader().entry().clone()))
}

/// The file that contains the call which goes on now; none for code that is in no file.
pub fn calling_file(ctx: &Ctx<'_>) -> Option<Specifier> {
    files_of_stack(ctx).next()
}

/// The files of the stack's calls, the innermost first.
fn files_of_stack<'a>(ctx: &'a Ctx<'_>) -> impl DoubleEndedIterator<Item = Specifier> + 'a {
    // Native calls of a stack have no name and say nothing of what is below them.
    let names = (0..LOOKED_AT).filter_map(|level| ctx.script_or_module_name(level));
    let names = names.filter_map(|name| name.to_string().ok());
    let files = names.filter(|name| name.starts_with("file:") || name.starts_with("https:"));
    files.map(|name| Specifier::from(name.as_str()))
}

/// Why `module` and `exports` are not there.
const MIXED: &str = "a file with import or export is an ES module and has neither `module` nor `exports`: use export instead, or require() instead of import";

/// In an ES module, looking at `module` or `exports` says what is wrong. A CommonJS module has its
/// own ones in front of these.
pub(crate) fn install_globals(ctx: &Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    for name in ["module", "exports"] {
        let get = |ctx: Ctx<'_>| -> Result<()> { Err(throw_error(&ctx, "ReferenceError", MIXED)) };
        let set = |ctx: Ctx<'_>, _value: rquickjs::function::Rest<Value<'_>>| -> Result<()> {
            Err(throw_error(&ctx, "ReferenceError", MIXED))
        };
        globals.prop(
            name,
            rquickjs::object::Accessor::new(get, set).configurable(),
        )?;
    }
    globals.set("require", global_require(ctx)?)
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
    state
        .commonjs
        .borrow_mut()
        .insert(specifier.as_str().to_owned(), saved);
    let body = function_script(ctx, &state.program, specifier.as_str(), &source.code)?;
    let running = specifier.clone();
    let require = require_function(ctx, specifier)?;
    state.bodies.borrow_mut().push(running);
    let ran = body.call::<_, Value<'js>>((
        rquickjs::function::This(exports.clone()),
        module.clone(),
        exports,
        require,
    ));
    state.bodies.borrow_mut().pop();
    ran?;
    let exports: Value<'js> = module.get("exports")?;
    if exports.is_null() || exports.is_undefined() {
        return Err(throw_error(
            ctx,
            "TypeError",
            "CommonJS's exports must not be null",
        ));
    }
    Ok(exports)
}

/// The namespace of an ES module or a built-in one, evaluated to its end.
fn namespace<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    let state = vm_state(ctx)?;
    let promise = state.while_linking(true, || Module::import(ctx, name))?;
    loop {
        if let Some(result) = promise.result::<Value<'js>>() {
            return result;
        }
        if !state.while_linking(false, || ctx.execute_pending_job()) {
            return Err(throw_error(
                ctx,
                "Error",
                &format!(
                    "require('{name}'): the module awaits something at its top level; use import"
                ),
            ));
        }
    }
}
