//! What happens when the receiver is in trouble, or refuses.

use std::time::Duration;

use brunt_aggregate::SeriesValue;
use brunt_output::kit::{self, Fixture};
use brunt_testkit::RemoteWrite;
use brunt_testkit::remote_write::{Fault, Value};

use crate::common::{item, output, run, snapshot};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_in_time_is_not_waited_for() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::Stall(Duration::from_mins(1)), 1);
    let fixture = Fixture::new();
    let series = vec![item(&fixture, "http_reqs", &[], SeriesValue::Counter(1.0))];
    let fed = run(
        &receiver,
        ",timeout=100ms",
        &[snapshot(0, true, series)],
        &fixture,
    )
    .await;
    assert_eq!(receiver.last("k6_http_reqs_total", &[]), Some(1.0));
    let told = fed
        .report
        .notes
        .iter()
        .any(|note| note.contains("no answer in time"));
    assert!(told, "{:?}", fed.report.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_loses_nothing() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::status(503), 2);
    receiver.inject(Fault::status(429), 1);
    receiver.inject(Fault::Close, 1);
    receiver.inject(Fault::CloseAfterStore, 1);
    let fixture = Fixture::new();
    let counter = |value| {
        vec![item(
            &fixture,
            "http_reqs",
            &[],
            SeriesValue::Counter(value),
        )]
    };
    let items: Vec<_> = (0..4)
        .map(|at| snapshot(at * 5, at == 3, counter(at as f64 + 1.0)))
        .collect();
    let fed = run(&receiver, "", &items, &fixture).await;
    assert_eq!((fed.counts.rejected, fed.counts.dropped), (0, 0));
    let values: Vec<_> = receiver.series("k6_http_reqs_total", &[])[0]
        .samples
        .iter()
        .filter_map(|(_, value)| match value {
            Value::Float(value) => Some(*value),
            _ => None,
        })
        .collect();
    assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert!(
        fed.report
            .notes
            .iter()
            .any(|note| note.contains("had to be repeated")),
        "{:?}",
        fed.report.notes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_s_wish_for_a_wait_is_honoured() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::retry_after(503, 1), 1);
    let fixture = Fixture::new();
    let series = vec![item(&fixture, "http_reqs", &[], SeriesValue::Counter(1.0))];
    run(
        &receiver,
        ",stale-markers=false",
        &[snapshot(0, true, series)],
        &fixture,
    )
    .await;
    let journal = receiver.journal();
    assert_eq!(journal.len(), 2);
    assert!(journal[1].arrived - journal[0].arrived >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_series_does_not_take_the_others_with_it() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let counter = |name: &str, value| {
        item(
            &fixture,
            "http_reqs",
            &[("n", name)],
            SeriesValue::Counter(value),
        )
    };
    // Somebody has written a newer sample of one of the series.
    let newer = vec![counter("7", 1_000.0)];
    run(
        &receiver,
        ",stale-markers=false",
        &[snapshot(600, true, newer)],
        &fixture,
    )
    .await;
    let names: Vec<String> = (0..20).map(|at| at.to_string()).collect();
    let series = names.iter().map(|name| counter(name, 1.0)).collect();
    let output = output(&format!(
        "mimir=http://{},stale-markers=false",
        receiver.address()
    ));
    let fed = kit::feed(output, &[snapshot(0, true, series)], fixture.context())
        .await
        .unwrap();
    assert_eq!((fed.counts.rejected, fed.counts.delivered), (1, 19));
    assert_eq!(
        receiver.sum("k6_http_reqs_total", &[]),
        Some(1_000.0 + 19.0)
    );
    let told = |words: &str| fed.report.notes.iter().any(|note| note.contains(words));
    assert!(
        told("1 points were rejected") && told("400 Bad Request: "),
        "{:?}",
        fed.report.notes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_sender_is_not_repeated() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::status(403), 1);
    let fixture = Fixture::new();
    let series = vec![item(
        &fixture,
        "vus",
        &[],
        SeriesValue::Gauge {
            last: 1.0,
            min: 1.0,
            max: 1.0,
        },
    )];
    let items = [snapshot(0, true, series)];
    let fed = run(&receiver, ",stale-markers=false", &items, &fixture).await;
    assert_eq!(
        (
            receiver.requests(),
            fed.counts.delivered,
            fed.counts.rejected
        ),
        (1, 0, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_stays_away_costs_the_drain_timeout_and_is_counted() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.stop();
    let fixture = Fixture::new().with_drain_timeout(Duration::from_millis(300));
    let series = vec![item(
        &fixture,
        "vus",
        &[],
        SeriesValue::Gauge {
            last: 1.0,
            min: 1.0,
            max: 1.0,
        },
    )];
    let fed = run(&receiver, "", &[snapshot(0, true, series)], &fixture).await;
    assert_eq!(
        (fed.counts.delivered, fed.counts.rejected),
        (0, 0),
        "{:?}",
        fed.counts
    );
    let told = fed
        .report
        .notes
        .iter()
        .any(|note| note.contains("refused") && note.contains("given up"));
    assert!(told, "{:?}", fed.report.notes);
}
