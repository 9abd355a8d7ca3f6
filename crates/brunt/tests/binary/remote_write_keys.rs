//! Every key of `mimir`, `prometheus` and `experimental-prometheus-rw`, set on the command line and
//! observed by the testkit's strict receiver.

use std::time::Duration;

use brunt_testkit::RemoteWrite;
use brunt_testkit::certificates::Certificates;
use brunt_testkit::remote_write::{Config, Fault, JournalEntry, Speaks, StoredSeries, Value};

use crate::support::{Brunt, Finished};

const SCRIPT: &str = "import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter'), gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate'), trend = new Trend('my_trend', true);
export const options = { vus: 1, iterations: 4 };
export default function () {
  const tags = { part: `${__ITER % 2}`, name: 'item', url: `http://h/${__ITER}` };
  counter.add(1, tags); gauge.add(7); rate.add(__ITER > 0); trend.add(250);
}";

/// A run whose values are sent once, at its end.
fn run(receiver: &RemoteWrite, keys: &str) -> Finished {
    run_of(receiver, SCRIPT, keys)
}

fn run_of(receiver: &RemoteWrite, script: &str, keys: &str) -> Finished {
    let out = format!("mimir=http://{},interval=1m{keys}", receiver.address());
    let run = Brunt::script(script).args(&["--out", &out]).run();
    rules_kept(receiver);
    run
}

fn rules_kept(receiver: &RemoteWrite) {
    let violations = receiver.violations();
    assert!(violations.is_empty(), "{violations:?}");
}

fn receiver() -> RemoteWrite {
    RemoteWrite::start().unwrap()
}

fn counters(receiver: &RemoteWrite) -> Vec<StoredSeries> {
    receiver.series("k6_my_counter_total", &[])
}

/// The requests that carried something.
fn pushes(receiver: &RemoteWrite) -> Vec<JournalEntry> {
    let mut journal = receiver.journal();
    journal.retain(|entry| entry.series > 0);
    journal
}

fn versions(receiver: &RemoteWrite) -> Vec<&'static str> {
    let mut versions: Vec<_> = receiver.journal().iter().map(|it| it.version).collect();
    versions.dedup();
    versions
}

fn arrived(receiver: &RemoteWrite) {
    assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(4.0));
    let native = receiver.histogram("k6_my_trend_seconds", &[]).unwrap();
    assert_eq!(native.count(), 4.0);
}

#[test]
fn names_and_labels() {
    let receiver = receiver();
    let keys = ",prefix=load_,labels=team:a;zone:b,label.cluster=eu,testid=t1";
    run(&receiver, keys).expect(0);
    let labels = [
        ("team", "a"),
        ("zone", "b"),
        ("cluster", "eu"),
        ("testid", "t1"),
    ];
    assert_eq!(receiver.sum("load_my_counter_total", &labels), Some(4.0));
    assert!(counters(&receiver).is_empty());
    let about = receiver.metadata("load_my_counter_total").unwrap();
    assert!(
        about.kind == 1 && about.help.contains("my_counter"),
        "{about:?}"
    );
    let about = receiver.metadata("load_my_trend_seconds").unwrap();
    assert_eq!((about.kind, about.unit.as_str()), (3, "seconds"));
}

#[test]
fn tags_and_metrics_that_are_sent() {
    let (plain, urls, dropped, kept) = (receiver(), receiver(), receiver(), receiver());
    run(&plain, "").expect(0);
    assert_eq!(counters(&plain).len(), 2, "by part; the urls are left out");
    run(&urls, ",keep-url=true").expect(0);
    assert_eq!(counters(&urls).len(), 4);
    run(&dropped, ",drop=par?,drop-metrics=my_t*;my_gauge").expect(0);
    assert_eq!(counters(&dropped).len(), 1);
    assert_eq!(dropped.sum("k6_my_counter_total", &[]), Some(4.0));
    let names = dropped.names().join(" ");
    assert!(
        !names.contains("my_trend") && !names.contains("my_gauge"),
        "{names}"
    );
    run(&kept, ",keep=name,keep-metrics=my_*").expect(0);
    let series = counters(&kept);
    let labels: Vec<_> = series[0].labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["__name__", "instance", "name", "testid"]);
    let foreign = |name: &String| !name.starts_with("k6_my_") && !name.starts_with("brunt_");
    assert!(!kept.names().iter().any(foreign), "{:?}", kept.names());
}

