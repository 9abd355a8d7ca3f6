//! `--out otlp` and its other names: real collectors hold what the summary says, and each key has the
//! effect that it says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::time::Duration;

use brunt_testkit::certificates::Clients;
use brunt_testkit::otlp::{Config, Fault, Kind};
use brunt_testkit::process::{Oteltap, ProcessError, oteltap, rotel, test_venv};
use brunt_testkit::{Otlp, Target};
use serde_json::Value;

use crate::support::{Brunt, Finished, skip};

const SCRIPT: &str = "import http from 'k6/http';
import { check } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter'), gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate'), trend = new Trend('my_trend', true), bare = new Trend('my_bare');
export const options = { vus: 4, iterations: 200 };
export default function () {
  const r = http.get(__ENV.URL + (__ITER % 5 === 0 ? '/status/500' : '/'));
  counter.add(0.5, { half: __ITER % 2 ? 'odd' : 'even' });
  gauge.add(7);
  rate.add(__ITER % 3 === 0);
  trend.add(250, { half: 'only' }); bare.add(__VU);
  check(r, { ok: (v) => v.status === 200, answered: (v) => v.status > 0 });
}";

/// A script that needs no target: one counter, one trend.
const SMALL: &str = "import { Counter, Trend } from 'k6/metrics';
const counter = new Counter('my_counter'), trend = new Trend('my_trend', true);
export const options = { vus: 1, iterations: 4, thresholds: { my_counter: ['count>0'] } };
export default function () {
  counter.add(2, { url: 'http://h/' + __ITER, name: 'item', zone: 'a' });
  trend.add(1 + __ITER * 10);
}";

fn run(script: &str, out: &str, more: &[&str]) -> Finished {
    let target = Target::http().unwrap();
    let url = target.url("");
    let args = [
        "--out",
        out,
        "--summary-export",
        "s.json",
        "--out",
        "json=o.json",
    ];
    let run = Brunt::script(script)
        .env_flag("URL", url.trim_end_matches('/'))
        .args(&args)
        .args(more)
        .run()
        .expect(0);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    run
}

/// An oteltap; it reads no compressed requests.
fn start_tap(folder: &std::path::Path) -> Option<Oteltap> {
    match oteltap(&test_venv(), folder) {
        Ok(running) => Some(running),
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// What a collector holds: sums by name and condition, counts and sums of histograms.
#[derive(Debug, Default)]
struct Held {
    sums: BTreeMap<String, f64>,
    gauges: BTreeMap<String, f64>,
    counts: BTreeMap<String, (f64, f64)>,
}

fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap(),
    }
}

