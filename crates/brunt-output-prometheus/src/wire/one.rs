//! Remote write 1.0: `prometheus.WriteRequest`.

use rustc_hash::FxHashSet;

use super::{frame, framed, labels, number, points, text};
use crate::load::{Load, Series};

/// The protobuf of a load.
pub(super) fn message(load: &Load) -> Vec<u8> {
    let mut out = Vec::new();
    let mut one = Vec::new();
    for series in &load.series {
        one.clear();
        write_series(&mut one, series);
        frame(&mut out, 1, one.len());
        out.extend_from_slice(&one);
    }
    if load.metadata {
        write_metadata(&mut out, load);
    }
    out
}

fn write_series(out: &mut Vec<u8>, series: &Series) {
    for (name, value) in labels(series) {
        frame(out, 1, framed(name.len()) + framed(value.len()));
        text(out, 1, name);
        text(out, 2, value);
    }
    points(out, &series.points, 2, 4, false);
}

/// `MetricMetadata` for each name, once.
fn write_metadata(out: &mut Vec<u8>, load: &Load) {
    let mut told = FxHashSet::default();
    let mut one = Vec::new();
    for series in &load.series {
        let column = &series.column;
        if !told.insert(column.name.as_str()) {
            continue;
        }
        one.clear();
        number(&mut one, 1, u64::from(column.kind() as u32));
        text(&mut one, 2, &column.name);
        text(&mut one, 4, &column.help);
        text(&mut one, 5, column.unit);
        frame(out, 3, one.len());
        out.extend_from_slice(&one);
    }
}