#[test]
fn bounds_of_labels() {
    let receiver = receiver();
    let script = SCRIPT.replace(
        "name: 'item'",
        "name: 'item', a_tag_with_a_long_name: 'value of many letters', b: 'b', c: 'c'",
    );
    let keys = ",max-labels=6,max-label-name=16,max-label-value=12";
    let run = run_of(&receiver, &script, keys).expect(0);
    assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(4.0));
    for series in counters(&receiver) {
        assert_eq!(series.labels.len(), 6, "{series:?}");
        assert_eq!(series.labels["a_tag_with_a_lon"], "value of man");
        assert!(series.labels.contains_key("instance") && series.labels.contains_key("testid"));
    }
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(text.contains("max-labels"), "{text}");
}

#[test]
fn forms_of_trends() {
    let (native, stats) = (receiver(), receiver());
    run(&native, ",trends=native").expect(0);
    assert!(native.histogram("k6_my_trend_seconds", &[]).is_some());
    assert_eq!(native.last("k6_my_trend_p95", &[]), None);
    run(&stats, ",trends=stats,stats=\"med,p(99.9),count\"").expect(0);
    assert_eq!(stats.last("k6_my_trend_med", &[]), Some(0.25));
    assert_eq!(stats.last("k6_my_trend_p999", &[]), Some(0.25));
    assert_eq!(stats.last("k6_my_trend_count", &[]), Some(4.0));
    assert!(stats.histogram("k6_my_trend_seconds", &[]).is_none());
}

#[test]
fn the_protocol_is_found_out_or_forced() {
    let plain = receiver();
    run(&plain, "").expect(0);
    arrived(&plain);
    assert_eq!(versions(&plain), ["2.0"]);
    let one = receiver();
    run(&one, ",protocol=1.0").expect(0);
    arrived(&one);
    assert_eq!(versions(&one), ["1.0"]);
    assert_eq!(one.metadata("k6_my_counter_total").unwrap().kind, 1);
    for speaks in [Speaks::One, Speaks::OneAndShrugs, Speaks::OneAndComplains] {
        let config = Config {
            speaks,
            ..Config::default()
        };
        let old = RemoteWrite::start_with(config.clone()).unwrap();
        let fell_back = run(&old, "").expect(0);
        arrived(&old);
        assert_eq!(versions(&old), ["2.0", "1.0"], "{speaks:?}");
        let text = format!("{}{}", fell_back.stdout, fell_back.stderr);
        assert!(text.contains("1.0 was spoken"), "{text}");
        let forced = RemoteWrite::start_with(config).unwrap();
        let run = run(&forced, ",protocol=2.0,check=false");
        assert_eq!(versions(&forced), ["2.0"], "{speaks:?}");
        assert_eq!(forced.samples(), 0);
        assert!(
            format!("{}{}", run.stdout, run.stderr).contains("rejected"),
            "{}",
            run.stderr
        );
    }
    let two = Config {
        speaks: Speaks::Two,
        ..Config::default()
    };
    let two = RemoteWrite::start_with(two).unwrap();
    run(&two, "").expect(0);
    arrived(&two);
}

#[test]
fn sizes_of_requests() {
    let (few, small, plain) = (receiver(), receiver(), receiver());
    run(&few, ",max-batch=3,trends=native").expect(0);
    let largest = pushes(&few).iter().map(|it| it.series).max();
    assert_eq!(largest, Some(3));
    run(&small, ",max-bytes=1500,trends=native").expect(0);
    run(&plain, ",trends=native").expect(0);
    let largest = |receiver: &RemoteWrite| {
        let pushes = pushes(receiver);
        pushes.iter().map(|it| it.message_bytes).max().unwrap()
    };
    assert!(largest(&small) <= 1_500, "{}", largest(&small));
    assert!(largest(&plain) > 1_500);
    assert_eq!(few.sum("k6_my_counter_total", &[]), Some(4.0));
    assert_eq!(small.sum("k6_my_counter_total", &[]), Some(4.0));
}

