//! Errors: at the places in the user's own source, once, and never the end of the process.

use brunt_engine::{Level, Outcome};

use crate::harness::Script;

#[test]
fn an_iteration_that_throws_is_logged_once_with_its_place() {
    let run = Script::js("export default function () {\n  undefined.x;\n}").run(2);
    let errors: Vec<_> = run
        .records
        .iter()
        .filter(|it| it.level == Level::Error)
        .collect();
    assert_eq!(errors.len(), 2, "once for each iteration");
    let fields: Vec<(&str, &str)> = errors[0]
        .fields
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .collect();
    let wanted = [
        ("executor", "shared-iterations"),
        ("scenario", "lab"),
        ("source", "stacktrace"),
        ("hint", "script exception"),
    ];
    assert_eq!(fields, wanted);
    assert!(
        run.log[0].contains("TypeError: cannot read property 'x' of undefined"),
        "{}",
        run.log[0]
    );
    assert!(
        run.log[0].contains("at default (main.js:2:"),
        "{}",
        run.log[0]
    );
    assert_eq!(run.values("iterations"), [1.0, 1.0], "they count");
}

#[test]
fn typescript_shows_the_lines_that_the_user_wrote() {
    let run = Script::ts(
        "import { boom } from './helper.ts';\nenum Colour { Red, Green }\n\ninterface Unused { a: number }\nexport default function (): void {\n  boom(Colour.Green as number);\n}",
    )
    .file("helper.ts", "// one\nexport type T = { n: number };\nexport function boom(n: number): never {\n  const t: T = { n };\n  throw new TypeError('boom ' + t.n);\n}")
    .run(1);
    let error = run.error();
    assert!(
        error.starts_with("TypeError: boom 1\n\tat boom (helper.ts:5:"),
        "{error}"
    );
    assert!(error.contains("\tat default (main.ts:6:"), "{error}");
}

#[test]
fn a_failed_init_says_where() {
    let run = Script::js("const a = 1;\nnull.x;\nexport default () => {};").run(0);
    let Outcome::Failed(message) = run.init else {
        panic!("{:?}", run.init)
    };
    assert!(message.contains("\tat main.js:2:"), "{message}");
    let run = Script::js("const x = require('./nope.js');\nexport default () => {};").run(0);
    let Outcome::Failed(message) = run.init else {
        panic!("{:?}", run.init)
    };
    assert!(
        message.contains("nope.js") && message.contains("main.js:1:"),
        "{message}"
    );
}

#[test]
fn a_syntax_error_has_an_excerpt() {
    let error = Script::js("export default function () {\n  let x = ;\n}").load_error();
    assert_eq!(
        error,
        "SyntaxError: Unexpected token\n  at main.js:2:11\n  2 |   let x = ;\n    |           ^"
    );
}

#[test]
fn a_caught_load_error_does_not_come_back() {
    let run = Script::js("try { require('./nope.js'); } catch (e) {}\nexport default () => { throw new Error('another'); };").run(1);
    assert!(run.error().starts_with("Error: another\n"), "{:?}", run.log);
}

#[test]
fn unbounded_recursion_is_an_error_of_the_script() {
    let run =
        Script::body("if (__ITER === 0) { (function f() { f(); })(); } console.log('alive');")
            .run(2);
    assert!(
        run.error()
            .starts_with("RangeError: Maximum call stack size exceeded"),
        "{:?}",
        run.log
    );
    assert_eq!(run.log[1], "info: alive");
}

#[test]
fn recursion_through_the_engine_and_the_host_is_one_too() {
    for body in [
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a);",
        "const o = { toString() { return String(o); } }; console.log(`${o}`);",
        "const f = () => group('g', f); f();",
        "const f = () => check(1, { f }); f();",
        "const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o);",
        "JSON.parse('['.repeat(1e6));",
        "const p = new Proxy({}, { get: (t, k) => p[k] }); p.x;",
    ] {
        let run = Script::body(body).run(1);
        let error = run.error();
        let known = error.starts_with("RangeError")
            || error.starts_with("InternalError")
            || error.starts_with("SyntaxError");
        assert!(known, "{body}: {error}");
    }
}

#[test]
fn memory_has_a_limit_that_ends_an_iteration_only() {
    let run = Script::body("if (__ITER === 0) { const a = []; for (;;) a.push(new Array(1000).fill(1)); } console.log('alive');")
        .memory(16 << 20)
        .run(2);
    assert!(
        run.error()
            .starts_with("out of memory: the VU needs more than the 16 MiB"),
        "{:?}",
        run.log
    );
    assert_eq!(run.log[1], "info: alive");
}

#[test]
fn whatever_is_thrown_gets_described() {
    for (thrown, wanted) in [
        ("null", "null"),
        ("undefined", "undefined"),
        ("'text'", "text"),
        ("42", "42"),
        ("Symbol('s')", "symbol"),
        ("{ code: 3 }", r#"{"code":3}"#),
        (
            "{ toString() { throw 1; } }",
            "[object] (its toString throws)",
        ),
        (
            "{ get message() { throw 1; }, toString() { return 'own'; } }",
            "own",
        ),
        (
            "new Proxy({}, { get() { throw 1; } })",
            "[object] (its toString throws)",
        ),
        ("{ message: 'like an error' }", "like an error"),
    ] {
        let run = Script::body(&format!("throw {thrown};")).run(1);
        assert_eq!(run.error().lines().next(), Some(wanted), "{thrown}");
    }
}
