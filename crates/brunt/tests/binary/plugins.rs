//! `--out exec`: plug-ins that work, and those that do not.

use std::path::{Path, PathBuf};

use brunt_testkit::Target;

use crate::columnar::python;
use crate::support::{Brunt, Finished, skip};

const REQUESTS: &str = "import http from 'k6/http';
export const options = { vus: 2, iterations: 40 };
export default () => http.get(__ENV.URL, { tags: { name: `page ${__ITER % 3}` } });";

/// More samples than a pipe holds.
const MANY: &str = "import { Trend } from 'k6/metrics';
const trend = new Trend('my_trend');
export const options = { vus: 2, iterations: 100 };
export default function () { for (let i = 0; i < 1000; i++) trend.add(i); }";

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins")
}

fn with(script: &str, command: &str) -> Brunt {
    Brunt::script(script).args(&["--out", &format!("exec=\"{command}\"")])
}

#[test]
fn the_plugin_in_python_reports_the_slowest_requests() {
    let Some(python) = python() else { return };
    let target = Target::http().unwrap();
    let plugin = plugins().join("slowest.py");
    let command = format!("{} {}", python.get_program().display(), plugin.display());
    let run = with(REQUESTS, &command).env_flag("URL", &format!("http://{}/", target.address()));
    let run = run
        .run()
        .expect(0)
        .says(&["samples, the slowest requests are in slowest.txt"]);
    let report = run.read("slowest.txt");
    assert_eq!(report.lines().count(), 10, "{report}");
    assert!(
        report.lines().all(|line| line.contains(" ms  page ")),
        "{report}"
    );
}

#[test]
fn the_plugin_in_rust_counts_requests_per_second() {
    let folder = Path::new(env!("CARGO_BIN_EXE_brunt")).parent().unwrap();
    let plugin = folder.join("examples/per_second");
    if !plugin.exists() {
        skip(&"the plug-in is not built: cargo build --release -p brunt --example per_second");
        return;
    }
    let target = Target::http().unwrap();
    let command = format!("{} rates.csv", plugin.display());
    let run = with(REQUESTS, &command).env_flag("URL", &format!("http://{}/", target.address()));
    let run = run.run().expect(0);
    let report = run.read("rates.csv");
    let counts = report
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap());
    let sum: u64 = counts.map(|count| count.parse::<u64>().unwrap()).sum();
    assert_eq!(sum, 40, "{report}");
}

/// How many iterations there were, beside a broken plug-in.
fn complete(run: &Finished) {
    assert_eq!(run.points("o.json").of("my_trend").len(), 100_000);
}

#[test]
fn a_plugin_that_dies_is_told_once_and_the_run_goes_on() {
    let run = with(MANY, "head -c 10000 >/dev/null; exit 3").args(&["--out", "json=o.json"]);
    let run = run.run().expect(0);
    complete(&run);
    let warned = run.messages("warning");
    let warned = warned
        .iter()
        .filter(|line| line.contains("takes no more samples"));
    assert_eq!(warned.count(), 1, "{}", run.stderr);
    run.one_error(&["exec", "head -c 10000", "exit status: 3"]);
}

#[test]
fn a_plugin_that_is_killed_is_told() {
    let run = with(MANY, "kill -KILL $$")
        .args(&["--out", "json=o.json"])
        .run()
        .expect(0);
    complete(&run);
    run.one_error(&["exec", "SIGKILL"]);
}

#[test]
fn a_plugin_that_fails_at_the_end_is_told() {
    let run = with(MANY, "cat >/dev/null; exit 9").run().expect(0);
    run.one_error(&["exec", "exit status: 9"]);
}

#[test]
fn a_plugin_that_is_stopped_costs_nobody_else_anything() {
    // It stops itself before it reads anything.
    let run = with(MANY, "kill -STOP $$; cat > got.arrows");
    let run = run
        .args(&["--out", "json=o.json", "--drain", "1s"])
        .run()
        .expect(0);
    complete(&run);
    assert!(
        run.stderr.contains("not written to its end"),
        "{}",
        run.stderr
    );
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
}

#[test]
fn rubbish_from_a_plugin_stays_in_the_log() {
    let command = "head -c 200000 /dev/urandom >&2; echo last words >&2; cat > got.arrows";
    let run = with(MANY, command)
        .args(&["--out", "json=o.json"])
        .run()
        .expect(0);
    complete(&run);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    assert!(run.stderr.contains("last words"), "{}", run.stderr);
}

#[test]
fn a_command_that_is_not_there_ends_it_before_the_test() {
    let run = Brunt::script(MANY)
        .args(&["--out", "exec=no-such-plugin now"])
        .run();
    run.expect(121).one_error(&["exec", "'no-such-plugin'"]);
}
