//! Debian's Prometheus: what it says about what was sent.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use brunt_aggregate::{SeriesPoint, SeriesValue, Snapshot};
use brunt_output::Item;
use brunt_output::edge::edge;
use brunt_output::kit::{self, Fed, Fixture};
use brunt_testkit::process::{self, Prometheus};

use crate::common::{SECOND, item_at, output, trend};

/// A Prometheus in this folder, or `None` and a notice where there is none.
fn start(folder: &tempfile::TempDir) -> Option<Prometheus> {
    if process::find_program("prometheus").is_none() {
        println!("skipped: prometheus is not installed (apt-get install prometheus)");
        return None;
    }
    Some(process::prometheus(folder.path()).unwrap())
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as i64
}

fn at(time: i64, last: bool, series: Vec<SeriesPoint>) -> Item {
    Item::Snapshot(Arc::new(Snapshot {
        time,
        last,
        series,
        own: Vec::new(),
    }))
}

fn ask(prometheus: &Prometheus, expression: &str) -> f64 {
    let result = prometheus.query(expression).unwrap();
    assert_eq!(result.len(), 1, "{expression}: {result:?}");
    result[0].value
}

fn took_all(fed: &Fed) {
    assert_eq!(
        (fed.counts.rejected, fed.counts.dropped),
        (0, 0),
        "{:?}",
        fed.report.notes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_and_native_histograms_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let Some(prometheus) = start(&folder) else {
        return;
    };
    let fixture = Fixture::new();
    let values: Vec<f64> = (1..=1_000)
        .map(|at| f64::from(at) / 1_000.0)
        .chain([0.0, 1e-6, 10.0])
        .collect();
    let begin = now() - 20 * SECOND;
    let snapshots: Vec<Item> = (1..=4_usize)
        .map(|step| {
            let time = begin + step as i64 * 5 * SECOND;
            let seen = &values[..values.len() * step / 4];
            let counter = SeriesValue::Counter(seen.len() as f64);
            let mut series = vec![
                item_at(&fixture, time, "http_reqs", &[("name", "a")], counter),
                item_at(
                    &fixture,
                    time,
                    "http_req_duration",
                    &[("name", "a")],
                    trend(seen),
                ),
            ];
            // The first sample is the same in all snapshots.
            for point in &mut series {
                point.first = begin;
            }
            at(time, step == 4, series)
        })
        .collect();
    let output = output(&format!(
        "prometheus={},stale-markers=false",
        prometheus.write_url()
    ));
    let fed = kit::feed(output, &snapshots, fixture.context())
        .await
        .unwrap();
    took_all(&fed);
    let ask = |expression: &str| ask(&prometheus, expression);
    assert_eq!(ask("k6_http_reqs_total"), 1_003.0);
    assert_eq!(
        ask("histogram_count(k6_http_req_duration_seconds)"),
        1_003.0
    );
    let sum: f64 = values.iter().sum();
    assert!((ask("histogram_sum(k6_http_req_duration_seconds)") - sum).abs() < 1e-9);
    let near = |expression: &str, expected: f64, share: f64| {
        let got = ask(expression);
        assert!(
            (got - expected).abs() <= expected * share,
            "{expression}: {got}, not {expected}"
        );
    };
    // The values span 2^24, which 160 buckets hold at schema 2: they grow by 19 %.
    near(
        "histogram_quantile(0.5, k6_http_req_duration_seconds)",
        0.5,
        0.19,
    );
    near(
        "histogram_quantile(0.99, k6_http_req_duration_seconds)",
        0.99,
        0.19,
    );
    near("k6_http_req_duration_p95", 0.95, 0.19);
    assert_eq!(ask("k6_http_req_duration_max"), 10.0);
    assert_eq!(ask("k6_http_req_duration_min"), 0.0);
    // The zero before the first sample makes the whole count visible.
    near(
        "max_over_time(k6_http_reqs_total[1m]) - min_over_time(k6_http_reqs_total[1m])",
        1_003.0,
        0.0,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_ends_its_series() {
    let folder = tempfile::tempdir().unwrap();
    let Some(prometheus) = start(&folder) else {
        return;
    };
    let fixture = Fixture::new();
    let time = now() - SECOND;
    let series = vec![
        item_at(&fixture, time, "http_reqs", &[], SeriesValue::Counter(7.0)),
        item_at(&fixture, time, "http_req_duration", &[], trend(&[0.5])),
    ];
    let output = output(&format!("prometheus={}", prometheus.write_url()));
    took_all(
        &kit::feed(output, &[at(time, true, series)], fixture.context())
            .await
            .unwrap(),
    );
    for name in [
        "k6_http_reqs_total",
        "k6_http_req_duration_p99",
        "k6_http_req_duration_seconds",
    ] {
        assert_eq!(prometheus.query(name).unwrap(), [], "{name}");
    }
    assert_eq!(
        ask(&prometheus, "last_over_time(k6_http_reqs_total[1m])"),
        7.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut prometheus) = start(&folder) else {
        return;
    };
    let fixture = Fixture::new().with_drain_timeout(Duration::from_mins(1));
    let begin = now() - 60 * SECOND;
    let step = |number: i64, last| {
        let time = begin + number * 5 * SECOND;
        let value = SeriesValue::Counter(number as f64);
        let mut point = item_at(&fixture, time, "http_reqs", &[], value);
        point.first = begin;
        at(time, last, vec![point])
    };
    let output = output(&format!(
        "prometheus={},stale-markers=false",
        prometheus.write_url()
    ));
    let (sender, inbox) = edge(1 << 20, fixture.context().account.clone());
    sender.push(step(1, false));
    let run = tokio::spawn(output.run(inbox, fixture.context().clone()));
    // The first snapshot is there: now the receiver goes, more comes, and it returns.
    let (prometheus, sender) = tokio::task::spawn_blocking(move || {
        while prometheus
            .query("k6_http_reqs_total")
            .is_ok_and(|result| result.is_empty())
        {
            std::thread::yield_now();
        }
        prometheus.kill();
        (prometheus, sender)
    })
    .await
    .unwrap();
    for number in 2..10 {
        sender.push(step(number, false));
    }
    sender.push(step(10, true));
    sender.close();
    let prometheus = tokio::task::spawn_blocking(move || {
        let mut prometheus = prometheus;
        prometheus.restart().unwrap();
        prometheus
    })
    .await
    .unwrap();
    let report = run.await.unwrap().unwrap();
    let counts = fixture.context().account.counts();
    took_all(&Fed { report, counts });
    assert_eq!(ask(&prometheus, "k6_http_reqs_total"), 10.0);
    // Zero and ten values.
    assert_eq!(
        ask(&prometheus, "count_over_time(k6_http_reqs_total[5m])"),
        11.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_somebody_wrote_later_is_left_out_and_the_others_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let Some(prometheus) = start(&folder) else {
        return;
    };
    let fixture = Fixture::new();
    // Older than what Prometheus takes out of order.
    let (late, early) = (now(), now() - 30 * 60 * SECOND);
    let counter = |time, name: &str, value| {
        let value = SeriesValue::Counter(value);
        item_at(&fixture, time, "http_reqs", &[("n", name)], value)
    };
    let send = async |items: &[Item]| {
        let output = output(&format!(
            "prometheus={},stale-markers=false",
            prometheus.write_url()
        ));
        kit::feed(output, items, fixture.context()).await.unwrap()
    };
    took_all(&send(&[at(late, true, vec![counter(late, "3", 1_000.0)])]).await);
    let names: Vec<String> = (0..10).map(|at| at.to_string()).collect();
    let series = names.iter().map(|name| counter(early, name, 1.0)).collect();
    let fed = send(&[at(early, true, series)]).await;
    assert_eq!((fed.counts.delivered, fed.counts.rejected), (9, 1));
    let reason = fed.counts.first_rejection.unwrap_or_default();
    // Prometheus 2.42 answers so to what it will never take, and it is not repeated for ever.
    assert!(reason.contains("too old sample"), "{reason}");
    let sum = ask(&prometheus, "sum(last_over_time(k6_http_reqs_total[1h]))");
    assert_eq!(sum, 1_000.0 + 9.0);
}