/// Adds up what oteltap has written: the newest point of each series, or for deltas all of them.
fn held(tap: &Oteltap) -> Held {
    // By metric and attributes, and for deltas by time.
    let mut newest: BTreeMap<(String, String, String), (String, Value)> = BTreeMap::new();
    for metric in tap.metrics() {
        let name = metric["name"].as_str().unwrap().to_owned();
        for kind in ["sum", "gauge", "histogram", "exponentialHistogram"] {
            let is_delta = metric[kind]["aggregationTemporality"] == 1;
            for point in metric[kind]["dataPoints"].as_array().into_iter().flatten() {
                let mut series: Vec<String> = point["attributes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                series.sort();
                let time = point["timeUnixNano"].to_string();
                let key = if is_delta { time } else { String::new() };
                let key = (name.clone(), series.join(" "), key);
                newest.insert(key, (kind.to_owned(), point.clone()));
            }
        }
    }
    let mut held = Held::default();
    for ((name, _, _), (kind, point)) in newest {
        let value = || number(point.get("asDouble").or(point.get("asInt")).unwrap());
        match kind.as_str() {
            "gauge" => {
                held.gauges.insert(name, value());
            }
            "sum" => {
                let condition = point["attributes"].as_array().unwrap().iter();
                let condition = condition
                    .filter(|attribute| attribute["key"] == "condition")
                    .map(|attribute| attribute["value"]["stringValue"].as_str().unwrap())
                    .collect::<String>();
                *held.sums.entry(format!("{name}{condition}")).or_default() += value();
            }
            _ => {
                let entry = held.counts.entry(name).or_default();
                entry.0 += number(&point["count"]);
                entry.1 += number(&point["sum"]);
            }
        }
    }
    held
}

fn assert_same(held: &Held, run: &Finished) {
    let (summary, points) = (run.summary("s.json"), run.points("o.json"));
    for counter in [
        "my_counter",
        "http_reqs",
        "iterations",
        "data_sent",
        "data_received",
    ] {
        let expected = summary.value(counter, "count");
        assert_eq!(held.sums[counter], expected, "{counter}");
    }
    for rate in ["my_rate", "checks", "http_req_failed"] {
        for (side, condition) in [("passes", "nonzero"), ("fails", "zero")] {
            let got = held.sums.get(&format!("{rate}.total{condition}"));
            let expected = summary.value(rate, side);
            assert_eq!(got.copied().unwrap_or(0.0), expected, "{rate} {side}");
        }
    }
    assert_eq!(held.gauges["my_gauge"], 7.0);
    for (trend, unit) in [
        ("my_trend", 1000.0),
        ("my_bare", 1.0),
        ("http_req_duration", 1000.0),
        ("iteration_duration", 1000.0),
    ] {
        let values = points.values(trend);
        let (count, sum) = held.counts[trend];
        assert_eq!(count, values.len() as f64, "{trend}");
        let expected = values.iter().sum::<f64>() / unit;
        assert!(
            (sum - expected).abs() < 1e-9 * expected.max(1.0),
            "{trend}: {sum} {expected}"
        );
    }
}

#[test]
fn oteltap_holds_what_the_summary_says() {
    for temporality in ["cumulative", "delta"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(tap) = start_tap(folder.path()) else {
            return;
        };
        let out = format!(
            "otlp=http://{},protocol=http,compression=none,interval=100ms,temporality={temporality}",
            tap.address()
        );
        let run = run(SCRIPT, &out, &[]);
        assert_same(&held(&tap), &run);
    }
}

#[test]
fn rotel_forwards_what_the_summary_says() {
    for temporality in ["cumulative", "delta"] {
        let folder = tempfile::tempdir().unwrap();
        // rotel compresses whatever it forwards, which oteltap does not read.
        let behind = Otlp::start().unwrap();
        let collector = match rotel(&test_venv(), folder.path(), behind.address()) {
            Ok(running) => running,
            Err(error @ ProcessError::Missing(_)) => return skip(&error),
            Err(error) => panic!("{error}"),
        };
        let out = format!(
            "otlp=http://{},interval=100ms,temporality={temporality}",
            collector.address()
        );
        let run = run(SCRIPT, &out, &[]);
        // It forwards in batches of its own; the run's summary comes with the last one.
        let ended = |to: &Otlp| to.names().iter().any(|name| name == "brunt_run_info");
        assert!(behind.wait_until(Duration::from_secs(20), ended));
        let mut held = Held::default();
        for name in behind.names() {
            for condition in ["", "zero", "nonzero"] {
                let pair = [("condition", condition)];
                let attributes = if condition.is_empty() { &[][..] } else { &pair };
                let value = behind.value(&name, attributes).unwrap_or(0.0);
                held.sums.insert(format!("{name}{condition}"), value);
            }
            let value = behind.value(&name, &[]).unwrap_or(0.0);
            held.gauges.insert(name.clone(), value);
            if let Some(totals) = behind.totals(&name, &[]) {
                held.counts.insert(name, (totals.count as f64, totals.sum));
            }
        }
        assert_same(&held, &run);
    }
}

/// Counts for some seconds, so that something can happen meanwhile.
const LONG: &str = "import { Counter } from 'k6/metrics';
import { sleep } from 'k6';
const counter = new Counter('my_counter');
export const options = { vus: 2, duration: '3s' };
export default function () { counter.add(1); sleep(0.01); }";

#[test]
fn a_collector_that_is_killed_and_comes_back_has_everything() {
    for temporality in ["cumulative", "delta"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(mut tap) = start_tap(folder.path()) else {
            return;
        };
        let out = format!(
            "otlp=http://{},protocol=http,compression=none,interval=100ms,temporality={temporality}",
            tap.address()
        );
        let args = ["--out", &out, "--summary-export", "s.json"];
        let started = Brunt::script(LONG).args(&args).start();
        started.wait_until("something has arrived", || !tap.metrics().is_empty());
        tap.kill();
        started.wait_for_log("deliveries fail and are repeated");
        tap.restart().unwrap();
        started.wait_for_log("deliveries work again");
        let run = started.finish().expect(0);
        let expected = run.summary("s.json").value("my_counter", "count");
        assert_eq!(held(&tap).sums["my_counter"], expected, "{temporality}");
    }
}

/// A receiver and a run of the small script to it; nothing may break a rule on the way.
fn small(config: Config, argument: impl Fn(&Otlp) -> String, variables: &[(&str, &str)]) -> Otlp {
    let receiver = Otlp::start_with(config).unwrap();
    let mut run = Brunt::script(SMALL).args(&["--out", &argument(&receiver)]);
    for (name, value) in variables {
        run = run.variable(name, value);
    }
    let run = run.run().expect(0);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    assert_eq!(receiver.problems(), [""; 0]);
    receiver
}

fn with_keys(keys: &str) -> Otlp {
    small(
        Config::default(),
        |to| format!("otlp={}{keys}", to.url()),
        &[],
    )
}

#[test]
fn protocol_address_path_and_compression_can_be_chosen() {
    for (keys, grpc, gzip) in [
        ("", true, true),
        (",protocol=grpc,compression=none", true, false),
        (",protocol=http", false, true),
        (",protocol=http/protobuf,compression=none", false, false),
    ] {
        let receiver = with_keys(keys);
        let request = receiver.requests().pop().unwrap();
        assert_eq!(request.grpc, grpc, "{keys}");
        assert_eq!(request.body_bytes < request.message_bytes, gzip, "{keys}");
        assert_eq!(receiver.value("my_counter", &[]), Some(8.0), "{keys}");
    }
    // A path means HTTP, and metrics have a path of their own below it.
    let below = |path: &str| Config {
        path: path.to_owned(),
        ..Config::default()
    };
    let receiver = small(
        below("/otlp/v1/metrics"),
        |to| format!("otlp={}/otlp", to.url()),
        &[],
    );
    assert_eq!(receiver.value("my_counter", &[]), Some(8.0));
    let whole = |to: &Otlp| format!("otlp,url={},protocol=http,http-path=/in", to.url());
    assert_eq!(
        small(below("/in"), whole, &[]).value("my_counter", &[]),
        Some(8.0)
    );
    for (keys, grpc) in [
        ("grpc-endpoint={},grpc-insecure=true", true),
        ("protocol=http,http-endpoint={},http-insecure=true", false),
    ] {
        let argument =
            |to: &Otlp| format!("otlp,{}", keys.replace("{}", &to.address().to_string()));
        let receiver = small(Config::default(), argument, &[]);
        assert_eq!(receiver.requests().pop().unwrap().grpc, grpc, "{keys}");
    }
}

#[test]
fn requests_say_who_sends_them() {
    let needs = |headers: &[(&str, &str)]| Config {
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Config::default()
    };
    let basic = format!("Basic {}", brunt_testkit::client::base64(b"me:s3cret"));
    for protocol in ["grpc", "http"] {
        let url = |to: &Otlp, keys: &str| format!("otlp={},protocol={protocol},{keys}", to.url());
        let table = [
            (
                "username=me,password=s3cret",
                ("authorization", basic.as_str()),
            ),
            ("bearer-token=t0ken", ("authorization", "Bearer t0ken")),
            ("headers=\"x-a=1%202;x-b=3\"", ("x-a", "1 2")),
            ("header.x-scope=team", ("x-scope", "team")),
        ];
        for (keys, header) in table {
            let receiver = small(needs(&[header]), |to| url(to, keys), &[]);
            assert_eq!(receiver.value("my_counter", &[]), Some(8.0), "{keys}");
        }
    }
    let refused = Otlp::start_with(needs(&[("authorization", "Bearer right")])).unwrap();
    let out = format!("otlp={},bearer-token=wrong", refused.url());
    let run = Brunt::script(SMALL)
        .args(&["--out", &out])
        .run()
        .expect(121);
    assert!(run.stderr.contains("UNAUTHENTICATED"), "{}", run.stderr);
    // Without the check it is the delivery that fails, and the summary says so.
    let out = format!("{out},check=false");
    let run = Brunt::script(SMALL).args(&["--out", &out]).run().expect(0);
    assert!(run.stdout.contains("UNAUTHENTICATED"), "{}", run.stdout);
}

#[test]
fn interval_timeout_and_size_can_be_chosen() {
    let long = |keys: &str| {
        let receiver = Otlp::start().unwrap();
        let out = format!("otlp={}{keys}", receiver.url());
        Brunt::script(LONG).args(&["--out", &out]).run().expect(0);
        receiver.requests().len()
    };
    // One to ask, and the last one; or some thirty more.
    assert_eq!(long(",flush-interval=1s"), 2);
    assert!(long(",interval=200ms") > 6);
    let receiver = Otlp::start().unwrap();
    receiver.inject(&Fault::Stall(Duration::from_secs(30)), 1);
    let out = format!("otlp={},timeout=300ms", receiver.url());
    Brunt::script(SMALL).args(&["--out", &out]).run().expect(0);
    assert_eq!(receiver.requests().len(), 3);
    let receiver = with_keys(",max-size=1000");
    let requests = receiver.requests();
    assert!(requests.len() > 4, "{}", requests.len());
    assert!(requests.iter().all(|request| request.message_bytes <= 1000));
}

#[test]
fn temporality_histograms_and_names_can_be_chosen() {
    let receiver = with_keys(",temporality=delta,histogram=exponential,prefix=x.");
    let (kind, unit) = receiver.metric("x.my_trend").unwrap();
    assert_eq!(
        (kind, unit.as_str()),
        (Kind::Exponential { temporality: 1 }, "s")
    );
    let receiver = with_keys(",temporality=cumulative,histogram=explicit");
    let (kind, unit) = receiver.metric("my_trend").unwrap();
    assert_eq!(
        (kind, unit.as_str()),
        (Kind::Histogram { temporality: 2 }, "ms")
    );
    // 1, 11, 21 and 31 ms.
    let totals = receiver.totals("my_trend", &[]).unwrap();
    assert_eq!(totals.explicit[..6], [0, 1, 0, 2, 1, 0]);
    assert!((totals.sum - 64.0).abs() < 1e-9);
}

#[test]
fn resource_and_attributes_can_be_chosen() {
    let receiver =
        with_keys(",service-name=shop,service-version=7,resource=\"a=1%2C2;service.name=no\"");
    let resource = receiver.resource();
    assert_eq!(resource["service.name"], "shop");
    assert_eq!(resource["service.version"], "7");
    assert_eq!(resource["a"], "1,2");
    let attributes = |keys: &str| {
        let receiver = with_keys(keys);
        let all = receiver.attributes("my_counter");
        (all.len(), all[0].clone())
    };
    let (series, plain) = attributes(",labels=\"zone:b;team:t\",label.site=s,testid=run-7");
    assert_eq!(series, 1);
    let pairs = [
        ("zone", "a"),
        ("team", "t"),
        ("site", "s"),
        ("testid", "run-7"),
    ];
    for (name, value) in pairs {
        assert_eq!(plain[name], value, "{plain:?}");
    }
    assert!(!plain.contains_key("url"));
    assert_eq!(attributes(",keep-url=true").0, 4);
    assert!(!attributes(",drop=zo*").1.contains_key("zone"));
    let (_, kept) = attributes(",keep=zone");
    assert_eq!(
        kept.keys().map(String::as_str).collect::<Vec<_>>(),
        ["testid", "zone"]
    );
    let names = |keys: &str| with_keys(keys).names().join(" ");
    let few = ",summary=false,telemetry=false";
    assert_eq!(
        names(&format!("{few},keep-metrics=my_*")),
        "my_counter my_trend"
    );
    assert!(!names(&format!("{few},drop-metrics=my_t*")).contains("my_trend"));
    let all = names("");
    assert!(
        all.contains("brunt_run_info") && all.contains("brunt_threshold"),
        "{all}"
    );
    assert!(all.contains("brunt_output_accepted"), "{all}");
    assert!(!names(few).contains("brunt_"));
}

#[test]
fn tls_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Otlp::start_with(Config {
        tls: Some(Clients::Known),
        ..Config::default()
    })
    .unwrap();
    let certificates = receiver.certificates().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let ca = file("ca.pem", &certificates.ca_pem);
    let cert = file("cert.pem", &certificates.server_pem);
    let key = file("key.pem", &certificates.server_key_pem);
    let exits = |receiver: &Otlp, keys: &str, code: i32| {
        let out = format!("otlp={}{keys}", receiver.url());
        Brunt::script(SMALL)
            .args(&["--out", &out])
            .run()
            .expect(code);
    };
    let own = format!(",client-cert={cert},client-key={key}");
    exits(&receiver, &own, 121);
    exits(&receiver, &format!(",ca-file={ca}"), 121);
    exits(&receiver, &format!("{own},ca-file={ca}"), 0);
    exits(&receiver, &format!("{own},insecure-skip-verify=true"), 0);
    assert_eq!(receiver.problems(), [""; 0]);
    let old = Otlp::start_with(Config {
        tls: Some(Clients::Old),
        ..Config::default()
    })
    .unwrap();
    exits(&old, ",insecure-skip-verify=true", 0);
    exits(&old, ",insecure-skip-verify=true,tls-min=1.3", 121);
}

