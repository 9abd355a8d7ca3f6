//! Snapshots as the aggregator makes them, and outputs as the command line makes them.

use std::sync::Arc;

use brunt_aggregate::{SeriesPoint, SeriesValue, Snapshot};
use brunt_metrics::histogram::ExpHistogram;
use brunt_output::kit::{self, Fed, Fixture};
use brunt_output::{Catalogue, Environment, Item, Output};
use brunt_output_prometheus::{K6RemoteWrite, Mimir, Prometheus};
use brunt_testkit::RemoteWrite;

/// In nanoseconds.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// When the first snapshot is taken.
const START: i64 = 1_795_343_089_692_484_138;

/// What `--out ARGUMENT` makes.
pub(crate) fn output(argument: &str) -> Box<dyn Output> {
    let catalogue = Catalogue::new()
        .with(Mimir)
        .with(Prometheus)
        .with(K6RemoteWrite);
    let mut outputs = catalogue
        .configure(&[argument.to_owned()], &Environment::new())
        .unwrap_or_else(|error| panic!("{error}"));
    outputs.pop().unwrap().output
}

/// A snapshot this many seconds after the start.
pub(crate) fn snapshot(seconds: i64, last: bool, series: Vec<SeriesPoint>) -> Item {
    Item::Snapshot(Arc::new(Snapshot {
        time: START + seconds * SECOND,
        last,
        own: Vec::new(),
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
    item_at(fixture, START, metric, tags, value)
}

/// A series whose first sample came a second before `time`.
pub(crate) fn item_at(
    fixture: &Fixture,
    time: i64,
    metric: &str,
    tags: &[(&str, &str)],
    value: SeriesValue,
) -> SeriesPoint {
    SeriesPoint {
        id: fixture.series(metric, tags),
        first: time - SECOND,
        newest: time,
        value,
    }
}

/// A trend of these values, in seconds.
pub(crate) fn trend(values: &[f64]) -> SeriesValue {
    let mut histogram = ExpHistogram::for_series();
    for value in values {
        histogram.record(*value);
    }
    SeriesValue::Trend(Arc::new(histogram))
}

/// Sends items to the receiver as `mimir` with more keys; nothing may break a rule on the way.
pub(crate) async fn run(
    receiver: &RemoteWrite,
    keys: &str,
    items: &[Item],
    fixture: &Fixture,
) -> Fed {
    let output = output(&format!("mimir=http://{}{keys}", receiver.address()));
    let fed = kit::feed(output, items, fixture.context()).await.unwrap();
    assert!(
        receiver.violations().is_empty(),
        "{:?}",
        receiver.violations()
    );
    fed
}
