//! Snapshots as the aggregator makes them, and outputs as the command line makes them.

use std::sync::Arc;

use brunt_aggregate::{OwnPoint, SeriesPoint, SeriesValue, Snapshot};
use brunt_metrics::histogram::ExpHistogram;
use brunt_output::kit::{self, Fed, Fixture};
use brunt_output::{Catalogue, Environment, Item, Output};
use brunt_output_otlp::{GrafanaCloud, K6Opentelemetry, NewRelic, Otlp};

/// In nanoseconds.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// When the first snapshot is taken.
pub(crate) const START: i64 = 1_795_343_089_692_484_138;

/// The ways to send.
pub(crate) const PROTOCOLS: [&str; 2] = ["grpc", "http"];

/// What `--out ARGUMENT` makes.
pub(crate) fn output(argument: &str) -> Box<dyn Output> {
    let catalogue = Catalogue::new()
        .with(Otlp)
        .with(K6Opentelemetry)
        .with(NewRelic)
        .with(GrafanaCloud);
    let mut outputs = catalogue
        .configure(&[argument.to_owned()], &Environment::new())
        .unwrap_or_else(|error| panic!("{error}"));
    outputs.pop().unwrap().output
}

/// A snapshot this many seconds after the start.
pub(crate) fn snapshot(seconds: i64, last: bool, series: Vec<SeriesPoint>) -> Item {
    with_own(seconds, last, series, Vec::new())
}

/// The same with points of brunt's own.
pub(crate) fn with_own(
    seconds: i64,
    last: bool,
    series: Vec<SeriesPoint>,
    own: Vec<OwnPoint>,
) -> Item {
    Item::Snapshot(Arc::new(Snapshot {
        time: START + seconds * SECOND,
        last,
        own,
        series,
    }))
}

/// A series whose first sample came a second before the start.
pub(crate) fn item(
    fixture: &Fixture,
    metric: &str,
    tags: &[(&str, &str)],
    value: SeriesValue,
) -> SeriesPoint {
    SeriesPoint {
        id: fixture.series(metric, tags),
        first: START - SECOND,
        newest: START,
        value,
    }
}

pub(crate) fn counter(value: f64) -> SeriesValue {
    SeriesValue::Counter(value)
}

pub(crate) fn gauge(value: f64) -> SeriesValue {
    SeriesValue::Gauge {
        last: value,
        min: value,
        max: value,
    }
}

/// A trend of these values, in seconds.
pub(crate) fn trend(values: &[f64]) -> SeriesValue {
    let mut histogram = ExpHistogram::for_series();
    for value in values {
        histogram.record(*value);
        histogram.record_explicit(*value * 1000.0);
    }
    SeriesValue::Trend(Arc::new(histogram))
}

/// Runs an output over the items; nothing may break a rule on the way.
pub(crate) async fn run(
    receiver: &brunt_testkit::Otlp,
    keys: &str,
    items: &[Item],
    fixture: &Fixture,
) -> Fed {
    let output = output(&format!("otlp={}{keys}", receiver.url()));
    let fed = kit::feed(output, items, fixture.context()).await.unwrap();
    assert_eq!(receiver.problems(), [""; 0]);
    fed
}