#[test]
fn requests_at_a_time() {
    for (keys, several) in [(",concurrency=1", false), (",concurrency=8", true)] {
        let receiver = receiver();
        receiver.inject(Fault::Stall(Duration::from_millis(300)), 8);
        run(&receiver, &format!("{keys},max-batch=1,check=false")).expect(0);
        arrived(&receiver);
        assert_eq!(receiver.most_at_once() > 1, several, "{keys}");
    }
}

#[test]
fn how_often_and_how_often_again() {
    let script = "import { Counter } from 'k6/metrics';
        import { sleep } from 'k6';
        const counter = new Counter('my_counter');
        export const options = { vus: 1, duration: '10m' };
        export default function () { if (__ITER === 0) counter.add(4); sleep(0.05); }";
    let values = |receiver: &RemoteWrite| {
        let series = counters(receiver);
        let samples = series.first().map_or(&[][..], |series| &series.samples);
        let floats = samples.iter().filter(|(_, value)| *value != Value::Stale);
        floats.count()
    };
    for (resend, again) in [("100ms", true), ("1h", false)] {
        let receiver = receiver();
        let out = format!(
            "mimir=http://{},interval=100ms,resend={resend}",
            receiver.address()
        );
        let run = Brunt::script(script).args(&["--out", &out]).start();
        let enough = |it: &RemoteWrite| {
            // The counter came, and after it at least five more snapshots.
            values(it) > 0
                && if again {
                    values(it) > 5
                } else {
                    it.requests() > 12
                }
        };
        assert!(
            receiver.wait_until(Duration::from_secs(50), enough),
            "{resend}"
        );
        run.signal("INT");
        run.finish();
        rules_kept(&receiver);
        // Zero, the value, and the value at the end.
        assert_eq!(
            values(&receiver) > 3,
            again,
            "{resend}: {}",
            values(&receiver)
        );
        assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(4.0));
    }
}

#[test]
fn the_run_as_a_whole() {
    let script = SCRIPT.replace(
        "iterations: 4",
        "iterations: 4, thresholds: { my_counter: ['count>3'], my_gauge: ['value<1'] }",
    );
    let (told, silent) = (receiver(), receiver());
    run_of(&told, &script, "").expect(99);
    let value = |name: &str, labels: &[(&str, &str)]| told.last(name, labels);
    let count = [("metric", "my_counter"), ("stat", "count")];
    assert_eq!(value("brunt_summary", &count), Some(4.0));
    let p95 = [("metric", "my_trend"), ("stat", "p(95)")];
    assert_eq!(value("brunt_summary", &p95), Some(0.25));
    let kept = [("metric", "my_counter"), ("threshold", "count>3")];
    assert_eq!(value("brunt_threshold", &kept), Some(1.0));
    let broken = [("metric", "my_gauge"), ("threshold", "value<1")];
    assert_eq!(value("brunt_threshold", &broken), Some(0.0));
    let info = told.series("brunt_run_info", &[("verdict", "failed")]);
    assert_eq!(info.len(), 1, "{:?}", told.names());
    assert_eq!(
        info[0].samples.len(),
        1,
        "one point, and no marker after it"
    );
    assert!(info[0].labels["script"].contains("script.js"), "{info:?}");
    run_of(&silent, &script, ",summary=false").expect(99);
    let names = silent.names().join(" ");
    assert!(
        !names.contains("brunt_summary") && !names.contains("brunt_run_info"),
        "{names}"
    );
    assert!(names.contains("brunt_output_accepted_total"), "{names}");
}

#[test]
fn everything_of_a_run_is_found_by_its_own_testid() {
    let receiver = receiver();
    let out = format!("mimir={}", receiver.write_url());
    let run = Brunt::script(SCRIPT).args(&["--tag", "testid=monday", "--out", &out]);
    run.run().expect(0);
    let all = receiver.all_series();
    let has = |prefix: &str| all.iter().any(|series| series.name().starts_with(prefix));
    for prefix in ["k6_", "brunt_summary", "brunt_run_info", "brunt_output_"] {
        assert!(has(prefix), "{prefix}");
    }
    for series in all {
        assert_eq!(series.labels["testid"], "monday", "{}", series.name());
    }
}

