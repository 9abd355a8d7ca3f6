//! ES modules, CommonJS and `open()`.

use brunt_engine::Outcome;

use crate::harness::Script;

#[test]
fn commonjs_and_es_modules_import_each_other() {
    let script = "import cjs, { named } from './lib.cjs.js'; import * as all from './lib.cjs.js';\n\
         export default function () { console.log(cjs.named, named, Object.keys(all).includes('named')); }";
    let run = Script::js(script)
        .file(
            "lib.cjs.js",
            "const { value } = require('./sub/esm.js'); exports.named = value + 1;",
        )
        .file("sub/esm.js", "export const value = 41;")
        .run(1);
    assert_eq!(run.log, ["info: 42 42 true"]);
}

#[test]
fn a_commonjs_script_runs_too_and_cycles_see_what_is_there() {
    let script = "const a = require('./a.js'); module.exports = { default() { console.log(a.done, a.seen, typeof require('./a.js')); } };";
    let run = Script::js(script)
        .file("a.js", "exports.early = 1; const b = require('./b.js'); exports.seen = b.seen; exports.done = true;")
        .file("b.js", "exports.seen = require('./a.js').early;")
        .run(1);
    // After init there is no require any more.
    assert!(run.error().contains("init stage"), "{:?}", run.log);
    let script =
        "const a = require('./a.js'); exports.default = () => console.log(a.done, a.seen);";
    let run = Script::js(script)
        .file("a.js", "exports.early = 1; const b = require('./b.js'); exports.seen = b.seen; exports.done = true;")
        .file("b.js", "exports.seen = require('./a.js').early;")
        .run(1);
    assert_eq!(run.log, ["info: true 1"]);
}

#[test]
fn require_is_there_in_es_modules_and_knows_its_file() {
    let run =
        Script::js("import { text } from './sub/esm.js'; export default () => console.log(text);")
            .file(
                "sub/esm.js",
                "export const text = require('./cjs.js').text;",
            )
            .file("sub/cjs.js", "exports.text = 'beside';")
            .run(1);
    assert_eq!(run.log, ["info: beside"]);
}

#[test]
fn module_and_exports_tell_an_es_module_what_is_wrong() {
    for text in [
        "module.exports = {};",
        "exports.a = 1;",
        "typeof module;",
        "module = 1;",
    ] {
        let run = Script::js(format!("{text}\nexport default () => {{}};")).run(0);
        let Outcome::Failed(message) = run.init else {
            panic!("{text}")
        };
        assert!(
            message.starts_with("ReferenceError: a file with import or export"),
            "{message}"
        );
    }
}

#[test]
fn import_meta_resolves_and_dynamic_imports_reject() {
    let run = Script::js(
        "export default async function () { console.log(import.meta.resolve('./x/../y.js').endsWith('/y.js'), import.meta.resolve('k6/http')); \
         try { await import('./sub.js'); console.log('imported'); } catch (e) { console.log(e.name, e.message.startsWith('import() is not supported')); } }",
    )
    .file("sub.js", "export const a = 1;")
    .run(1);
    assert_eq!(run.log, ["info: true k6/http", "info: TypeError true"]);
}

#[test]
fn dynamic_imports_reject_in_the_init_stage_too() {
    let run = Script::js("import './sub.js'; let said; try { await import('./sub.js'); } catch (e) { said = e.name; } export default () => console.log(said);")
        .file("sub.js", "export const a = 1;")
        .run(1);
    assert_eq!(run.log, ["info: TypeError"]);
}

#[test]
fn open_is_relative_to_the_file_that_is_evaluated() {
    let run = Script::js(
        "import { own, read } from './sub/lib.js'; const main = read('./a.txt'); const bin = open('./a.txt', 'b');\n\
         export default () => console.log(own, main, bin instanceof ArrayBuffer, bin.byteLength);",
    )
    .file("a.txt", "top")
    .file("sub/a.txt", "below")
    .file("sub/lib.js", "export const own = open('./a.txt'); export const read = (name) => open(name);")
    .run(1);
    assert_eq!(run.log, ["info: below top true 3"]);
}

#[test]
fn open_is_for_files_in_the_init_stage() {
    for wrong in ["open()", "open('')", "open('./none.txt')", "open('.')"] {
        let run = Script::js(format!("let e; try {{ {wrong}; }} catch (x) {{ e = x; }} export default () => console.log(e.name);")).run(1);
        assert_eq!(run.log, ["info: GoError"], "{wrong}");
    }
    let late = Script::js("export default () => open('./main.js');").run(1);
    assert!(late.error().contains("init stage"), "{:?}", late.log);
}
