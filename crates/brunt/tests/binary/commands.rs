//! Commands beside `run`, and the flags that try a script.

use serde_json::{Value, json};

use crate::support::{Brunt, Finished};

fn json_of(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

const SCENARIOS: &str = "import exec from 'k6/execution';
export const options = {
  scenarios: {
    a: { executor: 'constant-vus', vus: 3, duration: '10m', startTime: '1s', exec: 'work', tags: { kind: 'x' } },
    b: { executor: 'constant-arrival-rate', rate: 100, duration: '20m', preAllocatedVUs: 4, maxVUs: 9, exec: 'work' },
    c: { executor: 'per-vu-iterations', vus: 2, iterations: 3, exec: 'work' },
  },
  thresholds: { checks: ['rate>0.9'] },
};
export function work() { console.log(exec.scenario.name); }";

#[test]
fn inspect_prints_the_scripts_own_options() {
    let run = Brunt::script(SCENARIOS).instead("inspect").run().expect(0);
    let options = json_of(&run);
    assert_eq!(options["scenarios"]["b"]["rate"], 100);
    assert_eq!(options["scenarios"]["a"]["startTime"], "1s");
    assert_eq!(options["thresholds"], json!({ "checks": ["rate>0.9"] }));
    assert!(options.as_object().unwrap().contains_key("vus") && options["vus"].is_null());
    assert!(run.console().is_empty());
}

#[test]
fn inspect_tells_what_a_test_needs() {
    let needs = |script: &str, args: &[&str]| {
        let run = Brunt::script(script).instead("inspect").args(args).run();
        let needs = json_of(&run.expect(0));
        (needs["maxVUs"].clone(), needs["totalDuration"].clone())
    };
    let flag = "--execution-requirements";
    assert_eq!(needs(SCENARIOS, &[flag]), (json!(14), json!("20m30s")));
    assert_eq!(
        needs(SCENARIOS, &[flag, "--scenario", "c"]),
        (json!(2), json!("10m30s"))
    );
    let plain = "export default function () {}";
    assert_eq!(
        needs(plain, &[flag, "--vus", "7", "--duration", "5s"]),
        (json!(7), json!("35s"))
    );
}

#[test]
fn inspect_names_what_is_wrong() {
    let run = Brunt::bare("absent.js").instead("inspect").run();
    run.expect(255).one_error(&["absent.js"]);
    let script = "export const options = { vus: 'many' }; export default function () {}";
    let run = Brunt::script(script).instead("inspect").run();
    run.expect(104).one_error(&["vus"]);
}

#[test]
fn a_new_script_runs_and_is_not_overwritten() {
    for template in ["minimal", "protocol"] {
        let new = Brunt::command("new").args(&["--template", template, "own.js"]);
        let written = new.run().expect(0);
        let script = written.read("own.js");
        let inspected = Brunt::script(&script).instead("inspect").run().expect(0);
        assert!(json_of(&inspected)["hosts"].is_null());
        let again = Brunt::command("new")
            .args(&["own.js"])
            .file("own.js", "mine");
        let again = again.run().expect(255);
        assert_eq!(again.read("own.js"), "mine");
        again.one_error(&["own.js", "--force"]);
        let forced = Brunt::command("new").args(&["-f", "--template", template, "own.js"]);
        let forced = forced.file("own.js", "x".repeat(9_000)).run().expect(0);
        assert_eq!(forced.read("own.js"), script);
    }
    let other = Brunt::command("new").args(&["--template", "mine.js"]);
    let copied = other.file("mine.js", "// mine").run().expect(0);
    assert_eq!(copied.read("script.js"), "// mine");
}

#[test]
fn the_version_is_there_for_people_and_programs() {
    let run = Brunt::command("version").args(&["--json"]).run().expect(0);
    assert_eq!(json_of(&run)["version"], env!("CARGO_PKG_VERSION"));
    let run = Brunt::command("version").run().expect(0);
    let begin = format!("brunt v{}", env!("CARGO_PKG_VERSION"));
    assert!(run.stdout.starts_with(&begin), "{}", run.stdout);
}

#[test]
fn completions_know_commands_and_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let run = Brunt::command("completion").args(&[shell]).run().expect(0);
        for word in ["run", "inspect", "iterations"] {
            assert!(run.stdout.contains(word), "{shell}: no {word}");
        }
    }
    let bash = Brunt::command("completion").args(&["bash"]).run();
    let source = Brunt::bare("").file("own.bash", &bash.stdout);
    let checked = std::process::Command::new("bash")
        .args(["-n", "own.bash"])
        .current_dir(source.folder())
        .status();
    assert!(checked.unwrap().success());
    Brunt::command("completion")
        .args(&["tcl"])
        .run()
        .expect(255);
}

