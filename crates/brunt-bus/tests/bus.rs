//! What goes in comes out: totals, snapshots, raw samples, verdicts, and an account of every loss.
// Helpers beside the tests may fail too; clippy only knows tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use brunt_aggregate::{
    AggregatePlan, Breach, Groups, Report, SeriesValue, Snapshot, ThresholdSpec, Thresholds, Values,
};
use brunt_bus::{Bus, BusConfig, BusHandle, Recorder};
use brunt_metrics::builtin::{CHECKS, HTTP_REQ_DURATION, HTTP_REQS};
use brunt_metrics::{Interner, MetricId, Registry, TagSet};
use brunt_output::edge::edge;
use brunt_output::{Account, EdgeSender, Inbox, Item, Wants};
use tokio::sync::oneshot;
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);
const EVERY_SECOND: Wants = Wants::Snapshots {
    interval: SECOND,
    explicit: false,
};

struct Fixture {
    recorders: Vec<Recorder>,
    handle: BusHandle,
    interner: Arc<Interner>,
    wall: Arc<AtomicI64>,
    aborted: oneshot::Receiver<Breach>,
}

fn start(
    workers: usize,
    max_series: usize,
    rules: &[(&str, &str)],
    outputs: Vec<(Wants, EdgeSender)>,
) -> Fixture {
    let registry = Arc::new(Registry::new());
    let specs: Vec<(&str, [ThresholdSpec; 1])> = rules
        .iter()
        .map(|(key, expression)| {
            let expression = (*expression).to_owned();
            (
                *key,
                [ThresholdSpec {
                    expression,
                    abort_on_fail: true,
                    ..ThresholdSpec::default()
                }],
            )
        })
        .collect();
    let specs = specs.iter().map(|(key, rules)| (*key, rules.as_slice()));
    let thresholds = Thresholds::parse(specs, &registry).unwrap();
    let plan = Arc::new(AggregatePlan::new(registry, thresholds.submetrics()));
    let interner = Arc::new(Interner::new(max_series));
    let wall = Arc::new(AtomicI64::new(0));
    let (sender, aborted) = oneshot::channel();
    let clock = Arc::clone(&wall);
    let (recorders, handle) = Bus::start(BusConfig {
        interner: Arc::clone(&interner),
        plan,
        thresholds,
        groups: Arc::new(Groups::default()),
        workers,
        outputs,
        wall: Arc::new(move || clock.load(Ordering::Relaxed)),
        own: Arc::new(Vec::new),
        on_abort: Box::new(|breach| sender.send(breach).unwrap()),
        runtime: tokio::runtime::Handle::current(),
    });
    Fixture {
        recorders,
        handle,
        interner,
        wall,
        aborted,
    }
}

fn tags(pairs: &[(&str, &str)]) -> TagSet {
    pairs.iter().copied().collect()
}

fn count(report: &Report, name: &str) -> f64 {
    let totals = report
        .totals
        .iter()
        .find(|totals| totals.full_name() == name);
    match totals.map(|totals| &totals.values) {
        Some(Values::Counter { count }) => *count,
        Some(Values::Trend(trend)) => trend.count() as f64,
        Some(Values::Rate { passes, fails }) => (passes + fails) as f64,
        _ => 0.0,
    }
}

async fn all(mut inbox: Inbox) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some(item) = inbox.next().await {
        items.push(item);
    }
    items
}

async fn next_snapshot(inbox: &mut Inbox) -> Arc<Snapshot> {
    match inbox.next().await {
        Some(Item::Snapshot(snapshot)) => snapshot,
        other => panic!("{other:?}"),
    }
}

fn counters(snapshot: &Snapshot) -> Vec<f64> {
    let sums = snapshot
        .series
        .iter()
        .filter_map(|point| match point.value {
            SeriesValue::Counter(sum) => Some(sum),
            _ => None,
        });
    sums.collect()
}

fn add(recorder: &mut Recorder, metric: MetricId, pairs: &[(&str, &str)], values: &[f64]) {
    let slot = recorder.slot(metric, &tags(pairs)).unwrap();
    values
        .iter()
        .enumerate()
        .for_each(|(time, &value)| recorder.record(slot, None, time as i64, value));
}

