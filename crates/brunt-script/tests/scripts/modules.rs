//! Loading modules and files: what is found, what is refused, and what the user is told.

use std::sync::Arc;

use crate::project::{BUILTINS, Project, from_text};
use brunt_script::{Entry, ErrorKind, Kind, Loader, Specifier};

#[test]
fn javascript_is_handed_over_unchanged() {
    let main = "import { a } from './lib/a.js';\nimport http from 'k6/http';\n\nexport default () => a(http);\n";
    let project = Project::new(&[("main.js", main), ("lib/a.js", "export const a = 1\n")]);
    let loader = project.loader("main.js");
    assert_eq!(*loader.entry(), project.specifier("main.js"));
    let source = loader.load(loader.entry()).expect("loads");
    assert_eq!(source.kind, Kind::Esm);
    assert_eq!(&*source.code, main);
    assert_eq!(source.exports, ["default"]);
    assert!(!source.has_top_level_await && source.esm_facade.is_none());
    let target = loader
        .resolve(loader.entry(), "./lib/a.js")
        .expect("resolves");
    assert_eq!(target, project.specifier("lib/a.js"));
    assert_eq!(loader.load(&target).expect("loads").exports, ["a"]);
}

#[test]
fn a_byte_order_mark_goes() {
    let project = Project::new(&[("main.js", "\u{feff}export const a = 1;")]);
    let loader = project.loader("main.js");
    assert_eq!(
        &*loader.load(loader.entry()).expect("loads").code,
        "export const a = 1;"
    );
}

#[test]
fn files_are_read_once() {
    let project = Project::new(&[
        ("main.js", "import './a.js'"),
        ("a.js", "export {}"),
        ("d", "1"),
    ]);
    let loader = project.loader("main.js");
    loader.preload().expect("loads");
    let bytes = loader.open(loader.entry(), "d", true).expect("opens");
    for name in ["main.js", "a.js", "d"] {
        std::fs::remove_file(project.dir.path().join(name)).expect("removed");
    }
    let once = loader.load(&project.specifier("a.js")).expect("kept");
    let again = loader.load(&project.specifier("a.js")).expect("kept");
    assert!(Arc::ptr_eq(&once, &again));
    assert!(Arc::ptr_eq(
        &bytes,
        &loader.open(loader.entry(), "./d", true).expect("kept")
    ));
}

#[test]
fn nothing_new_is_loaded_after_sealing() {
    let project = Project::new(&[
        ("main.js", "import './a.js'"),
        ("a.js", "export {}"),
        ("b.js", ""),
        ("data", ""),
        ("other", ""),
    ]);
    let loader = project.loader("main.js");
    loader.preload().expect("loads");
    loader.open(loader.entry(), "data", true).expect("opens");
    loader.seal();
    loader
        .load(&project.specifier("a.js"))
        .expect("loaded before");
    loader
        .open(loader.entry(), "data", true)
        .expect("opened before");
    for error in [
        loader
            .load(&project.specifier("b.js"))
            .expect_err("new module"),
        loader
            .open(loader.entry(), "other", true)
            .expect_err("new file"),
    ] {
        assert_eq!(error.kind, ErrorKind::Sealed);
        assert!(
            error
                .message
                .contains("not previously resolved during initialization"),
            "{error}"
        );
    }
}

#[test]
fn cycles_and_diamonds_end() {
    let project = Project::new(&[
        ("main.js", "import './a.js'; import './b.js';"),
        ("a.js", "import { b } from './b.js'; export const a = 1;"),
        (
            "b.js",
            "import { a } from './a.js'; import './main.js'; export const b = 1;",
        ),
    ]);
    project.loader("main.js").preload().expect("loads");
}

#[test]
fn a_bad_import_is_shown_where_it_is_written() {
    let table = [
        (
            "import x from './gone.js'",
            ErrorKind::Missing,
            "gone.js: there is no such file",
        ),
        (
            "import x from './dir'",
            ErrorKind::Missing,
            "it is a directory",
        ),
        ("import x from 'lodash'", ErrorKind::Specifier, "\"lodash\""),
        (
            "import x from 'k6/htpp'",
            ErrorKind::UnknownBuiltin,
            "unknown module \"k6/htpp\"",
        ),
        ("import x from './x.json'", ErrorKind::Syntax, "JSON"),
        (
            "export * from 'https://jslib.k6.io/x.js'",
            ErrorKind::Specifier,
            "not supported yet",
        ),
    ];
    for (import, kind, message) in table {
        let code = format!("// a comment\n  {import};\n");
        let project = Project::new(&[
            ("main.js", "import './sub/helper.js'"),
            ("sub/helper.js", &code),
            ("sub/dir/index.js", ""),
        ]);
        let error = project.loader("main.js").preload().expect_err(import);
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(error.kind.exit_code(), 107);
        assert!(error.message.contains(message), "{error}");
        let position = error.position.as_ref().expect("a position");
        assert_eq!(
            position.file.as_ref(),
            project.specifier("sub/helper.js").as_str()
        );
        let quote = import.find('\'').expect("a quote") as u32;
        assert_eq!((position.line, position.column), (2, 3 + quote), "{error}");
        let excerpt = error.excerpt.as_ref().expect("an excerpt");
        assert!(excerpt.contains(import), "{error}");
    }
}

