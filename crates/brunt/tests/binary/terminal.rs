//! What is printed where: summary and progress on stdout, log lines on stderr.

use crate::support::Brunt;

const SCRIPT: &str = "import { check, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter'), gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate'), trend = new Trend('my_trend', true);
export const options = { iterations: 4, thresholds: { my_trend: ['p(95)<500'] } };
export default function () {
  counter.add(2); gauge.add(__ITER); rate.add(__ITER < 3); trend.add(10 * (__ITER + 1));
  check(1, { 'is one': (v) => v === 1, 'is two': (v) => v === 2 });
}";

#[test]
fn the_summary_is_on_stdout_in_k6s_layout() {
    let run = Brunt::script(SCRIPT).run().expect(0);
    assert_eq!(run.stderr, "");
    for text in [
        "  █ THRESHOLDS",
        "    my_trend\n    ✓ 'p(95)<500' p(95)=38.5ms\n",
        "  █ TOTAL RESULTS",
        "    checks_succeeded...: 50.00% 4 out of 8\n",
        "    ✓ is one\n    ✗ is two\n      ↳  0% — ✓ 0 / ✗ 4\n",
        "    CUSTOM\n    my_counter...",
        ": 8 ",
        "min=0",
        "75.00% 3 out of 4",
        "avg=25ms",
        "med=25ms",
        "    EXECUTION\n    iteration_duration...: avg=",
        "running (0",
        "default ✓ [ 100% ] 1 VUs",
        "execution: local",
        "script: script.js",
        "* default: 4 iterations shared among 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
    ] {
        assert!(run.stdout.contains(text), "no '{text}' in\n{}", run.stdout);
    }
    assert!(
        !run.stdout.contains('\u{1b}'),
        "no colours without a terminal"
    );
    let (custom, execution) = (run.stdout.find("CUSTOM"), run.stdout.find("EXECUTION"));
    assert!(custom < execution, "{}", run.stdout);
}

#[test]
fn quiet_leaves_the_summary_alone() {
    let run = Brunt::script(SCRIPT).args(&["--quiet"]).run().expect(0);
    assert!(
        run.stdout.trim_start().starts_with("█ THRESHOLDS"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("running (") && !run.stdout.contains("execution:"));
}

#[test]
fn a_disabled_summary_is_not_printed_and_not_handled() {
    let script =
        SCRIPT.to_owned() + "\nexport function handleSummary() { console.log('handled'); }";
    let args = ["--quiet", "--summary-mode", "disabled"];
    let run = Brunt::script(script).args(&args).run().expect(0);
    assert_eq!(run.stdout.trim(), "");
    assert!(run.console().is_empty());
}

#[test]
fn handle_summary_replaces_the_summary_and_writes_files() {
    let script = SCRIPT.to_owned()
        + "\nexport function setup() { return { of: 'setup' }; }
        export function handleSummary(data) {
          return { stdout: 'mine\\n', 'a.json': JSON.stringify(data) };
        }";
    let run = Brunt::script(script).args(&["--quiet"]).run().expect(0);
    assert_eq!(run.stdout, "mine\n");
    let data: serde_json::Value = serde_json::from_str(&run.read("a.json")).unwrap();
    assert_eq!(data["metrics"]["my_counter"]["values"]["count"], 8);
    assert_eq!(data["metrics"]["my_trend"]["type"], "trend");
    assert_eq!(
        data["metrics"]["my_trend"]["thresholds"]["p(95)<500"]["ok"],
        true
    );
    assert_eq!(data["metrics"]["checks"]["values"]["fails"], 4);
    assert_eq!(data["root_group"]["checks"][0]["name"], "is one");
    assert_eq!(data["setup_data"]["of"], "setup");
    let throwing =
        SCRIPT.to_owned() + "\nexport function handleSummary() { throw new Error('no summary'); }";
    let run = Brunt::script(throwing).run().expect(0);
    assert!(run.stdout.contains("TOTAL RESULTS"), "{}", run.stdout);
    run.one_error(&["no summary"]);
    let unwritable =
        SCRIPT.to_owned() + "\nexport function handleSummary() { return { 'absent/a.txt': 'x' }; }";
    Brunt::script(unwritable)
        .run()
        .expect(0)
        .one_error(&["absent/a.txt"]);
}

#[test]
fn the_exported_summary_has_the_values() {
    let run = Brunt::script(SCRIPT)
        .args(&["--summary-export", "s.json"])
        .run()
        .expect(0);
    let summary = run.summary("s.json");
    assert_eq!(summary.value("my_counter", "count"), 8.0);
    assert_eq!(summary.value("my_gauge", "value"), 3.0);
    assert_eq!(summary.value("my_gauge", "min"), 0.0);
    assert_eq!(summary.value("my_gauge", "max"), 3.0);
    assert_eq!(summary.value("my_rate", "value"), 0.75);
    assert_eq!(summary.value("my_rate", "passes"), 3.0);
    assert_eq!(summary.value("my_trend", "avg"), 25.0);
    assert_eq!(summary.value("my_trend", "p(90)"), 37.0);
    assert_eq!(summary.value("checks", "fails"), 4.0);
    assert_eq!(summary.0["root_group"]["checks"]["is two"]["fails"], 4);
    // k6 writes whether it was broken.
    assert_eq!(
        summary.0["metrics"]["my_trend"]["thresholds"]["p(95)<500"],
        false
    );
    let absent = Brunt::script(SCRIPT)
        .args(&["--summary-export", "absent/s.json"])
        .run();
    absent.expect(0).one_error(&["absent/s.json"]);
}

#[test]
fn trend_statistics_and_time_unit_can_be_chosen() {
    let args = [
        "--summary-trend-stats",
        "count,p(99.9),max",
        "--summary-time-unit",
        "s",
    ];
    let run = Brunt::script(SCRIPT).args(&args).run().expect(0);
    let line = run
        .stdout
        .lines()
        .find(|line| line.contains("my_trend..."))
        .unwrap();
    assert!(
        line.contains("count=4") && line.contains("p(99.9)=0.04s"),
        "{line}"
    );
    assert!(
        line.contains("max=0.04s") && !line.contains("avg="),
        "{line}"
    );
    let wrong = Brunt::script(SCRIPT)
        .args(&["--summary-trend-stats", "average"])
        .run()
        .expect(104);
    wrong.one_error(&["average"]);
}

#[test]
fn console_lines_are_log_lines_with_their_level() {
    let script = "export default function () {
          console.log('plain', 1, true, null, undefined, { a: 1, b: 'x' }, [1, 'x', null]);
          console.info('with \"quotes\" and\\nlines');
          console.warn('warned'); console.error('wrong'); console.debug('hidden');
        }";
    let run = Brunt::script(script).run().expect(0);
    let lines: Vec<(String, String)> = run
        .log()
        .iter()
        .map(|line| (line.level().to_owned(), line.message().to_owned()))
        .collect();
    let expected = [
        (
            "info",
            r#"plain 1 true null undefined { a: 1, b: "x" } [ 1, "x", null ]"#,
        ),
        ("info", "with \"quotes\" and\nlines"),
        ("warning", "warned"),
        ("error", "wrong"),
    ];
    let expected: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    assert_eq!(lines, expected);
    assert!(
        run.log()
            .iter()
            .all(|line| line.field("source") == Some("console"))
    );
    let verbose = Brunt::script(script).args(&["-v"]).run().expect(0);
    assert!(
        verbose.console().contains(&"hidden".to_owned()),
        "{}",
        verbose.stderr
    );
}

