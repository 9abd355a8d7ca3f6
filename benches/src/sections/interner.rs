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
    let mut rows = Vec::new();
    // As with `--max-series 50000`, and as without.
    for bound in [FEW, Interner::DEFAULT_MAX_SERIES as u64] {
        let before = own_rss()?;
        let sizes = fill(bound, [bound, URLS])?;
        let size = |at: usize| sizes[at].saturating_sub(before) as f64 / f64::from(1 << 20);
        rows.push(Row::info(
            format!("interner for {bound} series: at {bound} URLs"),
            size(0),
            " MiB",
        ));
        rows.push(Row::info(
            format!("interner for {bound} series: at {URLS} URLs"),
            size(1),
            " MiB",
        ));
        let growth = sizes[1] as f64 / sizes[0] as f64;
        let figure = format!("resident at {URLS} / at {bound} URLs, for {bound} series");
        rows.push(Row::at_most(figure, GROWTH, growth, " x"));
    }
    Ok(rows)
}

/// The resident memory in bytes at these numbers of URLs.
fn fill(bound: u64, marks: [u64; 2]) -> Result<[u64; 2], BenchError> {
    let interner = Interner::new(bound as usize);
    let fixed: [(Arc<str>, Arc<str>); 5] = [
        ("expected_response".into(), "true".into()),
        ("method".into(), "GET".into()),
        ("proto".into(), "HTTP/1.1".into()),
        ("scenario".into(), "default".into()),
        ("status".into(), "200".into()),
    ];
    let mut sizes = [0; 2];
    for i in 0..URLS {
        let url: Arc<str> = format!("http://127.0.0.1:8080/items/{i}?page={}", i % 97).into();
        let mut tags: TagSet = fixed.iter().cloned().collect();
        tags.set("name", Arc::clone(&url));
        tags.set("url", url);
        if let Some(tags) = interner.tag_set(&tags) {
            std::hint::black_box(interner.series(MetricId(0), tags));
        }
        for (mark, size) in marks.iter().zip(&mut sizes) {
            if *mark == i + 1 {
                *size = own_rss()?;
            }
        }
    }
    Ok(sizes)
}
