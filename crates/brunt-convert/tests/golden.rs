//! k6's own files, read: every point is there, by its metric and its tags.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use brunt_convert::{Declared, Format, Inputs, Known, Options, Tally, declared, read};
use brunt_metrics::{Interner, MetricKind, Registry, ValueType};

struct Found {
    format: Format,
    declared: Declared,
    tally: Tally,
    known: Known,
    /// Points by metric.
    points: BTreeMap<String, usize>,
    /// Times, values and tags, in order.
    samples: Vec<(i64, f64, String)>,
}

fn found(name: &str, threads: usize) -> Found {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let inputs = Inputs::find(&[path.to_str().unwrap().to_owned()]).unwrap();
    let known = Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(100_000)),
    };
    let declared = declared(&inputs, &known.registry).unwrap();
    let options = Options {
        known: known.clone(),
        threads,
        instance_tag: false,
    };
    let mut points = BTreeMap::new();
    let mut samples = Vec::new();
    let take = |batch: brunt_metrics::SampleBatch| {
        for sample in &batch.samples {
            let series = known.interner.resolve(sample.series).unwrap();
            let metric = known.registry.metric(series.metric);
            *points.entry(metric.name.to_string()).or_default() += 1;
            let tags: Vec<_> = series.tags.iter().collect();
            samples.push((
                sample.time,
                sample.value,
                format!("{} {tags:?}", metric.name),
            ));
        }
        true
    };
    let tally = read(&inputs, &options, take, |broken| panic!("{broken:?}")).unwrap();
    Found {
        format: inputs.format(),
        declared,
        tally,
        known,
        points,
        samples,
    }
}

#[test]
fn every_point_of_the_json_file_is_there() {
    let found = found("run.json.gz", 2);
    assert_eq!(found.format, Format::Json);
    assert_eq!((found.tally.samples, found.tally.broken), (36_981, 0));
    assert!(found.tally.notices.is_empty());
    let table = [
        ("http_reqs", 2791),
        ("http_req_failed", 2791),
        ("http_req_duration", 2791),
        ("checks", 2781),
        ("group_duration", 2660),
        ("data_sent", 1451),
        ("iterations", 1451),
        ("orders", 121),
        ("order_took", 121),
        ("vus", 6),
    ];
    for (metric, count) in table {
        assert_eq!(found.points[metric], count, "{metric}");
    }
}

#[test]
fn metric_lines_say_what_metrics_are() {
    let found = found("run.json.gz", 1);
    let took = found.known.registry.get("order_took").unwrap();
    assert_eq!(
        (took.kind, took.contains),
        (MetricKind::Trend, ValueType::Time)
    );
    assert_eq!(
        found.known.registry.get("orders").unwrap().kind,
        MetricKind::Counter
    );
    let duration = &found.declared.declarations["http_req_duration"];
    assert_eq!(duration.thresholds, ["p(95)<500", "avg<200"]);
    assert_eq!(duration.submetrics.len(), 2);
    assert_eq!(duration.submetrics[0].suffix, "scenario:buy");
    assert_eq!(found.declared.utc_offset, Some(0));
}

#[test]
fn the_order_does_not_depend_on_the_number_of_threads() {
    let one = found("run.json.gz", 1).samples;
    assert_eq!(found("run.json.gz", 4).samples, one);
}

#[test]
fn the_csv_file_has_the_same_points_as_far_as_csv_can() {
    let json = found("run.json.gz", 2);
    let csv = found("run.csv.gz", 2);
    assert_eq!(csv.format, Format::Csv);
    assert_eq!((csv.tally.samples, csv.tally.doubtful), (36_981, 0));
    let rounded = |found: &Found| {
        let sample = |(time, value, series): &(i64, f64, String)| {
            format!("{} {value:.6} {series}", time / 1_000_000_000)
        };
        let mut all: Vec<String> = found.samples.iter().map(sample).collect();
        all.sort();
        all
    };
    let (csv, json) = (rounded(&csv), rounded(&json));
    for (csv, json) in csv.iter().zip(&json) {
        assert_eq!(csv, json);
    }
    assert!(csv.iter().any(|sample| sample.contains("web & mobile")));
}

#[test]
fn thresholds_on_parts_of_metrics_are_joined_over_lines_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let line = |thresholds: &str| {
        format!(
            "{{\"type\":\"Metric\",\"data\":{{\"name\":\"orders\",\"type\":\"counter\",\"contains\":\"default\",\"thresholds\":[],\"submetrics\":[{{\"name\":\"orders{{a:b}}\",\"suffix\":\"a:b\",\"tags\":{{\"a\":\"b\"}}{thresholds}}}]}},\"metric\":\"orders\"}}\n"
        )
    };
    let mut names = Vec::new();
    for (name, thresholds) in [
        ("1", ",\"thresholds\":[\"count>1\"]"),
        ("2", ""),
        ("3", ",\"thresholds\":[\"count>1\",\"rate>2\"]"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, line(thresholds)).unwrap();
        names.push(path.to_str().unwrap().to_owned());
    }
    let inputs = Inputs::find(&names).unwrap();
    let declared = declared(&inputs, &Registry::new()).unwrap();
    let [part] = declared.declarations["orders"].submetrics.as_slice() else {
        panic!("{declared:?}");
    };
    assert_eq!(
        (part.suffix.as_str(), part.tags["a"].as_str()),
        ("a:b", "b")
    );
    assert_eq!(part.thresholds, ["count>1", "rate>2"]);
}
