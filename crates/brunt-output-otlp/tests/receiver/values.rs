//! What the receiver holds after runs without faults.

use brunt_aggregate::{OwnPoint, SeriesValue};
use brunt_output::Item;
use brunt_output::kit::{self, Fixture};
use brunt_testkit::Otlp;
use brunt_testkit::otlp::Kind;

use crate::common::*;

fn run_of_everything(fixture: &Fixture) -> Vec<Item> {
    let tags = [("method", "GET"), ("url", "http://h/1"), ("name", "item")];
    let other = [("method", "GET"), ("url", "http://h/2"), ("name", "item")];
    let series = |n: f64| {
        let total = 4 * n as u64;
        let rate = SeriesValue::Rate {
            passes: total / 4,
            total,
        };
        let values: Vec<f64> = (1..=total).map(|at| at as f64 / 1000.0).collect();
        vec![
            item(fixture, "http_reqs", &tags, counter(2.0 * n)),
            item(fixture, "http_reqs", &other, counter(n)),
            item(fixture, "vus", &[], gauge(n)),
            item(fixture, "http_req_failed", &tags, rate),
            item(fixture, "http_req_duration", &tags, trend(&values)),
            item(fixture, "data_sent", &[], counter(100.0 * n)),
        ]
    };
    vec![
        snapshot(0, false, series(1.0)),
        snapshot(10, false, series(2.0)),
        snapshot(20, false, series(2.0)),
        snapshot(21, true, series(5.0)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_the_same_by_each_protocol_and_temporality() {
    for protocol in PROTOCOLS {
        for temporality in ["cumulative", "delta"] {
            for compression in ["gzip", "none"] {
                let what = format!("{protocol} {temporality} {compression}");
                let receiver = Otlp::start().unwrap();
                let fixture = Fixture::new();
                let keys = format!(
                    ",protocol={protocol},temporality={temporality},compression={compression}"
                );
                let fed = run(&receiver, &keys, &run_of_everything(&fixture), &fixture).await;
                assert_eq!(fed.counts.accepted, 24, "{what}");
                assert_eq!(fed.counts.delivered, 24, "{what}");
                let name = [("name", "item")];
                assert_eq!(receiver.value("http_reqs", &name), Some(15.0), "{what}");
                assert_eq!(receiver.value("vus", &[]), Some(5.0), "{what}");
                assert_eq!(receiver.value("data_sent", &[]), Some(500.0), "{what}");
                for (condition, count) in [("nonzero", 5.0), ("zero", 15.0)] {
                    let value =
                        receiver.value("http_req_failed.total", &[("condition", condition)]);
                    assert_eq!(value, Some(count), "{what}");
                }
                let totals = receiver.totals("http_req_duration", &name).unwrap();
                assert_eq!(totals.count, 20, "{what}");
                assert!((totals.sum - 0.21).abs() < 1e-12, "{what}: {}", totals.sum);
                assert_eq!(totals.buckets.values().sum::<u64>(), 20, "{what}");
                let request = &receiver.requests()[0];
                assert_eq!(request.grpc, protocol == "grpc");
                assert_eq!(
                    request.body_bytes < request.message_bytes,
                    compression == "gzip"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_say_what_they_are() {
    let receiver = Otlp::start().unwrap();
    let fixture = Fixture::new();
    run(&receiver, "", &run_of_everything(&fixture), &fixture).await;
    let sum = |monotonic| Kind::Sum {
        temporality: 2,
        monotonic,
    };
    let table = [
        ("http_reqs", sum(true), ""),
        ("http_req_failed.total", sum(true), ""),
        ("vus", Kind::Gauge, ""),
        (
            "http_req_duration",
            Kind::Exponential { temporality: 2 },
            "s",
        ),
        ("data_sent", sum(true), "By"),
    ];
    for (name, kind, unit) in table {
        assert_eq!(
            receiver.metric(name),
            Some((kind, unit.to_owned())),
            "{name}"
        );
    }
    let resource = receiver.resource();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(resource["service.name"], "k6");
    assert_eq!(resource["service.version"], version);
    assert_eq!(resource["service.instance.id"], "kit");
    assert_eq!(receiver.scope(), ("brunt".to_owned(), version.to_owned()));
    // The url is gone, so that two series are one.
    let attributes = receiver.attributes("http_reqs");
    assert_eq!(attributes.len(), 1);
    assert_eq!(attributes[0]["testid"], "kit");
    assert!(!attributes[0].contains_key("url"));
    // The smallest and the largest value are exact.
    assert_eq!(receiver.ends("http_req_duration", &[]), Some((0.001, 0.02)));
}

#[tokio::test(flavor = "multi_thread")]
async fn explicit_histograms_have_k6_s_bounds_and_unit() {
    for temporality in ["cumulative", "delta"] {
        let receiver = Otlp::start().unwrap();
        let fixture = Fixture::new();
        let items = run_of_everything(&fixture);
        let keys = format!(",histogram=explicit,temporality={temporality}");
        run(&receiver, &keys, &items, &fixture).await;
        let (kind, unit) = receiver.metric("http_req_duration").unwrap();
        assert!(matches!(kind, Kind::Histogram { .. }));
        assert_eq!(unit, "ms");
        let totals = receiver.totals("http_req_duration", &[]).unwrap();
        // 1 to 20 ms: up to 0, 5, 10 and 25.
        let mut expected = [0; 16];
        expected[1..4].copy_from_slice(&[5, 5, 10]);
        assert_eq!(totals.explicit, expected, "{temporality}");
        assert!((totals.sum - 210.0).abs() < 1e-9, "{}", totals.sum);
        // A delta tells only ends that are new.
        if temporality == "cumulative" {
            let (_, max) = receiver.ends("http_req_duration", &[]).unwrap();
            assert!((max - 20.0).abs() < 1e-12, "{max}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn intervals_begin_where_they_should() {
    let first = (START - SECOND - 1_000_000) as u64;
    let at = |seconds: i64| (START + seconds * SECOND) as u64;
    let fixture = Fixture::new();
    let items = run_of_everything(&fixture);
    let cumulative = Otlp::start().unwrap();
    run(&cumulative, "", &items, &fixture).await;
    // What did not change within 15 seconds is not sent again.
    let expected = [(first, at(0)), (first, at(10)), (first, at(21))];
    assert_eq!(cumulative.times("http_reqs", &[]), expected);
    let delta = Otlp::start().unwrap();
    run(&delta, ",temporality=delta", &items, &fixture).await;
    let expected = [(first, at(0)), (at(0), at(10)), (at(10), at(21))];
    assert_eq!(delta.times("http_reqs", &[]), expected);
    // A gauge is no difference.
    assert_eq!(
        delta.times("vus", &[]),
        [(0, at(0)), (0, at(10)), (0, at(21))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_series_are_sent_again_before_they_are_taken_for_ended() {
    let receiver = Otlp::start().unwrap();
    let fixture = Fixture::new();
    let items: Vec<_> = (0..5)
        .map(|n| {
            let series = vec![item(&fixture, "http_reqs", &[], counter(1.0))];
            snapshot(n * 10, n == 4, series)
        })
        .collect();
    let fed = run(&receiver, "", &items, &fixture).await;
    assert_eq!((fed.counts.accepted, fed.counts.delivered), (5, 5));
    let times = receiver.times("http_reqs", &[]);
    let seconds: Vec<_> = times
        .iter()
        .map(|(_, time)| (*time as i64 - START) / SECOND)
        .collect();
    assert_eq!(seconds, [0, 20, 40]);
}

#[tokio::test(flavor = "multi_thread")]
async fn brunt_s_own_series_go_without_the_prefix_and_can_be_left_out() {
    let fixture = Fixture::new();
    let own = || {
        vec![
            OwnPoint::counter("brunt_output_accepted", "help", &[("output", "otlp")], 7.0),
            OwnPoint::gauge("brunt_run_info", "help", &[("verdict", "passed")], 3.5),
        ]
    };
    let series = vec![item(&fixture, "http_reqs", &[], counter(1.0))];
    let items = [with_own(0, true, series, own())];
    let names = async |keys: &str| {
        let receiver = Otlp::start().unwrap();
        run(&receiver, keys, &items, &fixture).await;
        receiver.names().join(" ")
    };
    assert_eq!(
        names(",prefix=k6_").await,
        "brunt_output_accepted brunt_run_info k6_http_reqs"
    );
    assert_eq!(
        names(",summary=false").await,
        "brunt_output_accepted http_reqs"
    );
    assert_eq!(names(",telemetry=false").await, "brunt_run_info http_reqs");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_snapshots_are_split_below_the_limit() {
    let fixture = Fixture::new();
    let series: Vec<_> = (0..20_000)
        .map(|at| {
            let long = format!("{at}-{}", "x".repeat(400));
            item(
                &fixture,
                "http_reqs",
                &[("id", &long)],
                counter(f64::from(at)),
            )
        })
        .collect();
    let items = [snapshot(0, true, series)];
    for protocol in PROTOCOLS {
        let receiver = Otlp::start().unwrap();
        let keys = format!(",protocol={protocol}");
        let fed = run(&receiver, &keys, &items, &fixture).await;
        assert_eq!(fed.counts.delivered, 20_000);
        let requests = receiver.requests();
        assert!(requests.len() > 2, "{}", requests.len());
        // Full, but never too full: nothing was refused and cut.
        assert!(requests.iter().all(|request| request.taken));
        let largest = requests.iter().map(|request| request.message_bytes).max();
        let largest = largest.unwrap();
        assert!((3_900_000..=4_000_000).contains(&largest), "{largest}");
        assert_eq!(receiver.value("http_reqs", &[]), Some(199_990_000.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_to_the_rules_of_outputs() {
    let fixture = Fixture::new();
    let items = run_of_everything(&fixture);
    for protocol in PROTOCOLS {
        let receiver = Otlp::start().unwrap();
        let make = || output(&format!("otlp={},protocol={protocol}", receiver.url()));
        kit::conform(make, &items, fixture.context()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_no_loss_and_what_nobody_knows_is() {
    let receiver = Otlp::start().unwrap();
    let fixture = Fixture::new();
    let series = vec![
        item(&fixture, "http_reqs", &[], counter(1.0)),
        item(&fixture, "vus", &[], gauge(1.0)),
        item(&fixture, "no_such_metric", &[], counter(1.0)),
    ];
    let items = [snapshot(0, true, series)];
    let fed = run(&receiver, ",drop-metrics=v*", &items, &fixture).await;
    assert_eq!(
        (fed.counts.delivered, fed.counts.rejected),
        (2, 1),
        "{fed:?}"
    );
    assert_eq!(receiver.names(), ["http_reqs"]);
}
