//! The output against the strict receiver, which decodes with code of its own and refuses whatever
//! the specification forbids.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{item, item_at, output, run, snapshot, trend};
use brunt_aggregate::SeriesValue;
use brunt_output::kit::{self, Fixture};
use brunt_output::{Item, OutputError, Wants};
use brunt_testkit::RemoteWrite;
use brunt_testkit::remote_write::{Config, Value};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_arrives_with_k6_s_names_and_labels() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let tags = [("scenario", "buy"), ("group", ""), ("weird-tag", "1")];
    let series = vec![
        item(&fixture, "http_reqs", &tags, SeriesValue::Counter(42.0)),
        item(
            &fixture,
            "vus",
            &tags,
            SeriesValue::Gauge {
                last: 5.0,
                min: 1.0,
                max: 9.0,
            },
        ),
        item(
            &fixture,
            "http_req_failed",
            &tags,
            SeriesValue::Rate {
                passes: 3,
                total: 12,
            },
        ),
        item(
            &fixture,
            "http_req_duration",
            &tags,
            trend(&[0.1, 0.2, 0.0, 3.0]),
        ),
    ];
    let fed = run(&receiver, "", &[snapshot(0, true, series)], &fixture).await;
    let labels = [
        ("scenario", "buy"),
        ("instance", "kit"),
        ("testid", "kit"),
        ("weird_tag", "1"),
    ];
    let last = |name: &str| receiver.last(name, &labels).unwrap();
    assert_eq!(last("k6_http_reqs_total"), 42.0);
    assert_eq!(last("k6_vus"), 5.0);
    assert_eq!(last("k6_http_req_failed_rate"), 0.25);
    assert_eq!(last("k6_http_req_failed_passes_total"), 3.0);
    assert_eq!(last("k6_http_req_failed_fails_total"), 9.0);
    assert_eq!(
        (
            last("k6_http_req_duration_min"),
            last("k6_http_req_duration_max")
        ),
        (0.0, 3.0)
    );
    assert!((last("k6_http_req_duration_avg") - 0.825).abs() < 1e-12);
    let native = receiver
        .histogram("k6_http_req_duration_seconds", &labels)
        .unwrap();
    assert_eq!(native.count(), 4.0);
    assert!((native.sum() - 3.3).abs() < 1e-12);
    assert_eq!(receiver.names().len(), 11);
    assert_eq!((fed.counts.rejected, fed.counts.dropped), (0, 0));
    assert!(
        fed.report.notes[0].starts_with("11 series"),
        "{:?}",
        fed.report.notes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_begins_with_zero_before_its_first_sample() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let counter = |value| item(&fixture, "http_reqs", &[], SeriesValue::Counter(value));
    let items = [
        snapshot(0, false, vec![counter(3.0)]),
        snapshot(5, true, vec![counter(4.0)]),
    ];
    run(&receiver, "", &items, &fixture).await;
    let stored = &receiver.series("k6_http_reqs_total", &[])[0].samples;
    let values: Vec<_> = stored.iter().map(|(_, value)| value.clone()).collect();
    let float = Value::Float;
    assert_eq!(values, [float(0.0), float(3.0), float(4.0), Value::Stale]);
    let times: Vec<i64> = stored.iter().map(|(time, _)| time - stored[0].0).collect();
    // The first sample came a second before the first snapshot.
    assert_eq!(times, [0, 1_001, 6_001, 6_002]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_change_is_sent_again_every_15_seconds_and_at_the_end() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let same = || vec![item(&fixture, "http_reqs", &[], SeriesValue::Counter(3.0))];
    let items: Vec<_> = (0..8).map(|at| snapshot(at * 5, at == 7, same())).collect();
    run(&receiver, ",stale-markers=false", &items, &fixture).await;
    let times = receiver.times("k6_http_reqs_total", &[]);
    let seconds: Vec<i64> = times[1..]
        .iter()
        .map(|time| (time - times[1]) / 1_000)
        .collect();
    assert_eq!(seconds, [0, 15, 30, 35]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_snapshots_of_one_moment_still_ascend() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let counter = |value| {
        vec![item(
            &fixture,
            "http_reqs",
            &[],
            SeriesValue::Counter(value),
        )]
    };
    let items = [
        snapshot(0, false, counter(1.0)),
        snapshot(0, false, counter(2.0)),
        snapshot(-3, true, counter(3.0)),
    ];
    run(&receiver, "", &items, &fixture).await;
    assert_eq!(receiver.last("k6_http_reqs_total", &[]), Some(3.0));
    assert!(
        receiver
            .times("k6_http_reqs_total", &[])
            .is_sorted_by(|a, b| a < b)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_marks_every_series_stale() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let series = vec![
        item(&fixture, "http_req_duration", &[], trend(&[0.1])),
        item(&fixture, "http_reqs", &[], SeriesValue::Counter(3.0)),
    ];
    run(&receiver, "", &[snapshot(0, true, series)], &fixture).await;
    assert!(
        receiver
            .all_series()
            .iter()
            .all(brunt_testkit::remote_write::StoredSeries::is_stale)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_series_are_never_duplicates() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let of = |url: &str, value| {
        item(
            &fixture,
            "http_reqs",
            &[("name", "n"), ("url", url)],
            SeriesValue::Counter(value),
        )
    };
    let items = [
        snapshot(0, false, vec![of("a", 1.0)]),
        snapshot(5, true, vec![of("a", 2.0), of("b", 10.0), of("c", 100.0)]),
    ];
    run(&receiver, "", &items, &fixture).await;
    assert_eq!(receiver.series("k6_http_reqs_total", &[]).len(), 1);
    assert_eq!(
        receiver.last("k6_http_reqs_total", &[("name", "n")]),
        Some(112.0)
    );
    let receiver = RemoteWrite::start().unwrap();
    run(&receiver, ",keep-url=true", &items, &fixture).await;
    assert_eq!(receiver.series("k6_http_reqs_total", &[]).len(), 3);
    let receiver = RemoteWrite::start().unwrap();
    run(&receiver, ",drop=name;url", &items, &fixture).await;
    assert_eq!(
        receiver.last("k6_http_reqs_total", &[("name", "")]),
        Some(112.0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_have_their_effect() {
    let config = Config {
        tenant: Some("team-a".to_owned()),
        basic_auth: Some(("me".to_owned(), "hush".to_owned())),
        clock: Some(Duration::from_hours(1)),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let fixture = Fixture::new();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as i64;
    let mut series: Vec<_> = (0..25)
        .map(|at| {
            let tags = [("n", format!("{at}"))];
            let tags: Vec<(&str, &str)> = tags.iter().map(|(k, v)| (*k, v.as_str())).collect();
            item_at(&fixture, now, "http_reqs", &tags, SeriesValue::Counter(1.0))
        })
        .collect();
    series.push(item_at(
        &fixture,
        now,
        "http_req_duration",
        &[],
        trend(&[1.0]),
    ));
    let snapshot = brunt_aggregate::Snapshot {
        time: now,
        last: true,
        own: Vec::new(),
        series,
    };
    let keys = ",tenant=team-a,username=me,password=hush,prefix=x_,labels=team:a;zone:b,label.c=d,\
                testid=t,trends=stats,stats=med;count,max-batch=10,header.X-More=1,stale-markers=no";
    let items = [Item::Snapshot(std::sync::Arc::new(snapshot))];
    run(&receiver, keys, &items, &fixture).await;
    let labels = [("team", "a"), ("zone", "b"), ("c", "d"), ("testid", "t")];
    assert_eq!(receiver.sum("x_http_reqs_total", &labels), Some(25.0));
    assert_eq!(
        receiver.names(),
        [
            "x_http_req_duration_count",
            "x_http_req_duration_med",
            "x_http_reqs_total"
        ]
    );
    let journal = receiver.journal();
    // After the first one they are sent side by side.
    let mut series: Vec<_> = journal.iter().map(|entry| entry.series).collect();
    series.sort_unstable();
    assert_eq!(series, [7, 10, 10]);
    assert_eq!(journal[0].path, "/api/v1/push");
    let header = |name: &str| journal[0].header(name).unwrap_or_default();
    assert_eq!(
        (
            header("x-more"),
            header("x-prometheus-remote-write-version")
        ),
        ("1", "2.0.0")
    );
    assert!(header("user-agent").starts_with("brunt/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_is_sent_and_never_shown() {
    let config = Config {
        bearer_token: Some("abc".to_owned()),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let fixture = Fixture::new();
    let counter = || item(&fixture, "http_reqs", &[], SeriesValue::Counter(1.0));
    let items = [snapshot(0, true, vec![counter()])];
    run(&receiver, ",bearer-token=abc", &items, &fixture).await;
    assert_eq!(receiver.last("k6_http_reqs_total", &[]), Some(1.0));
    // This receiver repeats the token in its answer.
    let wrong = format!("mimir=http://{},bearer-token=wrong-one", receiver.address());
    let message = output(&wrong).check().await.unwrap_err().to_string();
    assert!(
        message.contains("401 Unauthorized") && !message.contains("wrong-one"),
        "{message}"
    );
    let fed = kit::feed(output(&wrong), &items, fixture.context())
        .await
        .unwrap();
    let told = format!("{:?} {:?}", fed.report.notes, fed.counts);
    assert!(
        told.contains("401 Unauthorized") && !told.contains("wrong-one"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trends_come_in_the_form_that_was_asked_for() {
    let fixture = Fixture::new();
    let items = [snapshot(
        0,
        true,
        vec![item(&fixture, "http_req_duration", &[], trend(&[0.1]))],
    )];
    for (keys, names) in [
        (",trends=native", vec!["k6_http_req_duration_seconds"]),
        (
            ",trends=stats,stats=p(99.9)",
            vec!["k6_http_req_duration_p999"],
        ),
        (
            ",stats=max",
            vec!["k6_http_req_duration_max", "k6_http_req_duration_seconds"],
        ),
    ] {
        let receiver = RemoteWrite::start().unwrap();
        run(&receiver, keys, &items, &fixture).await;
        assert_eq!(receiver.names(), names, "{keys}");
    }
    let wants = output("mimir=http://localhost,interval=250ms").wants();
    assert_eq!(
        wants,
        Wants::Snapshots {
            interval: Duration::from_millis(250),
            explicit: false,
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_why_the_receiver_cannot_be_used() {
    let receiver = RemoteWrite::start().unwrap();
    let address = receiver.address();
    output(&format!("mimir=http://{address}"))
        .check()
        .await
        .unwrap();
    let check = async |argument: String| output(&argument).check().await.unwrap_err();
    let missing = check(format!("mimir=http://me:hush@{address}/nothing?token=hush")).await;
    let text = missing.to_string();
    assert!(
        text.contains("404 Not Found") && text.contains("/api/v1/push"),
        "{text}"
    );
    assert!(!text.contains("hush"), "{text}");
    receiver.stop();
    let gone = check(format!("mimir=http://{address}")).await;
    assert!(
        matches!(&gone, OutputError::Unreachable { reason, .. } if reason.contains("refused")),
        "{gone}"
    );
    output(&format!("mimir=http://{address},check=false"))
        .check()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_to_the_contract_of_outputs() {
    let receiver = RemoteWrite::start().unwrap();
    let fixture = Fixture::new();
    let series = vec![item(&fixture, "http_reqs", &[], SeriesValue::Counter(1.0))];
    let items = [
        snapshot(0, false, series.clone()),
        snapshot(1, true, series),
    ];
    let make = || output(&format!("mimir=http://{}", receiver.address()));
    kit::conform(make, &items, fixture.context()).await.unwrap();
    assert_eq!(
        make().describe(),
        format!("mimir (http://{}/api/v1/push)", receiver.address())
    );
}
