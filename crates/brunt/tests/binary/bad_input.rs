//! Scripts that cannot be loaded: one readable error, with its place, and the right exit code.

use crate::support::Brunt;

#[test]
fn a_syntax_error_shows_file_line_column_and_the_line() {
    let script = "import http from 'k6/http';\nexport default function () {\n  let a = ;\n}\n";
    let run = Brunt::script(script).run().expect(107);
    run.one_error(&["script.js:3:11", "let a = ;"]);
    let imported = "export function broken( {\n";
    let script = "import { broken } from './lib/broken.js';\nexport default broken;";
    let run = Brunt::script(script)
        .file("lib/broken.js", imported)
        .run()
        .expect(107);
    run.one_error(&["broken.js:2:1", "Expected `}`"]);
}

#[test]
fn a_missing_module_is_named_with_who_wants_it() {
    let cases: [(&str, &[&str]); 6] = [
        ("./absent.js", &["absent.js", "script.js:1:"]),
        ("k6/absent", &["k6/absent"]),
        ("k6/x/sql", &["k6/x/sql"]),
        ("lodash", &["lodash"]),
        ("k6/browser", &["k6/browser"]),
        ("http://127.0.0.1/a.js", &["http://127.0.0.1/a.js"]),
    ];
    for (module, expected) in cases {
        let script = format!("import x from '{module}';\nexport default function () {{}}\n");
        Brunt::script(script).run().expect(107).one_error(expected);
    }
}

#[test]
fn a_missing_export_is_named() {
    let script = "import { gett } from 'k6/http';\nexport default function () { gett(); }\n";
    Brunt::script(script).run().expect(107).one_error(&["gett"]);
}

#[test]
fn a_script_that_is_no_script() {
    Brunt::script("")
        .run()
        .expect(255)
        .one_error(&["no exported functions"]);
    let folder = Brunt::bare("scripts").file("scripts/a.js", "");
    let run = folder.run();
    assert!(
        run.code == 255 || run.code == 107,
        "{}: {}",
        run.code,
        run.stderr
    );
    run.one_error(&["scripts", "directory"]);
    let not_utf8 = b"export default function () {}\n// \xff\xfe\n";
    let run = Brunt::script(not_utf8).run();
    assert!(
        run.code == 107 || run.code == 255,
        "{}: {}",
        run.code,
        run.stderr
    );
    run.one_error(&["script.js", "UTF-8"]);
}

#[test]
fn open_of_what_is_not_there() {
    let script = "const data = open('./absent.csv');\nexport default function () {}\n";
    Brunt::script(script)
        .run()
        .expect(107)
        .one_error(&["absent.csv", "script.js:1:"]);
    let script = "export default function () { open('./script.js'); }\n";
    let run = Brunt::script(script).run().expect(0);
    run.one_error(&["init", "open"]);
}

#[test]
fn modules_that_import_each_other_work() {
    let script = "import { even } from './even.js';
        export default function () { console.log(even(10)); }";
    let even = "import { odd } from './odd.js';
        export function even(n) { return n === 0 ? true : odd(n - 1); }";
    let odd = "import { even } from './even.js';
        export function odd(n) { return n === 0 ? false : even(n - 1); }";
    let run = Brunt::script(script)
        .file("even.js", even)
        .file("odd.js", odd)
        .run()
        .expect(0);
    assert_eq!(run.console(), ["true"]);
    let selfish = "import { me as self } from './script.js'; export const me = 1;
        export default function () { console.log(self); }";
    Brunt::script(selfish).run().expect(0);
}

#[test]
fn a_script_of_ten_megabytes_runs() {
    let line = "// a comment that is as long as a line is allowed to be in most houses..........\n";
    let mut script = line.repeat(10 * 1024 * 1024 / line.len());
    script.push_str("export default function () { console.log('ran'); }\n");
    let run = Brunt::script(script).run().expect(0);
    assert_eq!(run.console(), ["ran"]);
}

#[test]
fn deep_nesting_in_the_source_is_an_error() {
    for (open, close) in [("[", "]"), ("(", ")"), ("{a:", "}"), ("-", ""), ("x=>", "")] {
        let depth = 100_000;
        let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let script = format!("const a = {value};\nexport default function () {{}}");
        let run = Brunt::script(script).run();
        assert!(
            run.code == 107 || run.code == 0,
            "{open}: {}: {}",
            run.code,
            run.stderr
        );
    }
}

#[test]
fn typescript_errors_are_where_the_user_wrote_them() {
    let script = "interface Reply {\n  status: number;\n}\n\ntype Id<T> = T;\n
export default function (): void {\n  const a: Id<Reply> = null as any;\n  a.status;\n}\n";
    let run = Brunt::named("test.ts", script).run().expect(0);
    run.one_error(&["test.ts:9:"]);
    let script = "const a: number = 1;\nexport default function (): void {\n  const b: = 2;\n}\n";
    let run = Brunt::named("test.ts", script).run().expect(107);
    run.one_error(&["test.ts:3:", "const b: = 2;"]);
}

#[test]
fn an_error_in_a_chain_of_files_names_all_of_them() {
    let script =
        "import { outer } from './lib/outer.ts';\nexport default function () { outer(); }\n";
    let outer =
        "import { inner } from './inner.js';\nexport const outer = (): void => {\n  inner();\n};\n";
    let inner = "export function inner() {\n  throw new TypeError('from within');\n}\n";
    let run = Brunt::script(script)
        .file("lib/outer.ts", outer)
        .file("lib/inner.js", inner);
    let run = run.run().expect(0);
    run.one_error(&[
        "TypeError: from within",
        "inner.js:2:",
        "outer.ts:3:",
        "script.js:2:",
    ]);
}
