use brunt_aggregate::{SeriesPoint, SeriesValue};
use brunt_metrics::histogram::ExpHistogram;
use brunt_metrics::{MetricKind, ValueType};
use brunt_output::kit::Fixture;

use super::*;
use crate::trend_stats::TrendStat;

fn shape() -> Shape {
    Shape {
        prefix: "k6_".to_owned(),
        stats: vec![TrendStat::Max],
        native: true,
        ..Shape::default()
    }
}

fn point(id: SeriesId, newest: i64, value: SeriesValue) -> SeriesPoint {
    SeriesPoint {
        id,
        first: newest - 10,
        newest,
        value,
    }
}

fn trend(values: &[f64]) -> SeriesValue {
    let mut histogram = ExpHistogram::for_series();
    for value in values {
        histogram.record(*value);
    }
    SeriesValue::Trend(Arc::new(histogram))
}

fn url(fixture: &Fixture, metric: &str, url: &str) -> SeriesId {
    fixture.series(metric, &[("name", "item"), ("url", url)])
}

#[test]
fn series_that_lose_what_tells_them_apart_are_added_up() {
    let fixture = Fixture::new();
    let gauge = |last| SeriesValue::Gauge {
        last,
        min: 0.0,
        max: 9.0,
    };
    let id = |metric: &str, at: &str| url(&fixture, metric, at);
    let series = vec![
        point(id("http_reqs", "a"), 100, SeriesValue::Counter(2.0)),
        point(id("http_reqs", "b"), 50, SeriesValue::Counter(3.0)),
        point(
            id("http_req_failed", "a"),
            100,
            SeriesValue::Rate {
                passes: 1,
                total: 2,
            },
        ),
        point(
            id("http_req_failed", "b"),
            100,
            SeriesValue::Rate {
                passes: 2,
                total: 8,
            },
        ),
        point(id("vus", "a"), 100, gauge(7.0)),
        point(id("vus", "b"), 90, gauge(8.0)),
        point(id("http_req_duration", "a"), 100, trend(&[0.1, 0.2])),
        point(id("http_req_duration", "b"), 100, trend(&[0.3])),
        point(
            fixture.series("http_reqs", &[("url", "c")]),
            100,
            SeriesValue::Counter(1.0),
        ),
    ];
    let snapshot = Snapshot {
        time: 200,
        last: false,
        own: Vec::new(),
        series,
    };
    let mut table = Table::new(fixture.context(), &shape());
    // Twice: a snapshot replaces the one before, and does not add to it.
    table.absorb(&snapshot);
    table.absorb(&snapshot);
    let values: Vec<&Merged> = table.groups.iter().map(|group| &group.value).collect();
    assert_eq!(values.len(), 5);
    assert!(matches!(values[0], Merged::Counter(5.0)));
    assert!(matches!(
        values[1],
        Merged::Rate {
            passes: 3,
            total: 10
        }
    ));
    assert!(matches!(
        values[2],
        Merged::Gauge {
            last: 7.0,
            newest: 100
        }
    ));
    let merged = values[3].histogram().unwrap();
    assert_eq!((merged.count(), merged.max()), (3, Some(0.3)));
    assert!(
        matches!(values[4], Merged::Counter(1.0)),
        "without a name the url stays"
    );
    assert_eq!(table.groups[0].first, 40, "the first sample of all");
    assert_eq!(table.groups[0].weight, 2, "it stands for two points");
    assert_eq!(table.series(), 1 + 3 + 1 + 2 + 1);
}

#[test]
fn a_name_belongs_to_one_metric() {
    let fixture = Fixture::new();
    let registry = &fixture.context().registry;
    registry
        .register("order", MetricKind::Trend, ValueType::Time)
        .unwrap();
    registry
        .register("order_max", MetricKind::Gauge, ValueType::Default)
        .unwrap();
    let gauge = SeriesValue::Gauge {
        last: 1.0,
        min: 1.0,
        max: 1.0,
    };
    let series = vec![
        point(fixture.series("order", &[]), 1, trend(&[1.0])),
        point(fixture.series("order_max", &[]), 1, gauge),
    ];
    let mut table = Table::new(fixture.context(), &shape());
    table.absorb(&Snapshot {
        time: 1,
        last: true,
        own: Vec::new(),
        series,
    });
    assert_eq!(table.series(), 2);
    assert_eq!(table.conflicts.len(), 1);
    assert!(table.conflicts[0].contains("'order_max' is not sent as k6_order_max"));
}

#[test]
fn a_series_that_nobody_knows_is_left_out() {
    let fixture = Fixture::new();
    let mut table = Table::new(fixture.context(), &shape());
    let series = vec![point(SeriesId(4_711), 1, SeriesValue::Counter(1.0))];
    table.absorb(&Snapshot {
        time: 1,
        last: true,
        own: Vec::new(),
        series,
    });
    assert!(table.groups.is_empty());
}