#[tokio::test(start_paused = true)]
async fn every_sample_is_delivered_or_counted_as_dropped() {
    let (small, small_inbox) = edge(20_000, Account::default());
    let (large, large_inbox) = edge(usize::MAX, Account::default());
    let (points, points_inbox) = edge(400, Account::default());
    let outputs = vec![
        (Wants::Samples, small),
        (EVERY_SECOND, points),
        (Wants::Samples, large),
    ];
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(2, 1000, &[], outputs);
    for round in 0..20 {
        for recorder in &mut recorders {
            add(
                recorder,
                HTTP_REQS,
                &[("round", if round % 2 == 0 { "even" } else { "odd" })],
                &[1.0; 100],
            );
            recorder.flush();
        }
        advance(SECOND / 2).await;
        handle.report().await.unwrap();
    }
    drop(recorders);
    let before = handle.progress();
    assert_eq!(
        (before.samples, before.rejected, before.series),
        (4000, 0, 2)
    );
    let report = handle.finish(SECOND).await.unwrap();
    assert_eq!(count(&report, "http_reqs"), 4000.0);

    let mut delivered = Vec::new();
    for inbox in [small_inbox, points_inbox, large_inbox] {
        let stats = (
            inbox.account().counts().accepted,
            inbox.account().counts().dropped,
        );
        let items = all(inbox).await;
        let got: u64 = items.iter().map(|item| item.len() as u64).sum();
        assert_eq!(stats.0, got + stats.1);
        delivered.push((got, stats.1));
    }
    assert_eq!(delivered[2], (4000, 0), "a roomy edge loses nothing");
    assert!(delivered[0].1 > 0, "a narrow one drops");
    assert!(delivered[1].1 > 0, "older snapshots give way");
}

#[tokio::test]
async fn workers_never_wait_and_what_found_the_queue_full_goes_later() {
    let (sender, inbox) = edge(usize::MAX, Account::default());
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(2, 1000, &[], vec![(EVERY_SECOND, sender)]);
    // No await up to `finish`: nothing takes a delta, and the queue holds 8 of these 100.
    for _ in 0..50 {
        for recorder in &mut recorders {
            add(recorder, HTTP_REQS, &[], &[1.0, 2.0]);
            add(recorder, HTTP_REQ_DURATION, &[], &[5.0, 7.0]);
            recorder.flush();
        }
    }
    drop(recorders);
    let report = handle.finish(SECOND * 2).await.unwrap();
    assert_eq!(count(&report, "http_reqs"), 300.0);
    assert_eq!(count(&report, "http_req_duration"), 200.0);
    let items = all(inbox).await;
    let [Item::Snapshot(last)] = items.as_slice() else {
        panic!("{items:?}")
    };
    assert!(last.last);
    assert_eq!(counters(last), [300.0]);
}

