//! Imports: QuickJS asks for names and modules, the loader and the host answer.

use std::rc::Rc;
use std::sync::Arc;

use brunt_script::{Kind, LoadError, Specifier};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declarations, Declared, Exports, Module, ModuleDef};
use rquickjs::{Ctx, Error, Function, Result, Value};

use crate::bytecode::declare_module;
use crate::state::{VmState, vm_state};
use crate::values::{call_throwing_uncatchable, throw_error};

/// The module that gives an ES module the exports of a CommonJS one.
pub(crate) const REQUIRE_MODULE: &str = "brunt:require";

/// Both of QuickJS' questions, answered from the state of the virtual user.
pub(crate) struct Imports;

impl Resolver for Imports {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        let state = vm_state(ctx)?;
        if !state.linking.get() {
            let message = "import() is not supported: all modules are loaded before the test starts; use a static import, or require() in the init stage";
            return Err(throw_error(ctx, "TypeError", message));
        }
        if name == REQUIRE_MODULE
            || base.is_empty()
            || name == state.program.loader().entry().as_str()
        {
            return Ok(name.to_owned());
        }
        let loader = state.program.loader();
        let resolved = state
            .parker
            .on_worker(|| loader.resolve(&Specifier::from(base), name));
        let resolved = call_throwing_uncatchable(ctx, resolved)?;
        resolved
            .map(|specifier| specifier.as_str().to_owned())
            .map_err(|e| state.fail(ctx, e))
    }
}

impl Loader for Imports {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let state = vm_state(ctx)?;
        if name == REQUIRE_MODULE {
            return Module::declare_def::<RequireModule, _>(ctx.clone(), name);
        }
        if state.host.exports(name).is_some() {
            return Module::declare_def::<Builtin, _>(ctx.clone(), name);
        }
        let loader = state.program.loader();
        let source = state
            .parker
            .on_worker(|| loader.load(&Specifier::from(name)));
        let source = call_throwing_uncatchable(ctx, source)?.map_err(|e| state.fail(ctx, e))?;
        match (source.kind, &source.esm_facade) {
            (Kind::Esm, _) => {
                let module = declare_module(ctx, &state.program, name, &source.code)?;
                fill_meta(&module, name)?;
                Ok(module)
            }
            // Under the module's own name, or QuickJS would load it twice; the script's bytecode has
            // that name too, so the facade's is not kept.
            (Kind::CommonJs, Some(facade)) => Module::declare(ctx.clone(), name, facade.as_bytes()),
            (Kind::CommonJs, None) => Err(Error::new_loading(name)),
        }
    }
}

impl VmState {
    /// The exports of a built-in module that some module of the program may look at.
    fn wanted_exports(&self, module: &str) -> impl Iterator<Item = &'static str> {
        let loader = Arc::clone(self.program.loader());
        let all = self.host.exports(module).unwrap_or_default();
        let module = module.to_owned();
        let wanted = all.iter().copied();
        wanted.filter(move |name| loader.wants(&module, name))
    }

    /// Throws a load error, and keeps it so that the user gets it whole.
    pub(crate) fn fail(self: &Rc<Self>, ctx: &Ctx<'_>, error: LoadError) -> Error {
        let message = error.to_string();
        *self.load_error.borrow_mut() = Some(error);
        throw_error(ctx, "GoError", &message)
    }
}

/// `import.meta` has one member: `resolve(specifier)`, the specifier's absolute URL.
pub(crate) fn fill_meta(module: &Module<'_, Declared>, name: &str) -> Result<()> {
    let base = Specifier::from(name);
    let resolve = move |ctx: Ctx<'_>, request: String| {
        let loader = Arc::clone(vm_state(&ctx)?.program.loader());
        let resolved = loader.resolve(&base, &request);
        let resolved =
            resolved.map_err(|error| throw_error(&ctx, "GoError", &error.to_string()))?;
        Result::Ok(resolved.as_str().to_owned())
    };
    let meta = module.meta()?;
    meta.set(
        "resolve",
        Function::new(module.ctx().clone(), resolve)?.with_name("resolve")?,
    )
}

/// Any built-in module: the host knows its names and makes its object.
struct Builtin;

impl ModuleDef for Builtin {
    fn declare(declarations: &Declarations<'_>) -> Result<()> {
        let module = declarations.module();
        let name = module.name::<String>()?;
        let state = vm_state(module.ctx())?;
        declarations.declare("default")?;
        for export in state.wanted_exports(&name) {
            declarations.declare(export)?;
        }
        Ok(())
    }

    fn evaluate<'js>(ctx: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        let name = exports.module().name::<String>()?;
        let state = vm_state(ctx)?;
        let object = state.builtin(ctx, &name)?;
        for export in state.wanted_exports(&name) {
            exports.export(export, object.get::<_, Value<'js>>(export)?)?;
        }
        exports.export("default", object)?;
        Ok(())
    }
}

/// `brunt:require`: its default export takes a specifier and gives a CommonJS module's exports.
struct RequireModule;

impl ModuleDef for RequireModule {
    fn declare(declarations: &Declarations<'_>) -> Result<()> {
        declarations.declare("default")?;
        Ok(())
    }

    fn evaluate<'js>(ctx: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        let entry = vm_state(ctx)?.program.loader().entry().clone();
        exports.export("default", crate::commonjs::require_function(ctx, entry)?)?;
        Ok(())
    }
}
