//! The examples as a user runs them, and `brunt demo`: each against a target of the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use brunt_testkit::Target;
use serde_json::Value;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn brunt(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
    command.args(arguments).current_dir(examples()).env_clear();
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("PATH", path).output().unwrap()
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Runs an example to its end; gives the metrics of its summary and the target that it called.
fn run(script: &str, more: &[&str]) -> (Value, Target) {
    let target = Target::http().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("summary.json");
    let base = format!("BASE_URL=http://{}", target.address());
    let mut arguments = vec!["run", "--quiet", "-e", &base, "--summary-export"];
    arguments.push(export.to_str().unwrap());
    arguments.extend(more);
    arguments.push(script);
    let output = brunt(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let summary: Value = serde_json::from_slice(&std::fs::read(&export).unwrap()).unwrap();
    let metrics = summary["metrics"].clone();
    assert!(
        metrics["checks"]["passes"].as_u64() > Some(0),
        "{metrics:#}"
    );
    assert_eq!(metrics["checks"]["fails"], 0, "{}", text(&output));
    let failed = metrics.get("http_req_failed").unwrap();
    assert_eq!(failed["passes"], 0, "{metrics:#}");
    (metrics, target)
}

#[test]
fn the_quickstart_orders_what_it_browses() {
    let (metrics, target) = run("quickstart.js", &["--duration", "1s"]);
    let orders = metrics["orders"]["count"].as_u64().unwrap();
    assert!(orders > 0);
    assert_eq!(metrics["iterations"]["count"], orders);
    assert_eq!(target.requests_of("/json"), orders);
    assert_eq!(target.requests_of("/echo"), orders);
    // Ten users, one connection each.
    assert_eq!(target.connections(), 10);
}

#[test]
fn typescript_runs_as_it_is() {
    let (metrics, target) = run("typescript.ts", &[]);
    assert_eq!(metrics["checks"]["passes"], 20);
    assert_eq!(target.requests_of("/echo"), 10);
}

#[test]
fn the_arrival_rate_starts_what_it_promises() {
    // Whether an iteration had to be dropped depends on the machine; that all are accounted for
    // does not.
    let more = ["-e", "RATE=20", "-e", "DURATION=1s", "--no-thresholds"];
    let (metrics, target) = run("arrival-rate.js", &more);
    let done = metrics["iterations"]["count"].as_u64().unwrap();
    let dropped = metrics["dropped_iterations"]["count"].as_u64().unwrap_or(0);
    assert!((20..=21).contains(&(done + dropped)), "{metrics:#}");
    assert_eq!(target.requests_of("/json"), done);
}

#[test]
fn scenarios_run_side_by_side_and_apart() {
    let (metrics, target) = run("scenarios.js", &[]);
    assert_eq!(metrics["http_reqs{scenario:writers}"]["count"], 6);
    assert_eq!(metrics["http_reqs{scenario:imports}"]["count"], 10);
    assert_eq!(target.requests_of("/echo"), 16);
    assert_eq!(target.requests_of("/json"), 1);
    assert!(target.requests_of("/bytes/1000") > 0);
}

#[test]
fn every_example_has_a_test() {
    let known = [
        "arrival-rate.js",
        // Run by the tests of plug-ins.
        "plugins",
        "quickstart.js",
        "scenarios.js",
        "typescript.ts",
    ];
    let mut found: Vec<String> = std::fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, known);
}

fn demo(receiver: &str, script: &[&str]) -> Output {
    let mut arguments = vec!["demo", "--quiet", "--receiver", receiver];
    arguments.extend(script);
    brunt(&arguments)
}

#[test]
fn the_demo_finds_every_value_of_the_summary_in_the_strict_receiver() {
    let output = demo("built-in", &["arrival-rate.js"]);
    let text = text(&output);
    // A dropped iteration breaks the example's threshold on a busy machine: the values agree.
    assert!(matches!(output.status.code(), Some(0 | 99)), "{text}");
    for part in [
        "http_req_duration ",
        "p(95)",
        "same?",
        "are in the receiver.",
    ] {
        assert!(text.contains(part), "no {part}:\n{text}");
    }
    assert!(!text.contains(" NO\n"), "{text}");
}

#[test]
fn the_demo_alone_runs_the_quickstart_against_prometheus() {
    let output = demo("auto", &[]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("quickstart.js") && text.contains("orders_accepted"),
        "{text}"
    );
}

#[test]
fn the_demo_ends_as_its_run_ends() {
    let output = demo("built-in", &["no-such-script.js"]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(255), "{text}");
    assert!(
        text.contains("there is no such file") && text.contains("has no summary"),
        "{text}"
    );
}
