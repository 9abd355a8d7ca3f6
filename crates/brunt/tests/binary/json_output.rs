//! `--out json`: k6's lines, every sample in them, and what happens where they cannot be written.

use std::process::Command;

use crate::support::{Brunt, Points};

const SCRIPT: &str = "import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter');
const gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate');
const trend = new Trend('my_trend', true);
export const options = {
  vus: 2, iterations: 20, tags: { of: 'run' },
  thresholds: { my_trend: ['p(95)<500'], 'my_trend{half:first}': ['max<500'] },
};
export default function () {
  counter.add(3, { k: 'v' });
  gauge.add(__ITER);
  rate.add(__ITER % 2 === 0);
  trend.add(__ITER + 0.5, { half: __ITER < 5 ? 'first' : 'second' });
  group('outer', () => group('inner', () => check(1, { one: (v) => v === 1, 'a \"quoted\" name <&>': true })));
}";

#[test]
fn every_sample_is_a_line_and_the_lines_add_up_to_the_summary() {
    let args = ["--out", "json=o.json", "--summary-export", "s.json"];
    let run = Brunt::script(SCRIPT).args(&args).run().expect(0);
    let (points, summary) = (run.points("o.json"), run.summary("s.json"));
    assert_eq!(points.of("my_counter").len(), 20);
    assert_eq!(
        points.sum("my_counter"),
        summary.value("my_counter", "count")
    );
    assert_eq!(points.sum("iterations"), 20.0);
    assert_eq!(points.of("iteration_duration").len(), 20);
    assert_eq!(points.of("group_duration").len(), 40);
    assert_eq!(points.of("checks").len(), 40);
    let passes = summary.value("checks", "passes") + summary.value("checks", "fails");
    assert_eq!(passes, 40.0);
    assert_eq!(points.sum("my_rate"), summary.value("my_rate", "passes"));
    let last = points.values("my_gauge");
    assert!(last.contains(&summary.value("my_gauge", "value")));
    let trend = points.values("my_trend");
    let max = trend.iter().copied().fold(f64::MIN, f64::max);
    assert_eq!(max, summary.value("my_trend", "max"));
    let average = trend.iter().sum::<f64>() / trend.len() as f64;
    assert!((average - summary.value("my_trend", "avg")).abs() < 1e-9);
    for metric in summary.metrics() {
        // Data of nothing has no samples, group_duration is not exported by everyone.
        let none = metric.starts_with("data_") || metric == "group_duration";
        assert!(
            none || points.metrics.contains_key(&metric),
            "{metric} has no point"
        );
    }
}

#[test]
fn points_carry_the_tags_of_run_scenario_group_check_and_call() {
    let run = Brunt::script(SCRIPT)
        .args(&["--out", "json=o.json"])
        .run()
        .expect(0);
    let points = run.points("o.json");
    for (metric, data) in &points.points {
        let keys: Vec<&String> = data.as_object().unwrap().keys().collect();
        assert_eq!(keys[..3], ["time", "value", "tags"], "{metric}: {data}");
        let tags: Vec<&String> = data["tags"].as_object().unwrap().keys().collect();
        assert!(tags.is_sorted(), "{tags:?}");
        assert_eq!(data["tags"]["of"], "run", "{metric}: {data}");
        let time = data["time"].as_str().unwrap();
        assert!(time.len() > 20 && time.as_bytes()[10] == b'T', "{time}");
        if !metric.starts_with("vus") {
            assert_eq!(data["tags"]["scenario"], "default", "{metric}: {data}");
        }
    }
    assert_eq!(points.tag("my_counter", "k"), ["v"]);
    assert_eq!(points.tag("my_counter", "group"), [""]);
    assert_eq!(points.tag("my_trend", "half"), ["first", "second"]);
    assert_eq!(points.tag("checks", "group"), ["::outer::inner"]);
    assert_eq!(
        points.tag("checks", "check"),
        ["a \"quoted\" name <&>", "one"]
    );
    assert!(
        run.read("o.json").contains(r#"a \"quoted\" name <&>"#),
        "no HTML escapes"
    );
    let declared = &points.metrics["my_trend"];
    assert_eq!(declared["type"], "trend");
    assert_eq!(declared["contains"], "time");
    assert_eq!(declared["thresholds"][0], "p(95)<500");
    assert_eq!(declared["submetrics"][0]["name"], "my_trend{half:first}");
    assert_eq!(declared["submetrics"][0]["tags"]["half"], "first");
    assert_eq!(
        points.metrics["my_rate"]["submetrics"],
        serde_json::Value::Null
    );
}

#[test]
fn a_name_that_ends_in_gz_is_compressed() {
    let run = Brunt::script(SCRIPT)
        .args(&["--out", "json=o.json.gz"])
        .run()
        .expect(0);
    let unpacked = Command::new("gzip")
        .arg("-dc")
        .arg(run.path("o.json.gz"))
        .output()
        .unwrap();
    assert!(
        unpacked.status.success(),
        "{}",
        String::from_utf8_lossy(&unpacked.stderr)
    );
    let text = String::from_utf8(unpacked.stdout).unwrap();
    assert_eq!(Points::parse(&text).of("my_counter").len(), 20);
}

#[test]
fn a_dash_writes_to_stdout() {
    let args = ["--quiet", "--summary-mode", "disabled", "--out", "json=-"];
    let run = Brunt::script(SCRIPT).args(&args).run().expect(0);
    assert_eq!(Points::parse(&run.stdout).of("my_counter").len(), 20);
}

#[test]
fn two_outputs_get_the_same() {
    let args = ["--out", "json=a.json", "--out", "json=b.json"];
    let run = Brunt::script(SCRIPT).args(&args).run().expect(0);
    let sorted = |name: &str| {
        let mut lines: Vec<String> = run.read(name).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted("a.json"), sorted("b.json"));
}

#[test]
fn a_full_disk_is_an_error_and_not_the_tests_end() {
    let args = ["--out", "json=/dev/full", "--summary-export", "s.json"];
    let run = Brunt::script(SCRIPT).args(&args).run().expect(0);
    assert_eq!(run.summary("s.json").value("iterations", "count"), 20.0);
    run.one_error(&["json", "/dev/full", "No space left"]);
}

#[test]
fn a_file_that_cannot_be_created_is_said_before_the_test() {
    let args = ["--out", "json=absent/folder/o.json"];
    let run = Brunt::script("export default () => console.log('ran')")
        .args(&args)
        .run();
    assert!(
        run.code != 0 && run.console().is_empty(),
        "{}\n{}",
        run.code,
        run.stderr
    );
    run.one_error(&["absent/folder/o.json", "No such file"]);
}
