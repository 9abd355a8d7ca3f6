//! Ten million different URLs: the table of series is bounded, and its memory with it.

use std::sync::Arc;

use brunt_metrics::{Interner, MetricId, TagSet};

use crate::child::own_rss;
use crate::lab::{BenchError, Lab};
use crate::report::Row;

const FEW: u64 = 50_000;
const URLS: u64 = 10_000_000;

/// How much more may be resident in the end: noise of the allocator.
const GROWTH: f64 = 1.1;

pub(super) fn measure(_: &Lab) -> Result<Vec<Row>, BenchError> {
    let bound = Interner::DEFAULT_MAX_SERIES as u64;
    let interner = Interner::new(Interner::DEFAULT_MAX_SERIES);
    let fixed: [(Arc<str>, Arc<str>); 5] = [
        ("expected_response".into(), "true".into()),
        ("method".into(), "GET".into()),
        ("proto".into(), "HTTP/1.1".into()),
        ("scenario".into(), "default".into()),
        ("status".into(), "200".into()),
    ];
    let before = own_rss()?;
    let marks = [FEW, bound, 2 * bound, URLS];
    let mut at_mark = Vec::new();
    for i in 0..URLS {
        let url: Arc<str> = format!("http://127.0.0.1:8080/items/{i}?page={}", i % 97).into();
        let mut tags: TagSet = fixed.iter().cloned().collect();
        tags.set("name", Arc::clone(&url));
        tags.set("url", url);
        if let Some(tags) = interner.tag_set(&tags) {
            std::hint::black_box(interner.series(MetricId(0), tags));
        }
        if marks.contains(&(i + 1)) {
            let grown = own_rss()?.saturating_sub(before);
            at_mark.push((i + 1, grown as f64 / f64::from(1 << 20)));
        }
    }
    let mut rows: Vec<_> = at_mark
        .iter()
        .map(|(count, size)| Row::info(format!("interner at {count} URLs"), *size, " MiB"))
        .collect();
    let at = |count| {
        at_mark
            .iter()
            .find(|mark| mark.0 == count)
            .map_or(f64::NAN, |mark| mark.1)
    };
    let growth = at(URLS) / at(bound);
    rows.push(Row::at_most(
        "interner, 10 000 000 URLs / its bound",
        GROWTH,
        growth,
        " x",
    ));
    Ok(rows)
}
