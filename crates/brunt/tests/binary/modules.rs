//! Loading: what can be imported, what cannot, and what the user is told.

use crate::support::Brunt;

#[test]
fn a_missing_export_is_shown_where_it_is_imported() {
    let script = "import http from 'k6/http';\nimport {\n  check,\n  checkk } from 'k6';\nexport default function () {}";
    Brunt::script(script).run().expect(107).one_error(&[
        "\"k6\" has no export named \"checkk\"",
        "script.js:4:3",
        "did you mean \"check\"?",
    ]);
    let run = Brunt::script("import { one } from './own.js';\nexport default function () {}");
    run.file("own.js", "export const two = 2;")
        .run()
        .expect(107)
        .one_error(&["./own.js", "script.js:1:10", "it exports two"]);
}

#[test]
fn what_is_not_loaded_says_why_and_what_to_do() {
    let import = |from: &str| format!("import a from '{from}';\nexport default function () {{}}");
    for (from, texts) in [
        (
            "https://jslib.k6.io/k6-utils/1.4.0/index.js",
            &["https://jslib.k6.io", "script.js:1:15"][..],
        ),
        ("lodash", &["lodash", "script.js:1:15"]),
        ("./data.json", &["JSON", "open"]),
        ("./helper", &["helper.js", "did you mean"]),
        ("k6/x/sql", &["k6/x/sql", "extensions"]),
    ] {
        let run = Brunt::script(import(from))
            .file("helper.js", "")
            .file("data.json", "{}");
        run.run().expect(107).one_error(texts);
    }
    let remote = Brunt::bare("https://example.com/script.js")
        .run()
        .expect(255);
    remote.one_error(&["https://example.com/script.js", "download it"]);
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let archive = Brunt::named("test.tar", tar).run().expect(255);
    archive.one_error(&["test.tar is an archive"]);
}

#[test]
fn the_global_called_global_is_there_unless_the_mode_is_base() {
    let script =
        "export default function () { console.log(typeof global, globalThis === globalThis); }";
    let run = Brunt::script(script).run().expect(0);
    assert_eq!(run.console(), ["object true"]);
    let run = Brunt::script(script)
        .args(&["--compatibility-mode", "base"])
        .run()
        .expect(0);
    assert_eq!(run.console(), ["undefined true"]);
    let run = Brunt::script(script).variable("K6_COMPATIBILITY_MODE", "experimental_enhanced");
    let run = run.run().expect(0);
    assert_eq!(run.console(), ["object true"]);
    assert!(
        run.messages("warning")[0].contains("extended"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_helper_that_opens_a_file_beside_itself_is_told_where_the_path_starts() {
    let script = "import { read } from './lib/read.js';\nconst text = read('./data.txt');\nexport const options = { vus: 3, iterations: 3 };\nexport default function () { console.log(text); }";
    let run = Brunt::script(script)
        .file("data.txt", "from the script's folder")
        .file("lib/read.js", "export const read = (name) => open(name);")
        .run()
        .expect(0);
    assert_eq!(run.console(), ["from the script's folder"; 3]);
    // Once, not for each virtual user.
    let warnings = run.messages("warning");
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}")
    };
    for text in ["open('./data.txt')", "read.js", "import.meta.resolve()"] {
        assert!(warning.contains(text), "{warning}");
    }
}
