//! Heat maps: how many values of which size there were, from native histograms and from classic buckets.

use serde_json::{Value, json};

use crate::answer::{Bucket, Series};
use crate::fields::{Field, Fields};
use crate::time::Range;
use crate::unit::Unit;

/// Rows that can still be told apart.
const MAX_ROWS: i32 = 40;

/// A heat map in the form of `brunt-page`; none without a bucket.
pub(crate) fn heat(
    panel: &Value,
    series: &[&Series],
    range: Range,
    step: f64,
    height: i64,
) -> Option<Value> {
    let slots = ((range.to - range.from) / step).floor() as usize + 1;
    let at = |time: f64| {
        let at = ((time - range.from) / step).round();
        (at >= 0.0 && (at as usize) < slots).then_some(at as usize)
    };
    let (bounds, counts) = if series.iter().any(|it| !it.histograms.is_empty()) {
        native(series, slots, at)?
    } else {
        classic(series, slots, at)?
    };
    let id = panel["options"]["yAxis"]["unit"].as_str();
    let unit = id.map_or_else(
        || {
            Fields::of(panel).unit(Field {
                name: "",
                letter: "",
            })
        },
        Unit::of,
    );
    let factor = unit.chart_factor();
    let times: Vec<f64> = (0..slots).map(|at| range.from + at as f64 * step).collect();
    Some(json!({
        "kind": "heat",
        "height": height,
        "unit": unit.json(),
        "times": times,
        "width": step,
        "bounds": bounds.iter().map(|it| it * factor).collect::<Vec<_>>(),
        "counts": counts,
    }))
}

type Map = (Vec<f64>, Vec<Vec<f64>>);

/// Buckets of native histograms grow by a constant factor, the root of two of some order: rows are as
/// high as these, or twice, four times … as high until they are few enough, so that each bucket lies
/// in one row.
fn native(series: &[&Series], slots: usize, at: impl Fn(f64) -> Option<usize>) -> Option<Map> {
    let all = || series.iter().flat_map(|it| &it.histograms);
    let buckets = || {
        all()
            .flat_map(|it| &it.1)
            .filter(|it| it.0 > 0.0 && it.1.is_finite())
    };
    let low = buckets().map(|it| it.0).fold(f64::INFINITY, f64::min);
    let high = buckets().map(|it| it.1).fold(0.0, f64::max);
    let ratio = buckets()
        .map(|it| it.1 / it.0)
        .fold(f64::INFINITY, f64::min);
    if !(low.is_finite() && high > low && ratio > 1.0) {
        return None;
    }
    let mut base = ratio.log2();
    let row = |value: f64, base: f64| (value.log2() / base + 1e-6).floor() as i32;
    while row(high, base).saturating_sub(row(low, base)) > MAX_ROWS {
        base *= 2.0;
    }
    let first = row(low, base);
    let last = row((low * high).sqrt().max(high / ratio.sqrt()), base).max(first);
    let rows = usize::try_from(last - first + 1).ok()?;
    let bounds = (first..=last + 1)
        .map(|it| (f64::from(it) * base).exp2())
        .collect();
    let place = |it: &Bucket| {
        // What is zero or less lies below everything.
        let row = if it.0 > 0.0 {
            row((it.0 * it.1).sqrt(), base)
        } else {
            first
        };
        usize::try_from(row.clamp(first, last) - first).unwrap_or_default()
    };
    let mut counts = vec![vec![0.0; rows]; slots];
    for (time, buckets) in all() {
        let Some(slot) = at(*time).and_then(|at| counts.get_mut(at)) else {
            continue;
        };
        for bucket in buckets.iter().filter(|it| it.2.is_finite()) {
            slot[place(bucket)] += bucket.2;
        }
    }
    round(&mut counts);
    Some((bounds, counts))
}

/// Series by `le`, each with all that is less.
fn classic(series: &[&Series], slots: usize, at: impl Fn(f64) -> Option<usize>) -> Option<Map> {
    let bound = |it: &Series| {
        it.labels
            .get("le")?
            .parse::<f64>()
            .ok()
            .filter(|it| !it.is_nan())
    };
    let mut sorted: Vec<_> = series
        .iter()
        .filter_map(|it| Some((bound(it)?, *it)))
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.dedup_by(|a, b| a.0 == b.0);
    let highest = sorted.iter().rev().find(|it| it.0.is_finite())?.0;
    let mut bounds = vec![sorted.first()?.0.min(0.0)];
    // Beyond the last bound nothing is known, but there has to be an end to draw.
    bounds.extend(sorted.iter().map(|it| {
        if it.0.is_finite() {
            it.0
        } else {
            highest * 2.0
        }
    }));
    let mut counts = vec![vec![0.0; sorted.len()]; slots];
    let mut below = vec![0.0; slots];
    for (row, (_, one)) in sorted.iter().enumerate() {
        for (time, value) in &one.points {
            if let Some(slot) = at(*time)
                && value.is_finite()
            {
                counts[slot][row] = f64::max(value - below[slot], 0.0);
                below[slot] = *value;
            }
        }
    }
    round(&mut counts);
    Some((bounds, counts))
}

/// Rates have more digits than anyone reads.
fn round(counts: &mut [Vec<f64>]) {
    for count in counts.iter_mut().flatten() {
        *count = (*count * 1000.0).round() / 1000.0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(time: f64) -> Option<usize> {
        (time < 2.0).then_some(time as usize)
    }

    #[test]
    fn buckets_by_le_are_told_apart() {
        let series = |le: &str, values: [f64; 2]| Series {
            labels: [("le".to_owned(), le.to_owned())].into(),
            points: vec![(0.0, values[0]), (1.0, values[1])],
            ..Series::default()
        };
        let all = [
            series("+Inf", [9.0, 9.0]),
            series("0.5", [3.0, 0.0]),
            series("1", [5.0, 9.0]),
        ];
        let (bounds, counts) = classic(&all.each_ref(), 2, at).unwrap();
        assert_eq!(bounds, [0.0, 0.5, 1.0, 2.0]);
        assert_eq!(counts, [vec![3.0, 2.0, 4.0], vec![0.0, 9.0, 0.0]]);
        assert_eq!(classic(&[], 2, at), None);
    }

    proptest! {
        #[test]
        fn no_value_is_lost_and_each_lies_in_its_row(
            schema in -2..6i32,
            indexes in proptest::collection::btree_map(-60..60i32, 1..100u32, 1..30),
        ) {
            let base = 2f64.powi(-schema);
            let bound = |index: i32| (f64::from(index) * base).exp2();
            let buckets = indexes.iter().map(|(at, count)| (bound(*at), bound(at + 1), f64::from(*count)));
            let series = Series { histograms: vec![(1.0, buckets.collect())], ..Series::default() };
            let (bounds, counts) = native(&[&series], 2, at).unwrap();
            let total: f64 = indexes.values().map(|it| f64::from(*it)).sum();
            prop_assert_eq!(counts[1].iter().sum::<f64>(), total);
            prop_assert_eq!(bounds.len(), counts[1].len() + 1);
            prop_assert!(counts[1].len() <= MAX_ROWS as usize + 1);
            for (row, count) in counts[1].iter().enumerate() {
                let inside = indexes.iter().filter(|(at, _)| {
                    let middle = (bound(**at) * bound(*at + 1)).sqrt();
                    bounds[row] <= middle && middle < bounds[row + 1]
                });
                prop_assert_eq!(*count, inside.map(|it| f64::from(*it.1)).sum::<f64>());
            }
        }
    }
}
