//! Every query and every rule is understood by Prometheus' own promtool, and the alerts fire when they
//! should.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use brunt_grafana::{Source, boards, interpolate};

/// Runs promtool; `None` where it is not installed.
fn promtool(args: &[&str], folder: &Path) -> Option<(bool, String)> {
    let output = match Command::new("promtool")
        .args(args)
        .current_dir(folder)
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!(
                "skipped: promtool is not installed; scripts/setup-tests.sh installs what the tests need"
            );
            return None;
        }
        Err(error) => panic!("promtool: {error}"),
    };
    let text = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/rules")
}

/// A value that fits wherever the variable stands.
fn value(name: &str) -> Option<&'static str> {
    Some(match name {
        "__rate_interval" | "__interval" | "__range" => "1m",
        "prefix" => "k6_",
        "native" => "1",
        "quantile" => "0.95",
        "runs" => "30",
        "shift" => "1ms",
        "stat" => "p99",
        "testid" | "scenario" | "name" | "method" | "status" | "script" | "metric" | "a" | "b"
        | "namespace" | "workload" | "pod" | "generator" | "generator_filter" => "text",
        _ => return None,
    })
}

#[test]
fn every_query_is_promql() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = "groups:\n- name: queries\n  rules:\n".to_owned();
    let mut number = 0;
    for dashboard in boards::all() {
        for panel in dashboard.panels() {
            for target in panel
                .targets
                .iter()
                .filter(|it| it.source == Source::Prometheus)
            {
                let query = interpolate(&target.expr, value)
                    .unwrap_or_else(|name| panic!("{}: ${name} in {}", panel.title, target.expr));
                let query = serde_json::Value::from(query);
                let _ = write!(file, "  - record: query_{number}\n    expr: {query}\n");
                number += 1;
            }
        }
    }
    std::fs::write(folder.path().join("queries.yaml"), file).unwrap();
    let Some((ok, text)) = promtool(&["check", "rules", "queries.yaml"], folder.path()) else {
        return;
    };
    assert!(ok, "{text}");
    assert!(text.contains(&format!("{number} rules found")), "{text}");
}

#[test]
fn the_rules_are_valid() {
    for file in ["recording.yaml", "alerts.yaml"] {
        if let Some((ok, text)) = promtool(&["check", "rules", file], &rules()) {
            assert!(ok, "{text}");
        }
    }
}

#[test]
fn the_recording_rules_record_what_their_names_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    if let Some((ok, text)) = promtool(&["test", "rules", "recording-test.yaml"], &folder) {
        assert!(ok, "{text}");
    }
}

#[test]
fn alerts_fire_when_they_should_and_not_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    if let Some((ok, text)) = promtool(&["test", "rules", "alerts-test.yaml"], &folder) {
        assert!(ok, "{text}");
    }
}
