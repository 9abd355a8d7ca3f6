//! `--out csv`: k6's columns, each key, and the same samples as the JSON lines of the same run.

use std::collections::BTreeMap;

use crate::support::{Brunt, Rows};

const SCRIPT: &str = "import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter'), gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate'), trend = new Trend('my_trend', true);
export const options = { vus: 2, iterations: 20, tags: { of: 'run' } };
export default function () {
  counter.add(3, { 'a&b': '1=2%', c: 'ü\\n+;' });
  gauge.add(4e-7);
  rate.add(__ITER % 2 === 0);
  trend.add(__ITER / 7, { ip: 'mine' });
  trend.add(1.7976931348623157e308); trend.add(-5e-324); trend.add(123456789.987654321);
  group('outer', () => check(1, { 'a \"quoted\",\\nname <&>': (v) => v === 1 }));
}";

fn rows(arguments: &str) -> Rows {
    let run = Brunt::script(SCRIPT).args(&["--out", arguments]).run();
    run.expect(0).rows("o.csv")
}

/// A sample as text: metric, time in nanoseconds, the bits of its value, tags that are not empty,
/// metadata.
type Sample = (
    String,
    i64,
    u64,
    BTreeMap<String, String>,
    BTreeMap<String, String>,
);

fn of_json(text: &str) -> Vec<Sample> {
    let map = |value: &serde_json::Value| {
        let pairs = value.as_object().into_iter().flatten();
        let pairs = pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
        pairs.filter(|(_, value)| !value.is_empty()).collect()
    };
    let mut samples: Vec<Sample> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["type"] == "Point")
        .map(|line| {
            let data = &line["data"];
            let time: jiff::Timestamp = data["time"].as_str().unwrap().parse().unwrap();
            let time = i64::try_from(time.as_nanosecond()).unwrap();
            let value = data["value"].as_f64().unwrap().to_bits();
            let metric = line["metric"].as_str().unwrap().to_owned();
            (
                metric,
                time,
                value,
                map(&data["tags"]),
                map(&data["metadata"]),
            )
        })
        .collect();
    samples.sort();
    samples
}

fn of_csv(rows: &Rows) -> Vec<Sample> {
    let mut samples: Vec<Sample> = rows
        .0
        .iter()
        .map(|row| {
            let mut tags = Rows::map(&row["extra_tags"]);
            for (name, cell) in row {
                let own = [
                    "metric_name",
                    "timestamp",
                    "metric_value",
                    "extra_tags",
                    "metadata",
                ];
                if !cell.is_empty() && !own.contains(&name.as_str()) {
                    tags.insert(name.clone(), cell.clone());
                }
            }
            (
                row["metric_name"].clone(),
                row["timestamp"].parse().unwrap(),
                row["metric_value"].parse::<f64>().unwrap().to_bits(),
                tags,
                Rows::map(&row["metadata"]),
            )
        })
        .collect();
    samples.sort();
    samples
}

#[test]
fn json_and_csv_of_a_run_hold_the_same_samples() {
    let script = SCRIPT.replace(
        "tags: {",
        "systemTags: ['vu', 'iter', 'group', 'check', 'scenario'], tags: {",
    );
    let args = [
        "--out",
        "json=o.json",
        "--out",
        "csv=o.csv,timeFormat=unix_nano",
    ];
    let run = Brunt::script(script).args(&args).run().expect(0);
    let (json, csv) = (of_json(&run.read("o.json")), of_csv(&run.rows("o.csv")));
    assert!(json.len() > 160, "{}", json.len());
    assert!(json.iter().any(|sample| sample.4.contains_key("iter")));
    assert_eq!(json, csv);
    let counter = json.iter().find(|sample| sample.0 == "my_counter");
    assert_eq!(counter.unwrap().3["a&b"], "1=2%");
}

#[test]
fn values_that_are_no_finite_numbers_are_counted_and_huge_ones_are_kept() {
    let script = "import { Trend } from 'k6/metrics';
        const trend = new Trend('my_trend');
        export default function () {
          for (const v of [Infinity, -Infinity, 1.7976931348623157e308, -5e-324, 1e21]) trend.add(v);
        }";
    let args = ["--out", "json=o.json", "--out", "csv=o.csv"];
    let run = Brunt::script(script).args(&args).run().expect(0);
    let kept = [1.797_693_134_862_315_7e308, -5e-324, 1e21];
    assert_eq!(run.points("o.json").values("my_trend"), kept);
    assert_eq!(run.rows("o.csv").values("my_trend"), kept);
    run.says(&["2 samples were no finite numbers"]);
}

#[test]
fn a_file_is_named_by_target_key_or_variable() {
    let of = |out: &str, variable: &str, name: &str| {
        let run = Brunt::script(SCRIPT).args(&["--out", out]);
        let run = run.variable("K6_CSV_FILENAME", variable).run().expect(0);
        assert_eq!(run.rows(name).of("my_counter").len(), 20, "{out}");
    };
    of("csv=a.csv", "env.csv", "a.csv");
    of("csv=fileName=b.csv", "env.csv", "b.csv");
    of("csv", "env.csv", "env.csv");
    of("csv", "", "file.csv");
    let args = ["--quiet", "--summary-mode", "disabled", "--out", "csv=-"];
    let run = Brunt::script(SCRIPT).args(&args).run().expect(0);
    assert_eq!(Rows::parse(&run.stdout).of("my_counter").len(), 20);
}