#[test]
fn new_relic_and_grafana_cloud_have_their_own_defaults() {
    let config = Config {
        headers: vec![("api-key".to_owned(), "l1cence".to_owned())],
        ..Config::default()
    };
    let argument = |to: &Otlp| format!("newrelic={},region=eu", to.url());
    let receiver = small(config, argument, &[("NEW_RELIC_LICENSE_KEY", "l1cence")]);
    assert!(!receiver.requests()[0].grpc);
    let (kind, _) = receiver.metric("k6.my_counter").unwrap();
    assert_eq!(kind.temporality(), Some(1));
    let run = Brunt::script(SMALL).args(&["--out", "newrelic,api-key=x,region=mars"]);
    let run = run.run().expect(104);
    assert!(run.stderr.contains("us or eu"), "{}", run.stderr);
    let basic = format!("Basic {}", brunt_testkit::client::base64(b"123:glc_x"));
    let config = Config {
        headers: vec![("authorization".to_owned(), basic)],
        path: "/otlp/v1/metrics".to_owned(),
        ..Config::default()
    };
    let variables = [
        ("GRAFANA_CLOUD_INSTANCE_ID", "123"),
        ("GRAFANA_CLOUD_TOKEN", "glc_x"),
    ];
    let argument = |to: &Otlp| format!("grafana-cloud={}/otlp", to.url());
    let receiver = small(config, argument, &variables);
    let (kind, _) = receiver.metric("k6_my_counter").unwrap();
    assert_eq!(kind.temporality(), Some(2));
}