#[test]
fn once_runs_one_iteration_of_each_scenario_at_once() {
    let run = Brunt::script(SCENARIOS)
        .args(&["--once", "--no-thresholds"])
        .run()
        .expect(0);
    let mut ran = run.console();
    ran.sort();
    assert_eq!(ran, ["a", "b", "c"]);
}

#[test]
fn a_chosen_scenario_runs_alone() {
    let run = Brunt::script(SCENARIOS)
        .args(&["--scenario", "c", "--no-thresholds"])
        .run()
        .expect(0);
    assert_eq!(run.console(), ["c"; 6]);
    let run = Brunt::script(SCENARIOS)
        .args(&[
            "--once",
            "--scenario",
            "a",
            "--scenario",
            "b",
            "--no-thresholds",
        ])
        .run()
        .expect(0);
    assert_eq!(run.console().len(), 2);
    let run = Brunt::script(SCENARIOS).args(&["--scenario", "d"]).run();
    run.expect(104).one_error(&["--scenario d", "a, b, c"]);
}

#[test]
fn limits_that_are_too_low_are_told_with_the_command_before_the_start() {
    let script = "export default function () { }";
    let low = |commands: &str, vus: &str| {
        let run = Brunt::script(script).after_shell(commands);
        run.args(&["--vus", vus, "--iterations", vus])
            .run()
            .expect(0)
    };
    let run = low("ulimit -n 220", "50");
    let told = run.messages("warning");
    assert!(
        told.iter().any(|it| it.contains("`ulimit -n 250`")),
        "{}",
        run.stderr
    );
    // Below its hard limit a process may help itself.
    let run = low("ulimit -Sn 100", "50");
    assert!(!run.stderr.contains("ulimit"), "{}", run.stderr);
}

#[test]
fn a_test_in_which_no_iteration_finished_says_so() {
    let script = "import { sleep } from 'k6';
        export const options = { scenarios: { a: {
          executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } };
        export default function () { sleep(600); }";
    let run = Brunt::script(script).run().expect(0);
    let told = run.messages("warning");
    assert!(
        told.iter().any(|it| it.contains("no iteration")),
        "{}",
        run.stderr
    );
}

/// What is a command's own comes first, and each has an example.
#[test]
fn help_of_each_command_shows_its_own_options_apart() {
    for command in [
        "run",
        "inspect",
        "new",
        "status",
        "pause",
        "resume",
        "scale",
        "stop",
        "completion",
    ] {
        let help = Brunt::command(command).args(&["--help"]).run().expect(0);
        let (own, global) = help
            .stdout
            .split_once("Global Options:")
            .unwrap_or_else(|| panic!("{command}: {}", help.stdout));
        for flag in ["--quiet", "--log-format", "--no-color", "--verbose"] {
            assert!(!own.contains(flag), "{command}: {flag} in\n{own}");
            assert!(global.contains(flag), "{command}: no {flag} in\n{global}");
        }
        let example = format!("\n  brunt {command}");
        let shown = help.stdout.contains(&example) || help.stdout.contains("<(brunt completion");
        assert!(shown, "{command}: {}", help.stdout);
    }
}
