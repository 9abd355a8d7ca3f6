//! What an engine gets: a module's code, ready to compile.

use std::sync::Arc;

use crate::specifier::Specifier;

/// How a module is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// With `import` and `export`, or with `await` at its top level.
    Esm,
    /// With `require`, `module` and `exports`, or with none of them.
    CommonJs,
}

/// A module's code.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its full name.
    pub specifier: Specifier,
    /// How it is written.
    pub kind: Kind,
    /// What the engine compiles. Of an ES module: a module. Of a CommonJS one: a script whose
    /// value is a `function (module, exports, require)`, on the lines of the user's own text.
    pub code: Arc<str>,
    /// Of a CommonJS module: an ES module that exports what it does. It imports a function from
    /// [`REQUIRE_MODULE`](crate::REQUIRE_MODULE) as default, and calls it with the specifier.
    pub esm_facade: Option<Arc<str>>,
    /// Of an ES module: the names that it exports itself, `default` included; what it exports by
    /// `export * from` is not listed. Of a CommonJS module: the names that its facade exports.
    pub exports: Vec<String>,
    /// Whether it awaits something while it is evaluated.
    pub has_top_level_await: bool,
}
