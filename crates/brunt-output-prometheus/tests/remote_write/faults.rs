//! What happens when the receiver is in trouble, or refuses.

use std::time::Duration;

use brunt_aggregate::SeriesValue;
use brunt_output::kit::{self, Fed, Fixture};
use brunt_testkit::RemoteWrite;
use brunt_testkit::remote_write::{Config, Fault, Value};

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
    let reason = fed.counts.first_rejection.unwrap_or_default();
    assert!(reason.starts_with("400 Bad Request: "), "{reason}");
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
    assert_eq!(fed.counts.dropped, 1);
    let reason = fed.counts.last_error.unwrap_or_default();
    assert!(reason.contains("refused"), "{reason}");
}

/// The law of the books, after whatever happened.
fn books_close(fed: &Fed) {
    let counts = &fed.counts;
    let settled = counts.delivered + counts.rejected + counts.dropped + counts.spooled;
    assert_eq!(counts.accepted, settled, "{counts:?}");
}

fn forty(fixture: &Fixture, value: f64) -> Vec<brunt_aggregate::SeriesPoint> {
    let point = |at: usize| {
        let name = at.to_string();
        item(
            fixture,
            "http_reqs",
            &[("n", &name)],
            SeriesValue::Counter(value),
        )
    };
    (0..40).map(point).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_series_is_left_out_in_every_snapshot_and_the_others_arrive() {
    for status in [400, 500] {
        let receiver = RemoteWrite::start().unwrap();
        receiver.poison("n", "17", status);
        let fixture = Fixture::new();
        let items = [
            snapshot(0, false, forty(&fixture, 1.0)),
            snapshot(5, false, forty(&fixture, 2.0)),
            snapshot(10, true, forty(&fixture, 3.0)),
        ];
        let fed = run(&receiver, ",stale-markers=false", &items, &fixture).await;
        books_close(&fed);
        assert_eq!(
            (fed.counts.delivered, fed.counts.rejected),
            (117, 3),
            "{status}"
        );
        assert_eq!(receiver.sum("k6_http_reqs_total", &[]), Some(39.0 * 3.0));
        let reason = fed.counts.first_rejection.unwrap_or_default();
        assert!(reason.contains("poisoned: k6_http_reqs_total"), "{reason}");
        // From the second snapshot on, the others are not cut into pieces any more.
        let whole = receiver
            .journal()
            .iter()
            .filter(|it| it.series == 39)
            .count();
        assert_eq!(whole, 2, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_takes_a_part_is_sent_the_rest_and_nothing_is_lost() {
    let config = Config {
        partial: true,
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let fixture = Fixture::new();
    let newer = vec![item(
        &fixture,
        "http_reqs",
        &[("n", "7")],
        SeriesValue::Counter(9.0),
    )];
    run(
        &receiver,
        ",stale-markers=false",
        &[snapshot(600, true, newer)],
        &fixture,
    )
    .await;
    let output = output(&format!(
        "mimir=http://{},stale-markers=false",
        receiver.address()
    ));
    let items = [snapshot(0, true, forty(&fixture, 1.0))];
    let fed = kit::feed(output, &items, fixture.context()).await.unwrap();
    books_close(&fed);
    assert_eq!((fed.counts.delivered, fed.counts.rejected), (39, 1));
    assert_eq!(receiver.sum("k6_http_reqs_total", &[]), Some(9.0 + 39.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn histograms_that_a_tenant_does_not_want_are_told() {
    let config = Config {
        histograms: false,
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let fixture = Fixture::new();
    let series = vec![item(
        &fixture,
        "http_req_duration",
        &[],
        crate::common::trend(&[0.1]),
    )];
    let fed = run(&receiver, "", &[snapshot(0, true, series)], &fixture).await;
    books_close(&fed);
    assert_eq!((fed.counts.delivered, fed.counts.rejected), (0, 1));
    let reason = fed.counts.first_rejection.unwrap_or_default();
    assert!(reason.contains("trends=stats"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_per_series_and_the_books_hold_with_many_requests_at_a_time_through_trouble() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    for _ in 0..6 {
        receiver.inject(Fault::Stall(Duration::from_millis(2)), 3);
        receiver.inject(Fault::status(503), 1);
        receiver.inject(Fault::Close, 1);
        receiver.inject(Fault::status(429), 1);
    }
    let items: Vec<_> = (0..6)
        .map(|at| snapshot(at * 5, at == 5, forty(&fixture, at as f64 + 1.0)))
        .collect();
    // The strict receiver refuses what is out of order.
    let fed = run(&receiver, ",max-batch=3,concurrency=8", &items, &fixture).await;
    books_close(&fed);
    assert_eq!((fed.counts.accepted, fed.counts.delivered), (240, 240));
    assert!(receiver.most_at_once() > 1);
    for series in receiver.series("k6_http_reqs_total", &[]) {
        assert_eq!(
            series.samples.len(),
            1 + 6 + 1,
            "zero, six values, the marker"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_tenant_is_explained_with_what_to_change() {
    let receiver = RemoteWrite::start().unwrap();
    let limit =
        "the tenant exceeded the ingestion rate limit (err-mimir-tenant-max-ingestion-rate)";
    let fault = Fault::Status {
        code: 429,
        retry_after: Some(0),
        body: limit.to_owned(),
    };
    receiver.inject(fault, 1);
    let fixture = Fixture::new();
    let series = vec![item(&fixture, "http_reqs", &[], SeriesValue::Counter(1.0))];
    let fed = run(&receiver, "", &[snapshot(0, true, series)], &fixture).await;
    books_close(&fed);
    let told = fed.report.notes.join("\n");
    assert!(told.contains("ingestion_burst_size"), "{told}");
}
