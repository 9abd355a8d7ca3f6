//! What a parser sees in JavaScript: whether it is a module, what it imports and exports, or where
//! the first mistake is. Everything is copied out, so that no syntax tree outlives the parse.

mod awaits;
mod commonjs;
pub(crate) mod parsed_files;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_diagnostics::{Diagnostics, Severity};
use oxc_parser::{Parser, ParserReturn};
use oxc_span::{SourceType, Span};
use oxc_syntax::module_record::{
    ExportEntry, ExportExportName, ExportImportName, ImportImportName, ModuleRecord,
};

use crate::source::Kind;

/// What is known about code that parses.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    /// In the order of the text.
    pub(crate) requests: Vec<Request>,
    /// Names: of an ES module what it exports itself, of a CommonJS module what it seems to.
    pub(crate) exports: Vec<String>,
    pub(crate) has_top_level_await: bool,
    /// Where `open` is called for `JSON.parse` alone, in bytes.
    pub(crate) parsed_files: Vec<usize>,
}

/// All that one module wants of another.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// What the import says, such as `./helper.js`.
    pub(crate) specifier: String,
    /// Where the first import says so, in bytes.
    pub(crate) offset: usize,
    /// Names that are imported or exported further.
    pub(crate) names: Vec<Name>,
    /// `export * from` it.
    pub(crate) star: bool,
    /// Statements that want its namespace.
    pub(crate) namespaces: Vec<NamespaceUse>,
}

/// A name that is wanted of another module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// As the other module calls it.
    pub(crate) text: String,
    /// Where it is written, in bytes.
    pub(crate) offset: usize,
}

/// A statement with `* as name`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NamespaceUse {
    /// The statement's first byte.
    pub(crate) start: usize,
    /// The byte after it.
    pub(crate) end: usize,
    /// The name that the namespace gets.
    pub(crate) name: String,
    /// `import default, * as name`.
    pub(crate) default: Option<String>,
    /// `export * as name from`.
    pub(crate) exported: bool,
}

/// A syntax error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    /// Byte offset in the text that was parsed.
    pub(crate) offset: usize,
    pub(crate) help: Option<String>,
}

/// Parses JavaScript: as a module first, then as CommonJS, which allows what strict mode does not.
pub(crate) fn analyse(code: &str) -> Result<Facts, Mistake> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::mjs()).parse();
    let Some(mistake) = first_mistake(&parsed.diagnostics) else {
        return Ok(facts(code, &parsed));
    };
    let allocator = Allocator::default();
    let script = Parser::new(&allocator, code, SourceType::cjs()).parse();
    match first_mistake(&script.diagnostics) {
        None if !script.module_record.has_module_syntax => Ok(commonjs_facts(code, &script)),
        // The attempt that came further is the one that the user meant.
        Some(other) if other.offset > mistake.offset => Err(other),
        _ => Err(mistake),
    }
}

/// The mistake that comes first in the text.
pub(crate) fn first_mistake(diagnostics: &Diagnostics) -> Option<Mistake> {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    let mistakes = errors.map(|error| Mistake {
        message: error.message.to_string(),
        offset: error
            .labels
            .first()
            .map_or(0, |label| label.offset() as usize),
        help: error.help.as_ref().map(ToString::to_string),
    });
    mistakes.min_by_key(|mistake| mistake.offset)
}

fn facts(code: &str, parsed: &ParserReturn<'_>) -> Facts {
    let record = &parsed.module_record;
    let has_top_level_await = code.contains("await") && awaits::at_top_level(&parsed.program);
    if !record.has_module_syntax && !has_top_level_await {
        return commonjs_facts(code, parsed);
    }
    Facts {
        kind: Kind::Esm,
        requests: requests(record),
        exports: exports(record),
        has_top_level_await,
        parsed_files: parsed_files(code, &parsed.program),
    }
}

fn commonjs_facts(code: &str, parsed: &ParserReturn<'_>) -> Facts {
    Facts {
        kind: Kind::CommonJs,
        requests: Vec::new(),
        exports: commonjs::export_names(&parsed.program),
        has_top_level_await: false,
        parsed_files: parsed_files(code, &parsed.program),
    }
}

fn parsed_files(code: &str, program: &Program<'_>) -> Vec<usize> {
    if code.contains("JSON") && code.contains("open") {
        parsed_files::find(program)
    } else {
        Vec::new()
    }
}

fn exports(record: &ModuleRecord<'_>) -> Vec<String> {
    let entries = record
        .local_export_entries
        .iter()
        .chain(&record.indirect_export_entries);
    let names = entries.filter_map(|entry| match &entry.export_name {
        ExportExportName::Name(name) => Some(name.name.to_string()),
        ExportExportName::Default(_) => Some("default".to_owned()),
        ExportExportName::Null => None,
    });
    names.collect()
}