#[test]
fn markers_at_the_end() {
    let (marked, open) = (receiver(), receiver());
    run(&marked, "").expect(0);
    for name in [
        "k6_my_counter_total",
        "k6_my_trend_seconds",
        "brunt_output_accepted_total",
    ] {
        assert!(marked.all_stale(name, &[]), "{name}");
    }
    run(&open, ",stale-markers=false").expect(0);
    assert!(!open.all_stale("k6_my_counter_total", &[]));
    arrived(&open);
}

#[test]
fn the_question_before_the_start() {
    let (asked, unasked) = (receiver(), receiver());
    run(&asked, "").expect(0);
    assert_eq!(asked.journal()[0].series, 0);
    run(&unasked, ",check=false").expect(0);
    assert!(unasked.journal()[0].series > 0);
}

#[test]
fn the_time_of_a_request() {
    let receiver = receiver();
    receiver.inject(Fault::Stall(Duration::from_mins(2)), 1);
    let run = run(&receiver, ",timeout=200ms,check=false").expect(0);
    arrived(&receiver);
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(text.contains("no answer in time"), "{text}");
}

#[test]
fn the_address_by_a_key_and_k6s_own_variables() {
    let receiver = receiver();
    let out = format!("mimir,url=http://{},interval=1m", receiver.address());
    Brunt::script(SCRIPT).args(&["--out", &out]).run().expect(0);
    arrived(&receiver);
    let k6 = RemoteWrite::start().unwrap();
    let run = Brunt::script(SCRIPT)
        .variable("K6_PROMETHEUS_RW_SERVER_URL", &k6.write_url())
        .variable("K6_PROMETHEUS_RW_TREND_STATS", "max")
        .args(&["--out", "experimental-prometheus-rw"]);
    run.run().expect(0);
    rules_kept(&k6);
    assert_eq!(k6.last("k6_my_trend_max", &[]), Some(0.25));
    assert_eq!(k6.last("k6_my_trend_p99", &[]), None);
}

