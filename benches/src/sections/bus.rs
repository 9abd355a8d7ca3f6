//! What the bus itself costs: samples recorded by one worker, batched, handed over an edge and dropped by
//! an output that does nothing with them. In this process, because no script is to be part of it.

use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::{AggregatePlan, Groups, Thresholds};
use brunt_bus::{Bus, BusConfig, Recorder, Slot};
use brunt_metrics::{Interner, MetricId, Registry, TagSet, builtin};
use brunt_output::edge::edge;
use brunt_output::{Account, Inbox, Wants};

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::stats::median;
use crate::sys;

const SAMPLES: u64 = 20_000_000;

/// What one request records.
const METRICS: [MetricId; 8] = [
    builtin::HTTP_REQS,
    builtin::HTTP_REQ_DURATION,
    builtin::HTTP_REQ_BLOCKED,
    builtin::HTTP_REQ_CONNECTING,
    builtin::HTTP_REQ_TLS_HANDSHAKING,
    builtin::HTTP_REQ_SENDING,
    builtin::HTTP_REQ_WAITING,
    builtin::HTTP_REQ_RECEIVING,
];

/// As the bus' own edges.
const EDGE: usize = 64 << 20;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let samples = Wants::Samples;
    let snapshots = Wants::Snapshots {
        interval: Duration::from_secs(1),
        explicit: false,
    };
    let mut rows = Vec::new();
    for (what, wants) in [
        ("no output", None),
        ("an output of samples that drops them", Some(samples)),
        ("an output of snapshots that drops them", Some(snapshots)),
    ] {
        let mut rates = Vec::new();
        for _ in 0..lab.rounds {
            rates.push(once(wants)? / 1e6);
        }
        let figure = format!("bus with {what}: million samples per CPU-second");
        rows.push(Row::at_least(figure, 8.0, median(&rates), ""));
    }
    Ok(rows)
}

/// Samples per second of CPU, of all threads.
fn once(wants: Option<Wants>) -> Result<f64, BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let registry = Arc::new(Registry::new());
    let thresholds = Thresholds::default();
    let (sender, inbox) = edge(EDGE, Account::default());
    let outputs = wants.map(|wants| (wants, sender)).into_iter().collect();
    let (recorders, bus) = Bus::start(BusConfig {
        interner: Arc::new(Interner::new(Interner::DEFAULT_MAX_SERIES)),
        plan: Arc::new(AggregatePlan::new(registry, [])),
        thresholds,
        groups: Arc::new(Groups::default()),
        workers: 1,
        outputs,
        wall: Arc::new(|| 0),
        own: Arc::new(Vec::new),
        on_abort: Box::new(|_| {}),
        runtime: runtime.handle().clone(),
    });
    let output = runtime.spawn(drop_all(inbox));
    let before = sys::own_cpu()?;
    for recorder in recorders {
        record(recorder);
    }
    let gone = || BenchError::Unreadable("the bus ended before its samples did".to_owned());
    runtime
        .block_on(bus.finish(Duration::from_secs(1)))
        .map_err(|_| gone())?;
    runtime.block_on(output).map_err(|_| gone())?;
    let used = sys::own_cpu()?.saturating_sub(before);
    Ok(SAMPLES as f64 / used.as_secs_f64())
}

fn record(mut recorder: Recorder) {
    let mut tags = TagSet::default();
    for (tag, value) in [
        ("method", "GET"),
        ("name", "http://127.0.0.1/"),
        ("status", "200"),
    ] {
        tags.set(tag, value);
    }
    let slots: Vec<Slot> = METRICS
        .iter()
        .filter_map(|metric| recorder.slot(*metric, &tags))
        .collect();
    let mut sent = 0;
    while sent < SAMPLES {
        for slot in &slots {
            // Times and durations as they come: no two alike.
            let value = 0.05 + (sent % 9_973) as f64 * 1e-4;
            recorder.record(*slot, None, sent as i64 * 1000, value);
            sent += 1;
        }
        if recorder.wants_flush() {
            recorder.flush();
        }
    }
    recorder.flush();
}

async fn drop_all(mut inbox: Inbox) {
    while let Some(item) = inbox.next().await {
        drop(item);
    }
}
