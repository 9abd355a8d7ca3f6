//! `brunt report`: a run as a page, opened in a browser.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Summary, browser};

const HOSTILE: &str = "</script><b>&\"'<!--";

/// A quarter of a minute of k6's JSON: two names, one of them hostile, checks, errors, virtual users.
fn json(first: u64) -> String {
    let mut text = String::new();
    for (metric, kind, contains, thresholds) in [
        ("http_reqs", "counter", "default", "[\"count>1\"]"),
        ("http_req_duration", "trend", "time", "[\"p(95)<20\"]"),
        ("http_req_failed", "rate", "default", "[]"),
        ("checks", "rate", "default", "[]"),
        ("vus", "gauge", "default", "[]"),
    ] {
        let data = format!(
            "{{\"name\":\"{metric}\",\"type\":\"{kind}\",\"contains\":\"{contains}\",\"thresholds\":{thresholds},\"submetrics\":null}}"
        );
        writeln!(
            text,
            "{{\"type\":\"Metric\",\"data\":{data},\"metric\":\"{metric}\"}}"
        )
        .unwrap();
    }
    let mut point =
        |metric: &str, second: u64, number: u64, value: f64, tags: &serde_json::Value| {
            let time = format!("2026-11-22T10:00:{:02}.{:03}Z", second, number * 20);
            let data = serde_json::json!({ "time": time, "value": value, "tags": tags });
            writeln!(
                text,
                "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{data}}}"
            )
            .unwrap();
        };
    for second in first..first + 15 {
        for number in 0..50 {
            let failed = number % 10 == 0;
            let mut tags = serde_json::json!({ "name": if number % 2 == 0 { "list" } else { HOSTILE }, "method": "GET", "scenario": "buy", "status": "200" });
            if failed {
                tags["error_code"] = "1211".into();
                tags["error"] = "dial: i/o timeout".into();
                tags["status"] = "0".into();
            }
            let took = 5.0 + number as f64 / 2.0;
            point("http_reqs", second, number, 1.0, &tags);
            point("http_req_duration", second, number, took, &tags);
            point(
                "http_req_failed",
                second,
                number,
                f64::from(u8::from(failed)),
                &tags,
            );
            let check = serde_json::json!({ "check": HOSTILE, "group": "::shop::cart", "scenario": "default" });
            point(
                "checks",
                second,
                number,
                f64::from(u8::from(!failed)),
                &check,
            );
        }
        point("vus", second, 0, 7.0, &serde_json::json!({}));
    }
    text
}

fn brunt(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
    command.args(args).current_dir(folder).output().unwrap()
}

#[test]
fn a_page_shows_what_the_summary_of_all_instances_says() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("a.json"), json(0)).unwrap();
    std::fs::write(folder.join("b.json"), json(5)).unwrap();
    let inputs = ["a.json", "b.json"];
    let output = brunt(
        folder,
        &[&["report"], &inputs[..], &["--title", HOSTILE]].concat(),
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = brunt(
        folder,
        &[
            &["summary"],
            &inputs[..],
            &["--summary-export", "s.json", "--quiet"],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(99));
    let summary = Summary::parse(&std::fs::read_to_string(folder.join("s.json")).unwrap());
    let page = browser::open(&folder.join("report.html"), false);
    assert!(
        page.dom.contains("data-ready=\"yes\""),
        "the script came to its end"
    );
    let heading = page
        .dom
        .split_once("<h1>")
        .unwrap()
        .1
        .split_once("</h1>")
        .unwrap()
        .0;
    assert_eq!(heading, "&lt;/script&gt;&lt;b&gt;&amp;\"'&lt;!--");
    let metric = |name: &str, key: &str| summary.0["metrics"][name][key].as_f64().unwrap();
    assert_eq!(metric("http_reqs", "count"), 1500.0);
    assert!(page.text("tile-requests").contains("1500"));
    assert!(page.text("tile-failed").contains("10 %150 of 1500"));
    assert!(page.text("tile-passed").contains("90 %1350 of 1500"));
    let p95 = format!("{}ms", metric("http_req_duration", "p(95)"));
    assert!(
        page.text("tile-latency").contains(&p95),
        "{} in {}",
        p95,
        page.text("tile-latency")
    );
    assert!(page.text("tile-vus").contains('7'));
    assert_eq!(page.text("verdict"), "1 of 2 thresholds crossed");
    let thresholds = page.rows("thresholds");
    let crossed = ["http_req_duration", "p(95)<20", &p95, "failed"];
    assert!(
        thresholds.iter().any(|row| row == &crossed),
        "{thresholds:?}"
    );
    let names = page.rows("names");
    assert_eq!(names.len(), 2);
    let hostile = names.iter().find(|row| row[0] == HOSTILE).unwrap();
    assert_eq!(&hostile[1..3], ["GET", "750"]);
    let list = names.iter().find(|row| row[0] == "list").unwrap();
    assert_eq!(&list[2..5], ["750", "37.53/s", "150"]);
    assert_eq!(
        page.rows("checks"),
        [[HOSTILE, "shop › cart", "1350", "150", "90 %"]]
    );
    assert_eq!(
        page.rows("errors"),
        [["dial: i/o timeout", "1211", "0", "150"]]
    );
    let sections = page.rows("sections");
    assert_eq!(sections.len(), 2, "{sections:?}");
    assert_eq!(sections[0][..5], ["buy", "", "–", "1500", "150"]);
    assert_eq!(sections[0][6], p95);
    assert_eq!(sections[1][..4], ["default", "shop › cart", "–", "–"]);
    // Charts are there, with their legend for the keyboard.
    for label in [
        "requests/s",
        "VUs",
        "p95",
        "failed requests",
        "failed checks",
        "dial: i/o timeout",
    ] {
        let entry = page
            .dom
            .split("<tr class=\"u-series")
            .find(|row| row.contains(label));
        assert!(
            entry.is_some_and(|row| row.contains("role=\"button\"")),
            "{label}"
        );
    }
    for (dark, name) in [(false, "report-light.png"), (true, "report-dark.png")] {
        browser::screenshot(&folder.join("report.html"), dark, name, 2400);
    }
}

#[test]
fn broken_lines_are_told_and_nothing_half_written_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("a.json"), format!("{}nonsense\n", json(0))).unwrap();
    let output = brunt(folder, &["report", "a.json", "-o", "r.html"]);
    assert_eq!(output.status.code(), Some(123));
    let page = std::fs::read_to_string(folder.join("r.html")).unwrap();
    assert!(page.contains("1 broken lines of the files were left out"));
    let output = brunt(folder, &["report", "a.json", "-o", "no-folder/r.html"]);
    assert_eq!(output.status.code(), Some(255));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--out no-folder/r.html"), "{said}");
    std::fs::create_dir(folder.join("r")).unwrap();
    let output = brunt(folder, &["report", "a.json", "-o", "r"]);
    assert_eq!(output.status.code(), Some(255));
    let left: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
}
