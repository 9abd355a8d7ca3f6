//! Unique tags without end must not grow memory without end. Alone in its file, so that no other
//! test's memory counts.
#![cfg(target_os = "linux")]
// Helpers beside the tests may fail too; clippy only knows tests themselves.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::{AggregatePlan, Groups, Thresholds};
use brunt_bus::{Bus, BusConfig};
use brunt_metrics::builtin::{HTTP_REQ_DURATION, HTTP_REQS};
use brunt_metrics::{Interner, Registry, TagSet};
use brunt_output::edge::edge;
use brunt_output::{Account, Wants};

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn memory_is_flat_however_many_tag_sets_there_are() {
    let (raw, _raw_inbox) = edge(1 << 20, Account::default());
    let (points, _points_inbox) = edge(1 << 20, Account::default());
    let every = Wants::Snapshots {
        interval: Duration::from_millis(100),
        explicit: true,
    };
    let interner = Arc::new(Interner::new(2000));
    let (mut recorders, handle) = Bus::start(BusConfig {
        interner: Arc::clone(&interner),
        plan: Arc::new(AggregatePlan::new(Arc::new(Registry::new()), [])),
        thresholds: Thresholds::default(),
        groups: Arc::new(Groups::default()),
        workers: 1,
        outputs: vec![(Wants::Samples, raw), (every, points)],
        wall: Arc::new(|| 0),
        own: Arc::new(Vec::new),
        on_abort: Box::new(|_| {}),
        runtime: tokio::runtime::Handle::current(),
    });
    let mut after_warm_up = 0;
    for url in 0..200_000u32 {
        let url_text =
            format!("http://127.0.0.1/a/path/that/is/not/quite/short/{url:020}/and/goes/on/and/on");
        let tags: TagSet = [("url", url_text.as_str()), ("method", "GET")]
            .into_iter()
            .collect();
        recorders[0].record_tagged(HTTP_REQS, &tags, None, 0, 1.0);
        recorders[0].record_tagged(HTTP_REQ_DURATION, &tags, None, 0, f64::from(url % 100));
        if recorders[0].wants_flush() {
            recorders[0].flush();
            tokio::task::yield_now().await;
        }
        if url == 50_000 {
            after_warm_up = resident_kb();
        }
    }
    let grown = resident_kb().saturating_sub(after_warm_up);
    assert!(
        grown < 4096,
        "{grown} kB more after 150 000 further tag sets"
    );
    assert!(interner.len() <= 2002);
    drop(recorders);
    let report = handle.finish(Duration::from_secs(1)).await.unwrap();
    assert_eq!(report.totals.len(), 2);
}