/// A proxy sees where New Relic's region is; nothing is sent there.
#[test]
fn new_relic_s_region_is_the_address() {
    for (keys, host) in [
        ("", "otlp.nr-data.net"),
        (",region=us", "otlp.nr-data.net"),
        (",region=eu", "otlp.eu01.nr-data.net"),
    ] {
        let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", proxy.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = proxy.accept().unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").unwrap();
            line
        });
        let out = format!("newrelic,api-key=x{keys}");
        let run = Brunt::script(SMALL)
            .variable("HTTPS_PROXY", &address)
            .args(&["--out", &out]);
        run.run().expect(121);
        let asked = asked.join().unwrap();
        assert_eq!(asked, format!("CONNECT {host}:443 HTTP/1.1\r\n"));
    }
}

#[test]
fn k6_s_name_has_k6_s_defaults_and_variables() {
    for name in ["opentelemetry", "experimental-opentelemetry"] {
        let receiver = Otlp::start().unwrap();
        let address = receiver.address().to_string();
        let variables = [
            ("K6_OTEL_GRPC_EXPORTER_ENDPOINT", address.as_str()),
            ("K6_OTEL_GRPC_EXPORTER_INSECURE", "true"),
            ("K6_OTEL_SERVICE_NAME", "mine"),
            ("K6_OTEL_SERVICE_VERSION", "9"),
            ("K6_OTEL_METRIC_PREFIX", "p_"),
            ("K6_OTEL_FLUSH_INTERVAL", "1s"),
            ("K6_OTEL_EXPORT_INTERVAL", "200ms"),
            ("K6_OTEL_HEADERS", "x-a=1%2C2,x-b=3"),
            ("OTEL_RESOURCE_ATTRIBUTES", "region=eu,team=a%20b"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
        ];
        let mut run = Brunt::script(SMALL).args(&["--out", name]);
        for (name, value) in variables {
            run = run.variable(name, value);
        }
        run.run().expect(0);
        assert_eq!(receiver.problems(), [""; 0]);
        let (kind, unit) = receiver.metric("p_my_trend").unwrap();
        assert_eq!(
            (kind, unit.as_str()),
            (Kind::Histogram { temporality: 1 }, "ms")
        );
        let resource = receiver.resource();
        let pairs = [
            ("service.name", "mine"),
            ("service.version", "9"),
            ("region", "eu"),
            ("team", "a b"),
        ];
        for (name, value) in pairs {
            assert_eq!(resource[name], value);
        }
        let request = receiver.requests().pop().unwrap();
        assert!(request.grpc);
        assert_eq!(
            (request.header("x-a"), request.header("x-b")),
            (Some("1,2"), Some("3"))
        );
    }
    let receiver = Otlp::start_with(Config {
        path: "/in".to_owned(),
        headers: vec![(
            "authorization".to_owned(),
            format!("Basic {}", brunt_testkit::client::base64(b"u:p")),
        )],
        ..Config::default()
    })
    .unwrap();
    let address = receiver.address().to_string();
    let variables = [
        ("K6_OTEL_EXPORTER_PROTOCOL", "http/protobuf"),
        ("K6_OTEL_HTTP_EXPORTER_ENDPOINT", address.as_str()),
        ("K6_OTEL_HTTP_EXPORTER_URL_PATH", "/in"),
        ("K6_OTEL_HTTP_EXPORTER_INSECURE", "true"),
        ("K6_OTEL_HTTP_EXPORTER_USERNAME", "u"),
        ("K6_OTEL_HTTP_EXPORTER_PASSWORD", "p"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "base2_exponential_bucket_histogram",
        ),
        ("OTEL_SERVICE_NAME", "other"),
    ];
    let mut run = Brunt::script(SMALL).args(&["--out", "opentelemetry"]);
    for (name, value) in variables {
        run = run.variable(name, value);
    }
    run.run().expect(0);
    assert_eq!(receiver.problems(), [""; 0]);
    let (kind, _) = receiver.metric("my_trend").unwrap();
    assert_eq!(kind, Kind::Exponential { temporality: 2 });
    assert_eq!(receiver.resource()["service.name"], "other");
}

#[test]
fn what_was_refused_is_in_the_summary() {
    let receiver = Otlp::start().unwrap();
    let fault = Fault::Partial {
        rejected: 2,
        message: "too many attributes".to_owned(),
    };
    receiver.inject(&fault, 1);
    let out = format!("otlp={}", receiver.url());
    let run = Brunt::script(SMALL).args(&["--out", &out]).run().expect(0);
    assert!(run.stdout.contains("too many attributes"), "{}", run.stdout);
}
