//! `brunt compare`: what changed from one run to the next, and the exit code for pipelines.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::Brunt;

/// A minute of k6's CSV, 50 requests a second. `slower` stretches all times, every `failing`th request fails.
fn csv(slower: f64, failing: u64) -> String {
    let mut text = "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n".to_owned();
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    for second in 0..60 {
        let load = 0.9 + random() / 5.0;
        for number in 0..50_u64 {
            let took = slower * load * 10_f64.powf(1.0 + random());
            let failed = u8::from((second * 50 + number).is_multiple_of(failing));
            let time = 1_795_305_600 + second;
            for (metric, value) in [
                ("http_req_duration", took),
                ("http_req_failed", f64::from(failed)),
                ("http_reqs", 1.0),
                ("queue", took),
            ] {
                writeln!(
                    text,
                    "{metric},{time},{value},,,,true,,GET,x,HTTP/1.1,default,,200,,,http://x/,,"
                )
                .unwrap();
            }
        }
    }
    text
}

fn compare(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
    command
        .arg("compare")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn rows(output: &Output) -> Vec<Value> {
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    all["rows"].as_array().unwrap().clone()
}

fn row<'a>(rows: &'a [Value], metric: &str, stat: &str) -> &'a Value {
    rows.iter()
        .find(|row| row["metric"] == metric && row["stat"] == stat)
        .unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("before.csv", &csv(1.0, 1000));
    write("after.csv", &csv(1.2, 20));
    folder
}

#[test]
fn a_slower_run_is_told_with_how_sure_that_is() {
    let folder = folder();
    let output = compare(
        folder.path(),
        &[
            "before.csv",
            "after.csv",
            "--format",
            "json",
            "--metric",
            "queue=trend",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "no limit was given");
    let rows = rows(&output);
    for stat in ["avg", "med", "p(95)"] {
        let row = row(&rows, "http_req_duration", stat);
        assert_eq!(row["effect"], "worse", "{row}");
        let [change, low, high] = ["change", "low", "high"].map(|key| row[key].as_f64().unwrap());
        // The same numbers, stretched by a fifth: blocks are drawn for each run on its own.
        assert!(
            (change - 0.2).abs() < 0.005 && low > 0.1 && high < 0.3,
            "{row}"
        );
    }
    let failed = row(&rows, "http_req_failed", "rate");
    assert_eq!(
        (&failed["effect"], &failed["unit"]),
        (&"worse".into(), &"difference".into())
    );
    assert!(
        (failed["change"].as_f64().unwrap() - 0.049).abs() < 0.0005,
        "{failed}"
    );
    assert_eq!(row(&rows, "http_reqs", "rate")["effect"], "unclear");
    assert_eq!(
        row(&rows, "queue", "avg")["effect"],
        "higher",
        "nobody said what is better"
    );
    let text = compare(folder.path(), &["before.csv", "after.csv"]);
    let text = String::from_utf8(text.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("http_req_failed"))
        .unwrap();
    assert!(
        line.contains("0.10 %") && line.contains("5.00 %") && line.contains("+4.90 pp"),
        "{text}"
    );
}

#[test]
fn a_regression_is_an_exit_code() {
    let folder = folder();
    let code = |args: &[&str]| {
        let output = compare(
            folder.path(),
            &[&["before.csv", "after.csv"], args].concat(),
        );
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let limit = "--max-regression";
    let (exit, said) = code(&[limit, "10%"]);
    assert_eq!(exit, 122);
    assert!(
        said.contains("http_req_duration avg, http_req_duration med"),
        "{said}"
    );
    assert!(
        !said.contains("http_req_failed"),
        "4.9 points are less than 10: {said}"
    );
    assert_eq!(code(&[limit, "50%"]).0, 0);
    assert_eq!(code(&[limit, "http_req_failed: 3%"]).0, 122);
    assert_eq!(
        code(&[
            limit,
            "10%",
            limit,
            "http_req_duration: 50%",
            limit,
            "http_req_duration{expected_response:true}: 50%"
        ])
        .0,
        0
    );
    let (exit, said) = code(&[limit, "queue: avg: 5%"]);
    assert_eq!(exit, 104);
    assert!(said.contains("--lower-is-better queue"), "{said}");
    assert_eq!(
        code(&[limit, "queue: avg: 5%", "--lower-is-better", "queue"]).0,
        122
    );
    assert_eq!(
        code(&[limit, "queue: avg: 5%", "--higher-is-better", "queue"]).0,
        0
    );
    let (exit, said) = code(&[limit, "http_req_duratoin: 5%"]);
    assert_eq!(exit, 104);
    assert!(
        said.contains("no file has a metric 'http_req_duratoin'"),
        "{said}"
    );
    assert_eq!(code(&[limit, "a lot"]).0, 255);
}

#[test]
fn a_run_is_like_itself_whatever_it_was_written_to() {
    let script = "import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
const took = new Trend('took', true);
export const options = { vus: 2, duration: '4s', thresholds: { 'took{half:odd}': ['p(95)<1000'] } };
export default function () {
  took.add(10 + Math.random() * 90, { half: __ITER % 2 ? 'odd' : 'even' });
  sleep(0.005);
}";
    let finished = Brunt::script(script)
        .args(&["--out", "parquet=a.parquet", "--out", "json=b.json.zst"])
        .run()
        .expect(0);
    let path = finished.path("a.parquet");
    let folder = path.parent().unwrap();
    let args = [
        "a.parquet",
        "b.json.zst",
        "--format",
        "json",
        "--max-regression",
        "0%",
    ];
    let output = compare(folder, &args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let rows = rows(&output);
    for stat in ["avg", "p(95)"] {
        for metric in ["took", "took{half:odd}"] {
            let row = row(&rows, metric, stat);
            assert_eq!(
                (&row["change"], &row["effect"]),
                (&0.0.into(), &"unclear".into()),
                "{row}"
            );
        }
    }
    let missing = compare(folder, &["a.parquet", "c.parquet"]);
    assert_eq!(missing.status.code(), Some(255));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(said.contains("c.parquet"), "{said}");
}
