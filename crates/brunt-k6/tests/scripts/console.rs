//! How `console` shows values, and at which level.

use crate::harness::Script;

#[test]
fn values_are_shown_on_one_line() {
    let rows = [
        (
            "'text', 1, true, null, undefined",
            "text 1 true null undefined",
        ),
        ("1.5, -0, NaN, 10n, 1e21", "1.5 0 NaN 10 1e+21"),
        ("{}", "{}"),
        ("[]", "[]"),
        (
            "{ a: 1, b: 'x', c: undefined }",
            r#"{ a: 1, b: "x", c: null }"#,
        ),
        (
            "[1, 'x', null, , undefined]",
            r#"[ 1, "x", null, null, null ]"#,
        ),
        ("{ in: { deep: [[]] } }", "{ in: { deep: [ [] ] } }"),
        (
            "() => 1, { f() {} }",
            "[object Function] { f: [object Function] }",
        ),
        ("new Date(0)", r#""1970-01-01T00:00:00.000Z""#),
        ("new Map([[1, 2]]), new Set([1])", "{} {}"),
        ("new Uint8Array(3)", "Uint8Array(3) [ 0, 0, 0 ]"),
        (
            "new Uint8Array([0, 1]).buffer",
            "ArrayBuffer { [Uint8Contents]: <00 01>, byteLength: 2 }",
        ),
        (
            "(() => { const a = { n: 1 }; a.self = a; return a; })()",
            "{ n: 1, self: [Circular] }",
        ),
        ("Symbol('s')", "Symbol(s)"),
        ("'quo\"te', ['quo\"te']", r#"quo"te [ "quo\"te" ]"#),
    ];
    for (expression, wanted) in rows {
        let printed = Script::body(&format!("console.log({expression});")).printed();
        assert_eq!(printed, [wanted], "{expression}");
    }
}

#[test]
fn levels_and_the_source_go_with_a_record() {
    let run = Script::body(
        "console.log(1); console.info(2); console.debug(3); console.warn(4); console.error(5);",
    )
    .run(1);
    assert_eq!(
        run.log,
        ["info: 1", "info: 2", "debug: 3", "warning: 4", "error: 5"]
    );
    assert!(
        run.records
            .iter()
            .all(|it| it.fields == [("source".into(), "console".into())])
    );
}

#[test]
fn an_error_shows_its_stack_in_the_source() {
    let script = "export default function () {\n  console.log(new RangeError('far'));\n}";
    let run = Script::js(script).run(1);
    assert_eq!(
        run.log,
        ["info: RangeError: far\n\tat default (main.js:2:19)"]
    );
}

#[test]
fn a_throwing_to_string_is_the_scripts_error() {
    let run = Script::body("try { console.log({ get a() { throw new Error('no'); } }); } catch (e) { console.log('caught', e.message); }").run(1);
    assert_eq!(run.log, ["info: caught no"]);
}

#[test]
fn a_value_nested_without_end_is_cut() {
    let body = "let a = []; for (let i = 0; i < 100000; i++) a = [a]; console.log(a);";
    let printed = Script::body(body).printed();
    assert!(
        printed[0].contains("[object]") && printed[0].len() < 1000,
        "{}",
        printed[0].len()
    );
}