#[test]
fn log_lines_can_be_json() {
    let script = "export default function () { console.log('a \"b\"'); }";
    let run = Brunt::script(script)
        .args(&["--log-format", "json"])
        .run()
        .expect(0);
    let line: serde_json::Value = serde_json::from_str(run.stderr.trim()).unwrap();
    assert_eq!(
        (&line["msg"], &line["level"]),
        (&"a \"b\"".into(), &"info".into())
    );
    assert_eq!(line["source"], "console");
    let raw = Brunt::script(script)
        .args(&["--log-format", "raw"])
        .run()
        .expect(0);
    assert_eq!(raw.stderr, "a \"b\"\n");
}

#[test]
fn the_exception_of_an_iteration_tells_where_and_in_which_scenario() {
    let script = "export default function () {\n  const a = null;\n  a.b;\n}\n";
    let run = Brunt::script(script).run().expect(0);
    let log = run.log();
    assert_eq!(log.len(), 1, "{}", run.stderr);
    assert!(log[0].message().contains("script.js:3:"), "{}", run.stderr);
    assert_eq!(log[0].field("scenario"), Some("default"));
    assert_eq!(log[0].field("executor"), Some("per-vu-iterations"));
    assert_eq!(log[0].field("source"), Some("stacktrace"));
    assert_eq!(log[0].field("hint"), Some("script exception"));
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let script = "export const options = { iterations: 3 };
        export default function () {}
        export function teardown() { console.log('torn down'); }";
    let run = Brunt::script(script).without_stdout().run();
    assert!(run.code == 0, "{}: {}", run.code, run.stderr);
    assert_eq!(run.console(), ["torn down"]);
    assert_eq!(run.log().len(), 1, "{}", run.stderr);
}

/// What a run shows on a terminal, which `script` (Debian's bsdutils) plays.
fn on_a_terminal(flags: &str) -> Option<String> {
    let Some(script) = brunt_testkit::process::find_program("script") else {
        crate::support::skip(&"no program 'script' to play the terminal");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = "import { sleep } from 'k6';
        export const options = { iterations: 2 };
        export default function () { console.log('said'); sleep(0.01); }";
    std::fs::write(folder.path().join("t.js"), source).unwrap();
    let run = format!("'{}' run {flags} t.js", env!("CARGO_BIN_EXE_brunt"));
    let mut command = std::process::Command::new(script);
    command
        .args(["-qec", &run, "/dev/null"])
        .current_dir(folder.path());
    command.env_remove("NO_COLOR").env_remove("K6_NO_COLOR");
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_terminal_gets_bars_and_colours_and_no_color_leaves_the_colours_out() {
    let Some(shown) = on_a_terminal("") else {
        return;
    };
    assert!(
        shown.contains("\u{1b}[36m") && shown.contains("===="),
        "{shown}"
    );
    assert!(shown.contains("INFO\u{1b}[0m[000"), "{shown}");
    let Some(shown) = on_a_terminal("--no-color") else {
        return;
    };
    let coloured = |text: &str| {
        text.split("\u{1b}[").skip(1).any(|code| {
            code.trim_start_matches(|char: char| char.is_ascii_digit() || char == ';')
                .starts_with('m')
        })
    };
    assert!(!coloured(&shown), "{shown}");
    assert!(shown.contains("====") && shown.contains("said"), "{shown}");
    let Some(shown) = on_a_terminal("--quiet") else {
        return;
    };
    assert!(
        !shown.contains("====") && shown.contains("TOTAL RESULTS"),
        "{shown}"
    );
}
