//! Where options come from, and which source wins.

use crate::support::Brunt;

const SHOW: &str = "import exec from 'k6/execution';
export const options = { tags: { from: 'script' } };
export default function () {
  console.log(`${exec.test.options.userAgent} ${__ENV.NAME} ${exec.test.options.tags.from}`);
}";

#[test]
fn flags_win_over_variables_over_the_script_over_the_config_file() {
    let config = r#"{ "userAgent": "config", "tags": { "from": "config" } }"#;
    let with_config = || {
        Brunt::script(SHOW)
            .file("c.json", config)
            .args(&["--config", "c.json"])
    };
    let run = with_config().run().expect(0);
    assert_eq!(run.console(), ["config undefined script"]);
    let run = with_config()
        .variable("K6_USER_AGENT", "variable")
        .run()
        .expect(0);
    assert_eq!(run.console(), ["variable undefined script"]);
    let run = with_config().variable("K6_USER_AGENT", "variable").args(&[
        "--user-agent",
        "flag",
        "--tag",
        "from=flag",
    ]);
    assert_eq!(run.run().expect(0).console(), ["flag undefined flag"]);
    let run = Brunt::script(SHOW)
        .file("c.json", config)
        .variable("K6_CONFIG", "c.json")
        .run();
    assert_eq!(run.expect(0).console(), ["config undefined script"]);
}

#[test]
fn env_holds_the_environment_and_e_wins() {
    let run = Brunt::script(SHOW)
        .variable("NAME", "system")
        .args(&["--user-agent", "x"])
        .run();
    assert_eq!(run.expect(0).console(), ["x system script"]);
    let run = Brunt::script(SHOW)
        .variable("NAME", "system")
        .env_flag("NAME", "a=b");
    assert_eq!(
        run.args(&["--user-agent", "x"]).run().expect(0).console(),
        ["x a=b script"]
    );
    let args = ["--include-system-env-vars=false", "--user-agent", "x"];
    let run = Brunt::script(SHOW)
        .variable("NAME", "system")
        .args(&args)
        .run();
    assert_eq!(run.expect(0).console(), ["x undefined script"]);
}

#[test]
fn iterations_and_vus_come_from_variables_and_flags() {
    let script = "export default function () { console.log(`${__VU}`); }";
    let run = Brunt::script(script)
        .variable("K6_ITERATIONS", "3")
        .variable("K6_VUS", "1")
        .run();
    assert_eq!(run.expect(0).console().len(), 3);
    let run = Brunt::script(script)
        .variable("K6_ITERATIONS", "3")
        .args(&["-i", "5"])
        .run();
    assert_eq!(run.expect(0).console().len(), 5);
}

#[test]
fn a_config_file_that_cannot_be_used_is_an_error() {
    let script = "export default function () { console.log('ran'); }";
    let absent = Brunt::script(script)
        .args(&["--config", "absent.json"])
        .run();
    assert!(
        absent.code != 0 && absent.console().is_empty(),
        "{}",
        absent.stderr
    );
    absent.one_error(&["absent.json"]);
    let broken = Brunt::script(script)
        .file("c.json", "{ \"vus\": ")
        .args(&["--config", "c.json"]);
    let broken = broken.run();
    assert!(
        broken.code != 0 && broken.console().is_empty(),
        "{}",
        broken.stderr
    );
    broken.one_error(&["c.json"]);
    let wrong = Brunt::script(script).file("c.json", r#"{ "vus": "x" }"#);
    wrong
        .args(&["--config", "c.json"])
        .run()
        .expect(104)
        .one_error(&["vus"]);
}

#[test]
fn a_wrong_flag_or_variable_says_which() {
    let script = "export default function () { console.log('ran'); }";
    let run = Brunt::script(script).args(&["--vus", "many"]).run();
    assert!(
        run.code == 104 || run.code == 255,
        "{}: {}",
        run.code,
        run.stderr
    );
    assert!(
        run.stderr.contains("--vus") && run.stderr.contains("many"),
        "{}",
        run.stderr
    );
    let run = Brunt::script(script)
        .variable("K6_DURATION", "soon")
        .run()
        .expect(104);
    run.one_error(&["K6_DURATION", "soon"]);
}

#[test]
fn a_script_from_standard_input_runs_typescript_too_and_imports_from_here() {
    let script = "import { two } from './two.js';
        const a: number = two;
        export default function () { console.log(`${a}`); }";
    let run = Brunt::bare("-")
        .stdin(script)
        .file("two.js", "export const two = 2;")
        .run();
    assert_eq!(run.expect(0).console(), ["2"]);
}

#[test]
fn setup_and_teardown_can_be_left_out() {
    let script = "export function setup() { console.log('setup'); return 5; }
        export default function (data) { console.log(`data ${data}`); }
        export function teardown() { console.log('teardown'); }";
    let run = Brunt::script(script).run().expect(0);
    assert_eq!(run.console(), ["setup", "data 5", "teardown"]);
    let run = Brunt::script(script)
        .args(&["--no-setup", "--no-teardown"])
        .run()
        .expect(0);
    assert_eq!(run.console(), ["data undefined"]);
}