#[test]
fn all_unknown_modules_are_named_at_once() {
    let project = Project::new(&[
        ("main.js", "import 'k6/one'; import './a.js';"),
        ("a.js", "import 'k6/two'; import 'k6/one'; import 'k6/http'"),
    ]);
    let error = project.loader("main.js").preload().expect_err("unknown");
    assert_eq!(error.message, "unknown modules \"k6/one\", \"k6/two\"");
}

#[test]
fn a_mistake_in_a_module_is_its_own() {
    let project = Project::new(&[
        ("main.js", "import './a.js'"),
        ("a.js", "export default function () {\n  const x = ;\n}\n"),
    ]);
    let error = project.loader("main.js").preload().expect_err("a mistake");
    let expected = format!(
        "SyntaxError: Unexpected token\n  at {}:2:13\n  2 |   const x = ;\n    |             ^",
        project.specifier("a.js")
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind.exit_code(), 107);
}

#[test]
fn a_missing_main_script_has_its_own_exit_code() {
    let project = Project::new(&[("sub/a.js", "")]);
    for name in ["there-is-none.js", "sub"] {
        let error = project.open(name).expect_err(name);
        assert_eq!(error.kind.exit_code(), 255);
        assert!(error.message.contains(name), "{error}");
    }
}

#[test]
fn text_that_is_no_script_is_refused() {
    for (bytes, message) in [
        (&b"a\n\xff"[..], "not UTF-8: see line 2"),
        (&b"a\0b"[..], "NUL"),
        (&b"{\"a\": 1}"[..], ""),
    ] {
        let error = from_text(bytes).expect_err("no script");
        assert_eq!(error.kind, ErrorKind::Syntax);
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.help.is_some() || message.is_empty(), "{error}");
    }
}

#[test]
fn code_that_nests_too_deeply_is_an_error() {
    for unit in ["[", "(", "a=>", "{", "!", "`${"] {
        let error = from_text(unit.repeat(200_000)).expect_err(unit);
        assert_eq!(error.kind, ErrorKind::Syntax);
        assert!(error.message.contains("nested too deeply"), "{error}");
        assert!(error.to_string().len() < 1_000, "{error}");
    }
}

#[test]
fn standard_input_is_in_the_working_directory() {
    let project = Project::new(&[("a.ts", "export const a: number = 1")]);
    let entry = Entry::Text {
        text: b"import { a } from './a.ts'; const b: number = a; export { b };".to_vec(),
        cwd: project.dir.path().to_owned(),
    };
    let loader = Loader::new(entry, BUILTINS).expect("a loader");
    assert_eq!(*loader.entry(), project.specifier("-"));
    assert_eq!(loader.load(loader.entry()).expect("loads").exports, ["b"]);
    project.write("data.txt", b"text");
    assert_eq!(
        &*loader
            .open(loader.entry(), "data.txt", true)
            .expect("opens"),
        b"text"
    );
}

#[test]
fn open_reads_files_and_says_why_not() {
    let project = Project::new(&[("sub/main.js", ""), ("sub/100% ü#1.txt", "a"), ("b", "b")]);
    let loader = project.loader("sub/main.js");
    let open = |path: &str| loader.open(loader.entry(), path, true);
    assert_eq!(&*open("./100% ü#1.txt").expect("opens"), b"a");
    assert_eq!(&*open("../b").expect("opens"), b"b");
    assert_eq!(&*open(&project.path("b")).expect("opens"), b"b");
    assert_eq!(
        &*open(project.specifier("b").as_str()).expect("opens"),
        b"b"
    );
    let table = [
        ("", "needs the name of a file"),
        ("../sub", "it is a directory"),
        ("./none.txt", "there is no such file"),
        ("https://host/file", "no name of a local file"),
        ("a\0b", ""),
    ];
    for (path, message) in table {
        let error = open(path).expect_err(path);
        assert_eq!(error.kind, ErrorKind::Open);
        assert!(error.message.contains(message), "{error}");
        assert!(error.message.contains(path), "{error}");
    }
}

#[test]
fn files_can_have_any_name() {
    let project = Project::new(&[
        (
            "a b/main ü.js",
            "import { a } from './100%25 #1.js'; import { b } from './q.js?v=1';",
        ),
        ("a b/q.js", "export const b = 1"),
    ]);
    project.write("a b/100% ", b"export const a = 1");
    let loader = project.loader("a b/main ü.js");
    // `#1.js` is a fragment, as in any URL.
    let target = loader
        .resolve(loader.entry(), "./100%25%20")
        .expect("resolves");
    loader.load(&target).expect("loads");
    let target = loader
        .resolve(loader.entry(), "./q.js?v=1")
        .expect("resolves");
    assert_eq!(loader.load(&target).expect("loads").exports, ["b"]);
}

