//! Every query of every dashboard is one for the editors that Grafana and Prometheus show it in.

use std::path::Path;
use std::process::Command;

use brunt_grafana::{Source, boards, interpolate};

use crate::node;

/// What stands for variables where a query is written. Of a name no more is asked than that it is one.
fn value(name: &str) -> &'static str {
    match name {
        "__rate_interval" | "__interval" | "__auto" | "__range" => "1m",
        "prefix" => "k6_",
        "quantile" => "0.95",
        "slower" => "100ms",
        "native" | "runs" => "30",
        "shift" => "1ms",
        "stat" => "p99",
        _ => "text",
    }
}

fn wrong(packages: &Path, queries: &[(&str, String)]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grafana/grammars.mjs");
    let input = serde_json::to_string(queries).unwrap();
    node::output(Command::new("node").arg(script).arg(packages), &input)
}

#[test]
fn every_query_is_of_its_language() {
    let Some(packages) = node::packages() else {
        return;
    };
    let mut queries = Vec::new();
    for dashboard in boards::all() {
        for target in dashboard.panels().flat_map(|panel| &panel.targets) {
            let language = match target.source {
                Source::Prometheus => "promql",
                Source::Loki => "logql",
                Source::Tempo => "traceql",
            };
            queries.push((
                language,
                interpolate(&target.expr, |name| Some(value(name))).unwrap(),
            ));
        }
    }
    for language in ["promql", "logql", "traceql"] {
        assert!(
            queries.iter().any(|query| query.0 == language),
            "{language}"
        );
    }
    assert_eq!(wrong(&packages, &queries), "");
    // A bracket less, and it is none.
    let cut = |(language, query): &(&'static str, String)| {
        let end = query.rfind([')', '}', ']', '"', '`'])?;
        Some((*language, query[..end].to_owned()))
    };
    let cut: Vec<_> = queries.iter().filter_map(cut).collect();
    assert!(cut.len() * 2 > queries.len());
    assert_eq!(wrong(&packages, &cut).lines().count(), cut.len());
}
