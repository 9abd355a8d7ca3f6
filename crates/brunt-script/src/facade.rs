//! CommonJS for engines: the function around a module, and the ES modules that stand for it where
//! one is imported.
//!
//! An ES module must say before it runs what it exports, and a CommonJS module only knows
//! afterwards. So its facade declares every name that somebody asks for, and a namespace import is
//! turned into the default import of an object that is made when the names are known.

use std::fmt::Write as _;

use oxc_syntax::identifier::is_identifier_name;

use crate::analysis::NamespaceUse;
use crate::specifier::Specifier;

/// The module whose default export gives facades a CommonJS module's exports: a function of a
/// specifier. The engine's host must provide it.
pub const REQUIRE_MODULE: &str = "brunt:require";

/// Ends the specifier of the facade whose default export is the namespace object.
pub(crate) const NAMESPACE: &str = "#*";

/// What stands before a CommonJS module's first line.
pub(crate) const WRAPPER: &str = "(function (module, exports, require) {";

/// A script whose value is the function that runs a CommonJS module.
pub(crate) fn wrap(code: &str) -> String {
    // A first line for the shell is allowed at the very start only.
    let (comment, code) = code
        .strip_prefix("#!")
        .map_or(("", code), |rest| ("//", rest));
    format!("{WRAPPER}{comment}{code}\n}})")
}

/// The ES module that exports these names of a CommonJS module, and its default.
///
/// The default is `exports.default` if there is one, else all of `exports`.
///
/// Its code is short, because it has the module's own name in stacks: a call within the length of
/// [`WRAPPER`] is taken for the start of the module.
pub(crate) fn facade(module: &Specifier, names: &[String]) -> String {
    let mut code = format!(
        "import r from{};const m=r({}); \
         const o = m === null || m === undefined ? {{}} : m; \
         export default \"default\" in Object(o) ? o.default : m;",
        quoted(REQUIRE_MODULE),
        quoted(module.as_str()),
    );
    for (at, name) in names.iter().enumerate() {
        let (value, name) = (quoted(name), export_name(name));
        // Writing to a String cannot fail.
        let _ = write!(
            code,
            " const e{at} = o[{value}]; export {{ e{at} as {name} }};"
        );
    }
    code
}

/// The ES module whose default export is a CommonJS module's namespace: an object with what is
/// enumerable in its exports.
pub(crate) fn namespace_facade(module: &Specifier) -> String {
    format!(
        "import r from{};const m=r({}), n = Object.create(null); \
         for (const k of Object.keys(Object(m))) \
         Object.defineProperty(n, k, {{ enumerable: true, get: () => m[k] }}); \
         Object.defineProperty(n, Symbol.toStringTag, {{ value: \"Module\" }}); \
         export default Object.preventExtensions(n);",
        quoted(REQUIRE_MODULE),
        quoted(module.as_str()),
    )
}

/// Lets these statements, in any order, import the namespace facade. Lines stay where they are, and
/// so do columns as far as possible.
pub(crate) fn rewrite_namespaces(code: &str, uses: &mut [(&NamespaceUse, &str)]) -> String {
    uses.sort_by_key(|(used, _)| used.start);
    let mut out = String::with_capacity(code.len() + 16 * uses.len());
    let mut done = 0;
    for (used, request) in uses {
        let (Some(before), Some(old)) =
            (code.get(done..used.start), code.get(used.start..used.end))
        else {
            continue;
        };
        out += before;
        let new = statement(used, request);
        out += &new;
        let lines = old.matches('\n').count();
        out.extend(std::iter::repeat_n('\n', lines));
        if lines == 0 {
            let missing = old.chars().count().saturating_sub(new.chars().count());
            out.extend(std::iter::repeat_n(' ', missing));
        }
        done = used.end;
    }
    out += code.get(done..).unwrap_or_default();
    out
}

fn statement(used: &NamespaceUse, request: &str) -> String {
    let module = request
        .split_once('#')
        .map_or(request, |(module, _)| module);
    let namespace = quoted(&format!("{module}{NAMESPACE}"));
    if used.exported {
        return format!(
            "export {{ default as {} }} from {namespace};",
            export_name(&used.name)
        );
    }
    let statement = format!("import {} from {namespace};", used.name);
    match &used.default {
        Some(default) => format!("{statement} import {default} from {};", quoted(request)),
        None => statement,
    }
}

fn export_name(name: &str) -> String {
    if is_identifier_name(name) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A JavaScript string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::source::Kind;

    #[test]
    fn facades_are_modules_with_the_names() {
        let names = ["a", "if", "x-y", "ü", "\u{2028}\"\\\n"].map(str::to_owned);
        let code = facade(&Specifier::from("file:///a\"b.js"), &names);
        let facts = analyse(&code).unwrap_or_else(|mistake| panic!("{mistake:?}: {code}"));
        let mut expected = vec!["default".to_owned()];
        expected.extend(names);
        assert_eq!(facts.exports, expected);
        assert_eq!(facts.requests[0].specifier, REQUIRE_MODULE);
        assert!(
            code.find("r(\"file")
                .is_some_and(|call| call < WRAPPER.len()),
            "{code}"
        );
        let facts = analyse(&namespace_facade(&Specifier::from("file:///a.js"))).expect("parses");
        assert_eq!(facts.exports, ["default"]);
    }

    #[test]
    fn wrapped_code_keeps_its_lines() {
        for code in [
            "a;\nb;",
            "a // comment",
            "#!/usr/bin/env k6\na",
            "return 1",
            "",
        ] {
            let wrapped = wrap(code);
            assert_eq!(analyse(&wrapped).expect(code).kind, Kind::CommonJs);
            assert_eq!(wrapped.lines().count(), code.lines().count().max(1) + 1);
        }
        assert!(wrap("a").starts_with(&format!("{WRAPPER}a")));
    }

    fn rewritten(code: &str) -> String {
        let facts = analyse(code).expect(code);
        let mut uses: Vec<_> = facts
            .requests
            .iter()
            .flat_map(|request| {
                request
                    .namespaces
                    .iter()
                    .map(|used| (used, request.specifier.as_str()))
            })
            .collect();
        let new = rewrite_namespaces(code, &mut uses);
        assert_eq!(new.lines().count(), code.lines().count());
        analyse(&new).unwrap_or_else(|mistake| panic!("{mistake:?}: {new}"));
        new
    }

    #[test]
    fn namespace_imports_become_default_imports_in_place() {
        let code = "import * as a from './a.js'; x();\nimport {\n  y } from './a.js'";
        let new = rewritten(code);
        assert!(new.starts_with("import a from \"./a.js#*\";"), "{new}");
        assert_eq!(new.find("x()"), code.find("x()"));
        assert_eq!(new.find("y }"), code.find("y }"));
        assert_eq!(
            rewritten("import d, * as\n n from './a.js'; y"),
            "import n from \"./a.js#*\"; import d from \"./a.js\";\n y"
        );
        assert_eq!(
            rewritten("export * as n from './a.js?v#old';"),
            "export { default as n } from \"./a.js?v#*\";"
        );
        assert_eq!(
            rewritten("export * as 'x y' from './a.js';"),
            "export { default as \"x y\" } from \"./a.js#*\";"
        );
    }
}
