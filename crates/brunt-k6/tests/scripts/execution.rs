//! `k6/execution`, and what surrounds an iteration.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use brunt_engine::{Call, Outcome};

use crate::harness::Script;

#[test]
fn a_script_learns_where_it_is() {
    let printed = Script::body(
        "console.log(exec.scenario.name, exec.scenario.executor, exec.scenario.iterationInTest, exec.scenario.progress); \
         console.log(exec.vu.idInInstance, exec.vu.idInTest, exec.vu.iterationInInstance, __VU, __ITER, __ENV.COLOUR);",
    )
    .printed();
    assert_eq!(printed, ["lab shared-iterations 0 0.25", "3 5 0 3 0 red"]);
}

#[test]
fn a_script_that_is_loaded_is_no_virtual_user_yet() {
    let printed = Script::js(
        "import exec from 'k6/execution';
         const refused = [];
         for (const read of [() => exec.vu.idInTest, () => exec.vu.idInInstance,
             () => exec.vu.iterationInInstance, () => exec.vu.iterationInScenario,
             () => exec.vu.tags.group, () => { exec.vu.metrics.metadata.a = 'b'; },
             () => exec.instance.vusActive, () => exec.scenario.name]) {
           try { refused.push(`no: ${read()}`); } catch (e) { refused.push(e.message); }
         }
         export default function () { refused.forEach((it) => console.log(it)); }",
    )
    .printed();
    let vu = "getting VU information is not supported in the init context";
    assert_eq!(printed[..6], [vu; 6]);
    assert!(printed[6].contains("instance information"), "{printed:?}");
    assert!(printed[7].contains("scenario information"), "{printed:?}");
}

#[test]
fn iterations_are_counted() {
    let run = Script::body(
        "console.log(__ITER, exec.vu.iterationInScenario, exec.scenario.iterationInTest);",
    )
    .run(3);
    assert_eq!(run.log, ["info: 0 0 0", "info: 1 1 10", "info: 2 2 20"]);
    assert_eq!(run.values("iterations"), [1.0; 3]);
    assert_eq!(run.values("data_sent"), [0.0; 3]);
}

#[test]
fn an_abort_cannot_be_caught() {
    let run = Script::body("try { exec.test.abort('enough'); } catch (e) { console.log('caught'); } finally { console.log('finally'); }").run(1);
    assert_eq!(run.iterations, [Outcome::Aborted("enough".to_owned())]);
    assert_eq!(run.log, [""; 0]);
}

#[test]
fn a_failed_test_goes_on() {
    let run = Script::body("exec.test.fail('bad numbers'); console.log('on');").run(1);
    assert!(run.state.marked_failed.load(Ordering::Relaxed));
    assert_eq!(
        run.log,
        ["error: test marked as failed: bad numbers", "info: on"]
    );
}

#[test]
fn the_scripts_own_options_show_what_they_came_to() {
    let script = "export const options = { vus: 1, mine: 'kept' };\nexport default function () { console.log(options.vus, options.mine, options.iterations); }";
    let run = Script::js(script)
        .configure(|it| {
            it.exported_options_json = OnceLock::from(Arc::from(r#"{"vus":7,"iterations":9}"#));
        })
        .run(1);
    assert_eq!(run.log, ["info: 7 kept 9"]);
    let frozen = "export const options = Object.freeze({ vus: 1 });\nexport default function () { console.log(options.vus); }";
    let run = Script::js(frozen)
        .configure(|it| it.exported_options_json = OnceLock::from(Arc::from(r#"{"vus":7}"#)))
        .run(1);
    assert_eq!(
        (run.init, run.log),
        (Outcome::Completed(None), vec!["info: 1".to_owned()])
    );
}

#[test]
fn options_of_the_test_cannot_be_changed() {
    let run = Script::body("try { exec.test.options.vus = 3; } catch (e) { console.log(e.name); } console.log(exec.test.options.vus);")
        .configure(|it| it.options_json = OnceLock::from(Arc::from(r#"{"vus":7}"#)))
        .run(1);
    assert_eq!(run.log, ["info: TypeError", "info: 7"]);
}

#[test]
fn setup_data_is_json_with_null_for_undefined() {
    let script = "export function setup() { return { at: new Date(0), gone: undefined, list: [undefined], n: null }; } export default () => {};";
    let run = Script::js(script).call(Call::Setup);
    let json = r#"{"at":"1970-01-01T00:00:00.000Z","gone":null,"list":[null],"n":null}"#;
    assert_eq!(run.iterations, [Outcome::Completed(Some(Arc::from(json)))]);
    let nothing = "export async function setup() {} export default () => {};";
    assert_eq!(
        Script::js(nothing).call(Call::Setup).iterations,
        [Outcome::Completed(None)]
    );
}

#[test]
fn a_virtual_user_keeps_what_it_does_to_its_copy_of_the_data() {
    let script =
        "export default function (data) { data.list.push(2); console.log(data.list.length); }";
    assert_eq!(Script::js(script).run(2).log, ["info: 2", "info: 3"]);
}

#[test]
fn setup_that_throws_says_where() {
    let script =
        "export function setup() {\n  throw new Error('no login');\n}\nexport default () => {};";
    let run = Script::js(script).call(Call::Setup);
    let wanted = "Error: no login\n\tat setup (main.js:2:13)";
    assert_eq!(run.iterations, [Outcome::Failed(wanted.to_owned())]);
    assert_eq!(run.log, [""; 0], "the engine logs it");
}

#[test]
fn a_summary_may_hold_bytes() {
    let script = "export default () => {}; export function handleSummary(d) { return { stdout: d.word, bin: new Uint8Array([1, 255]).buffer, view: new Uint8Array([9, 1, 2]).subarray(1) }; }";
    let run = Script::js(script).call(Call::HandleSummary {
        data: Arc::from(r#"{"word":"w"}"#),
    });
    let json = r#"{"stdout":"w","bin":[1,255],"view":[1,2]}"#;
    assert_eq!(run.iterations, [Outcome::Completed(Some(Arc::from(json)))]);
}