fn requests(record: &ModuleRecord<'_>) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    for (specifier, places) in &record.requested_modules {
        let first = places.iter().map(|place| place.span.start).min();
        requests.push(Request {
            specifier: specifier.to_string(),
            offset: first.unwrap_or(0) as usize,
            ..Request::default()
        });
    }
    requests.sort_by_key(|request| request.offset);
    let index: rustc_hash::FxHashMap<String, usize> = requests
        .iter()
        .enumerate()
        .map(|(at, request)| (request.specifier.clone(), at))
        .collect();
    let at = |specifier: &str| index.get(specifier).copied();
    for entry in &record.import_entries {
        let Some(request) = at(&entry.module_request.name).and_then(|at| requests.get_mut(at))
        else {
            continue;
        };
        match &entry.import_name {
            ImportImportName::Name(name) => request.names.push(Name {
                text: name.name.to_string(),
                offset: name.span.start as usize,
            }),
            ImportImportName::Default(span) => request.names.push(Name {
                text: "default".to_owned(),
                offset: span.start as usize,
            }),
            ImportImportName::NamespaceObject => request.namespaces.push(namespace_use(
                entry.statement_span,
                &entry.local_name.name,
                default_beside(record, entry.statement_span),
                false,
            )),
        }
    }
    for entry in record
        .indirect_export_entries
        .iter()
        .chain(&record.star_export_entries)
    {
        let name = entry.module_request.as_ref().map(|request| &request.name);
        let Some(request) = name
            .and_then(|name| at(name))
            .and_then(|at| requests.get_mut(at))
        else {
            continue;
        };
        reexport(request, entry);
    }
    requests
}

fn reexport(request: &mut Request, entry: &ExportEntry<'_>) {
    match (&entry.import_name, &entry.export_name) {
        (ExportImportName::Name(name), _) => request.names.push(Name {
            text: name.name.to_string(),
            offset: name.span.start as usize,
        }),
        (ExportImportName::AllButDefault, _) => request.star = true,
        (ExportImportName::All, ExportExportName::Name(name)) => {
            request
                .namespaces
                .push(namespace_use(entry.statement_span, &name.name, None, true));
        }
        _ => {}
    }
}

fn namespace_use(
    statement: Span,
    name: &str,
    default: Option<String>,
    exported: bool,
) -> NamespaceUse {
    NamespaceUse {
        start: statement.start as usize,
        end: statement.end as usize,
        name: name.to_owned(),
        default,
        exported,
    }
}

/// `a` of `import a, * as b from …`.
fn default_beside(record: &ModuleRecord<'_>, statement: Span) -> Option<String> {
    let mut entries = record.import_entries.iter();
    let entry = entries
        .find(|entry| entry.statement_span == statement && entry.import_name.is_default())?;
    Some(entry.local_name.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &str) -> Kind {
        analyse(code)
            .unwrap_or_else(|mistake| panic!("{code}: {mistake:?}"))
            .kind
    }

    #[test]
    fn modules_are_recognised_by_their_syntax() {
        for code in [
            "import 'k6';",
            "export const a = 1;",
            "export {};",
            "export default 1",
            "const a = import.meta.resolve('./a');",
            "await null;",
            "for await (const a of b) {}",
            "const f = () => 1; { const a = [await f()]; }",
            "class A { [await 1]() {} }",
        ] {
            assert_eq!(kind(code), Kind::Esm, "{code}");
        }
    }

    #[test]
    fn everything_else_is_commonjs() {
        for code in [
            "",
            "module.exports = {}",
            "const a = require('k6')",
            "async function f() { await 1; for await (const a of b) {} }",
            "const f = async () => await 1; class A { async m() { await 1 } }",
            "// import a from 'b'",
            "const a = 'await'",
            "import('./a.js')",
            "return 1",
            "with (a) { b }",
            "var await = 1",
            "a = 010",
            "#!/usr/bin/env k6\nvar a",
        ] {
            assert_eq!(kind(code), Kind::CommonJs, "{code}");
        }
    }

    #[test]
    fn the_attempt_that_came_further_tells_the_mistake() {
        let offset = |code: &str| analyse(code).expect_err(code).offset;
        assert_eq!(offset("import 'a';\nvar x = ;"), 20);
        assert_eq!(offset("var await = 1;\nvar x = ;"), 23);
        assert_eq!(offset("const a = await b();\nvar x = ;"), 29);
        assert_eq!(offset("interface A {}"), 9);
    }

    #[test]
    fn requests_are_collected() {
        let code = "import d, { a, b as c } from './x.js';\nimport * as n from './y.js';\n\
                    import e, * as m from './y.js';\nexport { f as g } from './x.js';\n\
                    export * from './z.js';\nexport * as o from './y.js';\nimport './s.js';\n\
                    import k from 'k6/http';\nexport { k };";
        let facts = analyse(code).expect("a module");
        let names: Vec<_> = facts
            .requests
            .iter()
            .map(|r| r.specifier.as_str())
            .collect();
        assert_eq!(names, ["./x.js", "./y.js", "./z.js", "./s.js", "k6/http"]);
        let wanted = facts.requests[0].names.iter();
        let wanted: Vec<_> = wanted.map(|n| (n.text.as_str(), n.offset)).collect();
        let at = |text: &str| code.find(text).expect(text);
        assert_eq!(
            wanted,
            [("default", 7), ("a", 12), ("b", 15), ("f", at("f as g"))]
        );
        assert!(facts.requests[2].star);
        let statements: Vec<_> = facts.requests[1]
            .namespaces
            .iter()
            .map(|n| (&code[n.start..n.end], n))
            .collect();
        assert_eq!(statements[0].0, "import * as n from './y.js';");
        assert_eq!(statements[0].1.name, "n");
        assert_eq!(statements[1].1.default.as_deref(), Some("e"));
        assert!(statements[2].1.exported);
        assert_eq!(facts.exports, ["g", "o", "k"]);
    }
}