#[test]
fn credentials_go_together_with_headers() {
    let config = Config {
        tenant: Some("team-a".into()),
        bearer_token: Some("t0ken-word".into()),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let out = format!(
        "mimir=http://{},interval=1m,tenant=team-a,headers=X-One:1;X-Two:2,header.X-Three=3",
        receiver.address()
    );
    let run = Brunt::script(SCRIPT).variable("BRUNT_PROMETHEUS_BEARER_TOKEN", "t0ken-word");
    let run = run.args(&["-v", "--out", &out]).run().expect(0);
    arrived(&receiver);
    for entry in receiver.journal() {
        let headers = ["x-one", "x-two", "x-three"].map(|name| entry.header(name));
        assert_eq!(headers, [Some("1"), Some("2"), Some("3")]);
    }
    assert!(!run.stdout.contains("t0ken") && !run.stderr.contains("t0ken"));
    let config = Config {
        basic_auth: Some(("user".into(), "s3cret-word".into())),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    run_with_secret(&receiver, ",username=user,header.X-Other=1", "s3cret-word");
    arrived(&receiver);
}

fn run_with_secret(receiver: &RemoteWrite, keys: &str, password: &str) {
    let out = format!(
        "mimir=http://{},interval=1m{keys},password-file=p",
        receiver.address()
    );
    let run = Brunt::script(SCRIPT).file("p", password);
    run.args(&["--out", &out]).run().expect(0);
    rules_kept(receiver);
}

#[test]
fn certificates_of_both_sides() {
    let certificates = Certificates::generate().unwrap();
    let tls = certificates.server_config(&[]).unwrap();
    let receiver = RemoteWrite::start_tls(Config::default(), Some(tls)).unwrap();
    let start = |receiver: &RemoteWrite, keys: &str| {
        let url = format!("https://{}", receiver.address());
        let run = Brunt::script(SCRIPT)
            .file("ca.pem", &certificates.ca_pem)
            .file("own.pem", &certificates.server_pem)
            .file("own.key", &certificates.server_key_pem);
        let out = format!("mimir={url},interval=1m{keys}");
        run.args(&["--out", &out]).run()
    };
    start(&receiver, "")
        .expect(121)
        .one_error(&["mimir", "certificate"]);
    assert_eq!(receiver.requests(), 0);
    start(&receiver, ",ca-file=ca.pem,tls-min=1.3").expect(0);
    arrived(&receiver);
    let receiver = RemoteWrite::start_tls(
        Config::default(),
        Some(certificates.server_config(&[]).unwrap()),
    );
    let receiver = receiver.unwrap();
    start(&receiver, ",insecure-skip-verify=true").expect(0);
    arrived(&receiver);
    let tls = certificates.server_config_for_clients().unwrap();
    let strict = RemoteWrite::start_tls(Config::default(), Some(tls)).unwrap();
    start(&strict, ",ca-file=ca.pem").expect(121);
    assert_eq!(strict.requests(), 0);
    start(
        &strict,
        ",ca-file=ca.pem,client-cert=own.pem,client-key=own.key",
    )
    .expect(0);
    arrived(&strict);
}

#[test]
fn an_old_tls_is_not_spoken_where_a_newer_one_is_demanded() {
    let certificates = Certificates::generate().unwrap();
    let only_1_2 = certificates.server_config_1_2().unwrap();
    let receiver = RemoteWrite::start_tls(Config::default(), Some(only_1_2)).unwrap();
    for (minimum, code) in [("1.3", 121), ("1.2", 0)] {
        let out = format!(
            "mimir=https://{},interval=1m,ca-file=ca.pem,tls-min={minimum}",
            receiver.address()
        );
        let run = Brunt::script(SCRIPT).file("ca.pem", &certificates.ca_pem);
        run.args(&["--out", &out]).run().expect(code);
    }
    arrived(&receiver);
}

#[test]
fn a_proxy_is_asked_instead_of_the_receiver() {
    let proxy = receiver();
    let out = format!(
        "mimir=http://mimir.invalid:9009,interval=1m,proxy=http://{}",
        proxy.address()
    );
    Brunt::script(SCRIPT).args(&["--out", &out]).run().expect(0);
    arrived(&proxy);
    assert_eq!(
        proxy.journal()[0].header("host"),
        Some("mimir.invalid:9009")
    );
}

#[test]
fn requests_are_signed_for_aws() {
    let receiver = receiver();
    let out = format!(
        "mimir=http://{},interval=1m,sigv4-region=eu-west-1",
        receiver.address()
    );
    let signed = |receiver: &RemoteWrite, key: &str, token: Option<&str>| {
        for entry in receiver.journal() {
            let text = entry.header("authorization").unwrap();
            let start = format!("AWS4-HMAC-SHA256 Credential={key}/");
            assert!(text.starts_with(&start), "{text}");
            assert!(
                text.contains("/eu-west-1/aps/aws4_request, SignedHeaders="),
                "{text}"
            );
            assert_eq!(entry.header("x-amz-date").map(str::len), Some(16));
            assert_eq!(entry.header("x-amz-security-token"), token);
        }
        arrived(receiver);
    };
    let run = Brunt::script(SCRIPT)
        .variable("K6_PROMETHEUS_RW_SIGV4_ACCESS_KEY", "AKIDONE")
        .variable("K6_PROMETHEUS_RW_SIGV4_SECRET_KEY", "not-to-be-shown")
        .variable("AWS_SESSION_TOKEN", "temporary-token");
    let run = run.args(&["-v", "--out", &out]).run().expect(0);
    assert!(!run.stderr.contains("not-to-be-shown"));
    signed(&receiver, "AKIDONE", Some("temporary-token"));

    let receiver = RemoteWrite::start().unwrap();
    let out = format!(
        "mimir=http://{},interval=1m,sigv4-region=eu-west-1,sigv4-profile=team",
        receiver.address()
    );
    let file = "[default]\naws_access_key_id = OTHER\n\n[team]\naws_access_key_id = AKIDTWO\n\
                aws_secret_access_key = secret\n";
    let run = Brunt::script(SCRIPT).file("credentials", file);
    let run = run.variable("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    run.args(&["--out", &out]).run().expect(0);
    signed(&receiver, "AKIDTWO", None);

    let explicit = RemoteWrite::start().unwrap();
    let out = format!(
        "mimir=http://{},interval=1m,sigv4-region=eu-west-1,sigv4-access-key=AKIDTHREE,\
         sigv4-secret-key=secret,sigv4-session-token=token",
        explicit.address()
    );
    Brunt::script(SCRIPT).args(&["--out", &out]).run().expect(0);
    signed(&explicit, "AKIDTHREE", Some("token"));
}