#[test]
fn unknown_places_stay_as_they_are() {
    let project = Project::new(&[("main.js", "export const ä = 1; f()")]);
    let loader = project.loader("main.js");
    loader.preload().expect("loads");
    let place = loader.map("elsewhere", 3, 4);
    assert_eq!(place.to_string(), "elsewhere:3:4");
    assert_eq!(loader.excerpt(&place), None);
    let place = loader.map(loader.entry().as_str(), 1, 21);
    assert_eq!((place.line, place.column), (1, 21), "characters, not bytes");
    assert!(
        loader
            .excerpt(&place)
            .expect("known")
            .ends_with(&format!("{}^", " ".repeat(20)))
    );
    let place = loader.map(loader.entry().as_str(), 99, 99);
    assert_eq!(place.line, 99);
}

#[test]
fn built_in_modules_have_no_source() {
    let (loader, _) = from_text("import 'k6'").expect("loads");
    let specifier = loader.resolve(loader.entry(), "k6").expect("resolves");
    assert!(specifier.is_builtin());
    assert_eq!(
        loader.load(&specifier).expect_err("no file").kind,
        ErrorKind::Specifier
    );
    assert!(!Specifier::from("k6-utils").is_builtin());
}

#[test]
fn a_loader_is_shared_by_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let project = Project::new(&[
        ("main.js", "import './a.js'"),
        ("a.js", "export const a = 1"),
    ]);
    let loader = project.loader("main.js");
    shared(&loader);
    let sources: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| loader.load(loader.entry()).expect("loads")))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert!(
        sources
            .iter()
            .all(|source| Arc::ptr_eq(source, &sources[0]))
    );
}

#[test]
fn a_name_that_is_not_exported_is_shown_where_it_is_imported() {
    fn exports(module: &str) -> Option<&'static [&'static str]> {
        (module == "k6/http").then_some(&["get", "post"])
    }
    let table = [
        (
            "import { one, twoo } from './a.js'",
            "twoo",
            "did you mean \"two\"?",
        ),
        (
            "export { one as two, three } from './a.js'",
            "three",
            "it exports one, two",
        ),
        ("import a from './a.js'", "default", "import by name"),
        (
            "import { one, four } from './star.js'",
            "four",
            "it exports nothing",
        ),
        (
            "import { default as d } from './star.js'",
            "default",
            "nothing",
        ),
        (
            "import { gett } from 'k6/http'",
            "gett",
            "did you mean \"get\"?",
        ),
    ];
    for (import, name, help) in table {
        let code = format!("// a comment\n {import};\n");
        let project = Project::new(&[
            ("main.js", code.as_str()),
            ("a.js", "export const one = 1; export function two() {}"),
            (
                "star.js",
                "export * from './a.js'; export * from './star.js'",
            ),
        ]);
        let loader = project.loader("main.js").with_builtin_exports(exports);
        let error = loader.preload().expect_err(import);
        assert_eq!(
            (error.kind, error.kind.exit_code()),
            (ErrorKind::Syntax, 107)
        );
        assert!(
            error
                .message
                .ends_with(&format!("no export named \"{name}\"")),
            "{error}"
        );
        assert!(
            error.help.as_ref().is_some_and(|it| it.contains(help)),
            "{error}"
        );
        let position = error.position.as_ref().expect("a position");
        let written = import.find(if import.starts_with("import a") {
            "a "
        } else {
            name
        });
        let column = 2 + written.expect(name) as u32;
        assert_eq!((position.line, position.column), (2, column), "{error}");
    }
}

#[test]
fn names_that_may_be_there_are_no_mistake() {
    let project = Project::new(&[
        (
            "main.js",
            "import d, { one, late } from './c.js'; import { one as o } from './star.js';
             import http, { get, anything } from 'k6/http'; import { s } from './star.js'",
        ),
        ("a.js", "export const one = 1"),
        ("c.js", "module.exports = make()"),
        ("star.js", "export * from './a.js'; export * from './c.js'"),
    ]);
    project.loader("main.js").preload().expect("loads");
}

#[test]
fn what_is_no_script_file_is_refused_with_a_way_out() {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let project = Project::new(&[]);
    project.write("test.tar", &tar);
    let error = project.open("test.tar").expect_err("an archive");
    assert!(error.to_string().contains("is an archive"), "{error}");
    for name in [
        "https://example.com/script.js",
        "http://example.com/script.js",
    ] {
        let error = Loader::new(Entry::Path(name.into()), BUILTINS).expect_err(name);
        assert_eq!(error.kind.exit_code(), 255);
        assert!(error.to_string().contains("download it"), "{error}");
    }
}

#[test]
fn a_file_that_is_not_kept_is_read_again_even_after_sealing() {
    let project = Project::new(&[("main.js", ""), ("rows", "1")]);
    let loader = project.loader("main.js");
    loader.preload().expect("loads");
    loader.open(loader.entry(), "rows", false).expect("opens");
    loader.seal();
    std::fs::write(project.dir.path().join("rows"), "2").expect("written");
    let again = loader.open(loader.entry(), "rows", true).expect("opens");
    assert_eq!(&*again, b"2");
    std::fs::remove_file(project.dir.path().join("rows")).expect("removed");
    let kept = loader.open(loader.entry(), "rows", false).expect("kept");
    assert_eq!(&*kept, b"2");
}