#[test]
fn times_have_the_format_that_is_asked_for() {
    let seconds = |text: &str| text.parse::<f64>().unwrap();
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let now = jiff::Timestamp::now().as_second() as f64;
    let first =
        |format: &str| rows(&format!("csv=o.csv,timeFormat={format}")).0[0]["timestamp"].clone();
    for (format, unit) in [
        ("unix", 1.0),
        ("unix_milli", 1e3),
        ("unix_micro", 1e6),
        ("unix_nano", 1e9),
    ] {
        let text = first(format);
        assert!(
            (seconds(&text) / unit - now).abs() < 600.0,
            "{format}: {text}"
        );
    }
    let whole = first("rfc3339");
    assert!(
        !whole.contains('.') && time(&whole).as_second() as f64 >= now,
        "{whole}"
    );
    assert!(time(&first("rfc3339_nano")).as_second() as f64 >= now);
    let run = Brunt::script(SCRIPT).args(&["--out", "csv=o.csv"]);
    let run = run
        .variable("K6_CSV_TIME_FORMAT", "rfc3339")
        .run()
        .expect(0);
    assert!(run.rows("o.csv").0[0]["timestamp"].contains('T'));
}

#[test]
fn digits_are_all_there_or_six() {
    let texts = |arguments: &str| {
        let rows = rows(arguments);
        let of = |metric: &str| rows.of(metric)[0]["metric_value"].clone();
        (of("my_gauge"), of("my_counter"))
    };
    assert_eq!(texts("csv=o.csv"), ("4e-07".to_owned(), "3".to_owned()));
    assert_eq!(
        texts("csv=o.csv,precision=k6"),
        ("0.000000".to_owned(), "3.000000".to_owned())
    );
    let run = Brunt::script(SCRIPT).args(&["--out", "csv=o.csv"]);
    let run = run.variable("BRUNT_CSV_PRECISION", "k6").run().expect(0);
    assert_eq!(
        run.rows("o.csv").of("my_counter")[0]["metric_value"],
        "3.000000"
    );
}

#[test]
fn maps_can_be_read_back_or_are_k6s() {
    let extra = |rows: &Rows, metric: &str| rows.of(metric)[0]["extra_tags"].clone();
    let own = rows("csv=o.csv");
    assert_eq!(
        extra(&own, "my_counter"),
        "a%26b=1%3D2%25&c=ü%0A%2B;&of=run"
    );
    assert_eq!(extra(&own, "my_trend"), "ip=mine&of=run");
    let plain = rows("csv=o.csv,compat=k6");
    assert_eq!(extra(&plain, "my_counter"), "a&b=1=2%&c=ü\n+;&of=run");
    assert_eq!(
        extra(&plain, "my_trend"),
        "of=run",
        "ip is a system tag that is off"
    );
    let run = Brunt::script(SCRIPT).args(&["--out", "csv=o.csv"]);
    let run = run.variable("BRUNT_CSV_COMPAT", "k6").run().expect(0);
    assert_eq!(extra(&run.rows("o.csv"), "my_trend"), "of=run");
}

/// While one file gets its rows at once, the one that waits for long has none.
#[test]
fn samples_wait_as_long_as_the_save_interval_says() {
    let script = "import { sleep } from 'k6';
        import { Counter } from 'k6/metrics';
        const counter = new Counter('my_counter');
        export const options = { vus: 1, duration: '10m' };
        export default function () { counter.add(1); sleep(0.01); }";
    let check = |by_variable: bool| {
        let slow = if by_variable {
            "csv@slow=slow.csv"
        } else {
            "csv@slow=slow.csv,saveInterval=10m"
        };
        let run = Brunt::script(script).args(&[
            "--out",
            "csv@fast=fast.csv,saveInterval=10ms",
            "--out",
            slow,
        ]);
        let run = if by_variable {
            run.variable("K6_CSV_SAVE_INTERVAL", "10m")
        } else {
            run
        };
        let folder = run.folder().to_owned();
        let run = run.start();
        let rows = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            text.lines().count()
        };
        run.wait_until("rows in the fast file", || rows("fast.csv") > 60);
        assert_eq!(rows("slow.csv"), 0);
        run.signal("INT");
        let run = run.finish().expect(105);
        let count = |name: &str| run.rows(name).of("my_counter").len();
        assert!(count("slow.csv") > 10);
        assert_eq!(count("slow.csv"), count("fast.csv"));
    };
    check(false);
    check(true);
}

#[test]
fn what_is_wrong_is_said_before_the_test() {
    for (out, word) in [
        ("csv=o.csv,timeFormat=rfc", "unix_milli"),
        ("csv=o.csv,precision=9", "full or k6"),
        ("csv=o.csv,compat=k7", "compat"),
        ("csv=o.csv,saveInterval=x", "saveInterval"),
        ("csv=o.csv,savInterval=1s", "saveInterval"),
    ] {
        let run = Brunt::script(SCRIPT)
            .args(&["--out", out])
            .run()
            .expect(104);
        run.one_error(&[word]);
    }
}
