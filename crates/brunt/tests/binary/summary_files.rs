//! `brunt summary`: from the files of a run what the run itself printed.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Brunt, Finished, Summary};

/// Every kind of metric, checks in groups, two scenarios, more than one kept threshold, and one on a part of a
/// metric.
const SCRIPT: &str = "import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter');
const gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate');
const trend = new Trend('my_trend', true);
export const options = {
  scenarios: {
    buy: { executor: 'per-vu-iterations', vus: 2, iterations: 50 },
    browse: { executor: 'shared-iterations', iterations: 31 },
  },
  thresholds: { my_trend: ['p(95)<500', 'min<1'], my_counter: ['count>10'],
    'my_trend{half:first}': ['max<7'] },
};
export default function () {
  counter.add(3, { k: 'v' });
  gauge.add(__ITER / 7);
  rate.add(__ITER % 3 === 0);
  trend.add(__ITER * 1.7 + 0.1, { half: __ITER < 5 ? 'first' : 'second' });
  check(__ITER, { outside: true });
  group('outer', () => group('inner', () => check(__ITER, { 'is odd, \"or\" not': (n) => n % 2 === 1 })));
}";

/// What a column of CSV does not tell.
const KINDS: [&str; 8] = [
    "--metric",
    "my_counter=counter",
    "--metric",
    "my_gauge=gauge",
    "--metric",
    "my_rate=rate",
    "--metric",
    "my_trend=trend:time",
];

fn run() -> Finished {
    let outs = [
        "a.json",
        "b.csv,timeFormat=unix_nano",
        "c.parquet",
        "d.arrow",
    ];
    let outs = outs.map(|target| {
        let kind = target.split(['.', ',']).nth(1).unwrap();
        format!("{kind}={target}")
    });
    let outs: Vec<&str> = outs.iter().flat_map(|out| ["--out", out]).collect();
    Brunt::script(SCRIPT)
        .args(&["--summary-export", "run-summary.json"])
        .args(&outs)
        .run()
        .expect(0)
}

/// Runs `brunt summary` in a folder.
fn summary(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
    let command = command.arg("summary").args(args).current_dir(folder);
    command.output().unwrap()
}

/// The file that it exports.
#[track_caller]
fn exported(folder: &Path, args: &[&str]) -> Summary {
    let export = ["--summary-export", "again.json"];
    let output = summary(folder, &[args, &export[..]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {errors}");
    Summary::parse(&std::fs::read_to_string(folder.join("again.json")).unwrap())
}

/// A summary without what depends on how long the test took, which files do not tell exactly.
fn timeless(summary: &Summary) -> Value {
    let mut all = summary.0.clone();
    for metric in all["metrics"].as_object_mut().unwrap().values_mut() {
        if metric.get("count").is_some() {
            metric.as_object_mut().unwrap().remove("rate");
        }
    }
    all
}

#[test]
fn the_summary_of_files_is_that_of_the_run_that_wrote_them() {
    let finished = run();
    let folder = finished.path("");
    let own = timeless(&finished.summary("run-summary.json"));
    assert_eq!(own["metrics"]["my_counter"]["count"], 393);
    assert_eq!(
        own["metrics"]["my_trend"]["thresholds"]["p(95)<500"], false,
        "kept"
    );
    let part = &own["metrics"]["my_trend{half:first}"]["thresholds"];
    assert_eq!(part["max<7"], false, "kept");
    for file in ["a.json", "c.parquet", "d.arrow"] {
        assert_eq!(timeless(&exported(&folder, &[file])), own, "{file}");
    }
    let thresholds = [
        "--threshold",
        "my_trend: p(95)<500",
        "--threshold",
        "my_trend:min<1",
        "--threshold",
        "my_trend{half:first}: max<7",
        "--threshold",
        "my_counter: count>10",
    ];
    let args = [&["b.csv"], &KINDS[..], &thresholds].concat();
    assert_eq!(timeless(&exported(&folder, &args)), own, "b.csv");
}

#[test]
fn the_text_shows_thresholds_checks_and_every_section() {
    let finished = run();
    let output = summary(
        &finished.path(""),
        &[
            "c.parquet",
            "--summary-mode",
            "full",
            "--summary-trend-stats",
            "count,max",
            "--summary-time-unit",
            "ms",
        ],
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "✓ 'p(95)<500' p(95)=",
        "✗ is odd, \"or\" not",
        "count=131",
        "max=83.40ms",
        "SCENARIO: buy",
        "SCENARIO: browse",
    ] {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
}

#[test]
fn several_files_add_up_and_thresholds_decide_the_exit_code() {
    let finished = run();
    let folder = finished.path("");
    std::fs::copy(folder.join("a.json"), folder.join("b.json")).unwrap();
    let both = exported(&folder, &["a.json", "b.json"]);
    let one = finished.summary("run-summary.json");
    for (metric, key) in [
        ("my_counter", "count"),
        ("my_rate", "passes"),
        ("my_rate", "fails"),
        ("iterations", "count"),
        ("checks", "fails"),
    ] {
        let (both, one) = (both.value(metric, key), one.value(metric, key));
        assert_eq!(both, 2.0 * one, "{metric} {key}");
    }
    assert_eq!(both.value("my_trend", "max"), one.value("my_trend", "max"));
    let of = |threshold: &str| summary(&folder, &["a.json", "--threshold", threshold]);
    let crossed = of("my_trend{half:second}: max<80");
    assert_eq!(crossed.status.code(), Some(99));
    let errors = String::from_utf8(crossed.stderr).unwrap();
    assert!(errors.contains("'my_trend{half:second}'"), "{errors}");
    let kept = of("my_trend{half:first}: max<80");
    assert_eq!(kept.status.code(), Some(0));
    let unknown = of("no_metric: max<80");
    assert_eq!(unknown.status.code(), Some(104));
    let errors = String::from_utf8(unknown.stderr).unwrap();
    assert!(errors.contains("no metric 'no_metric'"), "{errors}");
}

#[test]
fn the_thresholds_of_the_files_can_be_left_out_and_broken_lines_are_told() {
    let finished = run();
    let folder = finished.path("");
    let lines = finished.read("a.json").replace("min<1\"", "min>1\"");
    std::fs::write(folder.join("e.json"), &lines).unwrap();
    let code = |args: &[&str]| summary(&folder, args).status.code();
    assert_eq!(code(&["e.json"]), Some(99));
    assert_eq!(code(&["e.json", "--no-thresholds"]), Some(0));
    // One on a part of a metric, too.
    let lines = finished.read("a.json").replace("max<7\"", "max<6\"");
    std::fs::write(folder.join("e.json"), &lines).unwrap();
    assert_eq!(code(&["e.json"]), Some(99));
    let lines = finished.read("a.json").replace("min<1\"", "min>1\"");
    let broken = format!("{{\"type\":\"Point\"\n{lines}");
    std::fs::write(folder.join("f.json"), lines.clone() + &broken).unwrap();
    let output = summary(&folder, &["f.json", "--no-thresholds"]);
    assert_eq!(output.status.code(), Some(123));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("f.json, line "), "{errors}");
    let skip = ["f.json", "--no-thresholds", "--skip-invalid"];
    assert_eq!(code(&skip), Some(0));
}