#[tokio::test]
async fn a_full_interner_loses_no_count_and_no_tag() {
    let (raw, raw_inbox) = edge(usize::MAX, Account::default());
    let (points, points_inbox) = edge(usize::MAX, Account::default());
    let outputs = vec![(Wants::Samples, raw), (EVERY_SECOND, points)];
    let rules = [("http_reqs{parity:odd}", "count<0")];
    let Fixture {
        mut recorders,
        handle,
        interner,
        ..
    } = start(1, 10, &rules, outputs);
    let recorder = &mut recorders[0];
    for url in 0..500 {
        let url_text = url.to_string();
        let of_request = tags(&[
            ("url", &url_text),
            ("parity", if url % 2 == 0 { "even" } else { "odd" }),
        ]);
        recorder.record_tagged(HTTP_REQS, &of_request, None, url, 1.0);
        recorder.record_tagged(CHECKS, &of_request, None, url, 0.0);
    }
    assert!(recorder.slot(HTTP_REQS, &tags(&[("url", "new")])).is_none());
    drop(recorders);
    let report = handle.finish(SECOND).await.unwrap();
    assert_eq!(count(&report, "http_reqs"), 500.0);
    assert_eq!(count(&report, "http_reqs{parity:odd}"), 250.0);
    assert_eq!(count(&report, "checks"), 500.0);
    assert!(interner.len() <= 12, "{} series", interner.len());

    let mut urls: Vec<i64> = Vec::new();
    for item in all(raw_inbox).await {
        let Item::Samples(batch) = item else { panic!() };
        assert!(batch.overflow.len() <= 1000);
        for sample in &batch.samples {
            let series = match sample.series.overflow_row() {
                Some(row) => batch.overflow[row].clone(),
                None => interner.resolve(sample.series).unwrap(),
            };
            let url: i64 = series.tags.get("url").unwrap().parse().unwrap();
            assert_eq!(url, sample.time, "the tags are the sample's own");
            if series.metric == HTTP_REQS {
                urls.push(url);
            }
        }
    }
    assert_eq!(urls, (0..500).collect::<Vec<_>>());

    let points = all(points_inbox).await;
    let Some(Item::Snapshot(last)) = points.last() else {
        panic!()
    };
    assert_eq!(counters(last).iter().sum::<f64>(), 500.0);
    let beyond = last.series.iter().find(|point| {
        let series = interner.resolve(point.id).unwrap();
        series.metric == HTTP_REQS && series.tags.get("brunt_overflow") == Some("true")
    });
    assert!(
        matches!(beyond.unwrap().value, SeriesValue::Counter(sum) if sum == 495.0),
        "{beyond:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn snapshots_come_at_each_outputs_interval_with_the_time_they_were_taken() {
    let (fast, mut fast_inbox) = edge(usize::MAX, Account::default());
    let (slow, mut slow_inbox) = edge(usize::MAX, Account::default());
    let outputs = vec![
        (EVERY_SECOND, fast),
        (
            Wants::Snapshots {
                interval: SECOND * 3,
                explicit: false,
            },
            slow,
        ),
    ];
    let Fixture {
        mut recorders,
        handle,
        wall,
        ..
    } = start(1, 1000, &[], outputs);
    for second in 1..=3 {
        add(&mut recorders[0], HTTP_REQS, &[], &[1.0]);
        recorders[0].flush();
        wall.store(second * 1_000_000_000, Ordering::Relaxed);
        // The clock stands still but for this wait, which the driver's timer ends.
        let snapshot = next_snapshot(&mut fast_inbox).await;
        assert_eq!(
            (snapshot.time, snapshot.last),
            (second * 1_000_000_000, false)
        );
        assert_eq!(
            counters(&snapshot),
            [second as f64],
            "snapshots are cumulative"
        );
    }
    let snapshot = next_snapshot(&mut slow_inbox).await;
    assert_eq!(
        (snapshot.time, counters(&snapshot)),
        (3_000_000_000, vec![3.0])
    );
    wall.store(77, Ordering::Relaxed);
    drop(recorders);
    handle.finish(SECOND).await.unwrap();
    for inbox in [&mut fast_inbox, &mut slow_inbox] {
        let snapshot = next_snapshot(inbox).await;
        assert_eq!((snapshot.time, snapshot.last), (77, true));
        assert!(inbox.next().await.is_none(), "the edge is closed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_threshold_ends_the_test_at_the_next_two_seconds() {
    let rules = [("checks", "rate>0.9"), ("http_reqs", "count<1000")];
    let Fixture {
        mut recorders,
        handle,
        mut aborted,
        ..
    } = start(1, 1000, &rules, Vec::new());
    add(&mut recorders[0], CHECKS, &[], &[1.0, 0.0]);
    recorders[0].flush();
    advance(SECOND * 5).await;
    handle.report().await.unwrap();
    assert!(aborted.try_recv().is_err(), "not before the start");
    let before = tokio::time::Instant::now();
    handle.mark_started();
    let breach = aborted.await.unwrap();
    assert_eq!(before.elapsed(), SECOND * 2);
    assert_eq!(
        (breach.metric.as_str(), breach.expression.as_str()),
        ("checks", "rate>0.9")
    );
    add(&mut recorders[0], CHECKS, &[], &[1.0; 98]);
    drop(recorders);
    let report = handle.finish(SECOND * 2).await.unwrap();
    let results: Vec<(f64, bool)> = report
        .totals
        .iter()
        .flat_map(|totals| &totals.thresholds)
        .map(|t| (t.value, t.ok))
        .collect();
    assert_eq!(
        results,
        [(0.99, true), (0.0, true)],
        "the final verdict counts everything"
    );
}

#[tokio::test]
async fn what_is_no_number_or_no_metric_is_counted_and_goes_nowhere() {
    let (raw, raw_inbox) = edge(usize::MAX, Account::default());
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(1, 1000, &[], vec![(Wants::Samples, raw)]);
    let recorder = &mut recorders[0];
    add(
        recorder,
        HTTP_REQS,
        &[],
        &[1.0, f64::NAN, f64::INFINITY, 2.0, f64::NEG_INFINITY],
    );
    assert!(recorder.slot(MetricId(9999), &tags(&[])).is_none());
    recorder.record_tagged(MetricId(9999), &tags(&[]), None, 0, 1.0);
    recorder.record(brunt_bus::Slot(4242), None, 0, 1.0);
    drop(recorders);
    assert_eq!(
        (handle.progress().samples, handle.progress().rejected),
        (2, 5)
    );
    let report = handle.finish(SECOND).await.unwrap();
    assert_eq!(count(&report, "http_reqs"), 3.0);
    let samples: usize = all(raw_inbox).await.iter().map(Item::len).sum();
    assert_eq!(samples, 2);
}

#[tokio::test]
async fn metadata_stays_with_its_samples() {
    let (raw, raw_inbox) = edge(usize::MAX, Account::default());
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(1, 1000, &[], vec![(Wants::Samples, raw)]);
    let slot = recorders[0].slot(HTTP_REQS, &tags(&[])).unwrap();
    let meta = |iteration: &str| Arc::new(tags(&[("iter", iteration)]));
    for meta in [
        None,
        Some(meta("0")),
        Some(meta("0")),
        Some(meta("1")),
        Some(Arc::default()),
    ] {
        recorders[0].record(slot, meta.as_ref(), 0, 1.0);
    }
    drop(recorders);
    handle.finish(SECOND).await.unwrap();
    let items = all(raw_inbox).await;
    let [Item::Samples(batch)] = items.as_slice() else {
        panic!()
    };
    let iterations: Vec<Option<&str>> = batch
        .samples
        .iter()
        .map(|s| batch.meta.get(s.meta).and_then(|meta| meta.get("iter")))
        .collect();
    assert_eq!(iterations, [None, Some("0"), Some("0"), Some("1"), None]);
}

#[tokio::test]
async fn a_recorder_wants_to_be_flushed_from_4096_samples_on() {
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(1, 1000, &[], Vec::new());
    add(&mut recorders[0], HTTP_REQS, &[], &vec![1.0; 4095]);
    assert!(!recorders[0].wants_flush());
    add(&mut recorders[0], HTTP_REQS, &[], &[1.0]);
    assert!(recorders[0].wants_flush());
    recorders[0].flush();
    assert!(!recorders[0].wants_flush());
    assert_eq!(count(&handle.report().await.unwrap(), "http_reqs"), 4096.0);
}

#[tokio::test]
async fn a_forgotten_handle_still_closes_the_edges() {
    let (raw, raw_inbox) = edge(usize::MAX, Account::default());
    let (points, points_inbox) = edge(usize::MAX, Account::default());
    let outputs = vec![(Wants::Samples, raw), (EVERY_SECOND, points)];
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(1, 1000, &[], outputs);
    add(&mut recorders[0], HTTP_REQS, &[], &[1.0]);
    recorders[0].flush();
    drop(handle);
    assert_eq!(all(raw_inbox).await.len(), 1);
    assert_eq!(all(points_inbox).await.len(), 1, "the last snapshot came");
}

#[tokio::test]
async fn samples_after_the_end_are_not_called_sent() {
    let (raw, mut raw_inbox) = edge(usize::MAX, Account::default());
    let Fixture {
        mut recorders,
        handle,
        ..
    } = start(1, 1000, &[], vec![(Wants::Samples, raw)]);
    add(&mut recorders[0], HTTP_REQS, &[], &[1.0]);
    recorders[0].flush();
    handle.finish(SECOND).await.unwrap();
    assert_eq!(raw_inbox.next().await.map(|item| item.len()), Some(1));
    add(&mut recorders[0], HTTP_REQS, &[], &[1.0, 1.0]);
    recorders[0].flush();
    drop(recorders);
    assert!(raw_inbox.next().await.is_none());
    assert_eq!(raw_inbox.account().counts().accepted, 1);
}

#[test]
fn a_collector_reads_back_what_was_recorded() {
    let (mut recorder, mut collector) = Recorder::collecting(Arc::new(Registry::new()));
    let meta = Arc::new(tags(&[("vu", "1")]));
    recorder.record_tagged(HTTP_REQS, &tags(&[("name", "a")]), Some(&meta), 7, 1.0);
    recorder.record_tagged(CHECKS, &tags(&[]), None, 8, 0.0);
    assert_eq!(collector.samples(), []);
    recorder.flush();
    let samples = collector.samples();
    assert_eq!(samples.len(), 2);
    let first = &samples[0];
    assert_eq!(
        (&*first.metric.name, first.tags.get("name")),
        ("http_reqs", Some("a"))
    );
    assert_eq!(
        (first.meta.get("vu"), first.time, first.value),
        (Some("1"), 7, 1.0)
    );
    recorder.record_tagged(CHECKS, &tags(&[]), None, 9, 1.0);
    recorder.record_tagged(HTTP_REQS, &tags(&[]), None, 9, 1.0);
    drop(recorder);
    assert_eq!(collector.samples_of("checks").len(), 1);
}

#[test]
fn a_discarding_recorder_takes_everything_and_wants_nothing() {
    let mut recorder = Recorder::discarding();
    let slot = recorder
        .slot(MetricId(12_345), &tags(&[("a", "b")]))
        .unwrap();
    for _ in 0..5000 {
        recorder.record(slot, None, 0, 1.0);
    }
    recorder.record_tagged(HTTP_REQS, &tags(&[]), None, 0, 1.0);
    assert!(!recorder.wants_flush());
    recorder.flush();
}
