//! A real Prometheus as the receiver: what it holds afterwards is what the summary and the JSON
//! lines of the same run say, through an outage too.

use brunt_testkit::Target;
use brunt_testkit::process::{ProcessError, Prometheus, prometheus};

use crate::support::{Brunt, Finished, skip};

fn start(folder: &std::path::Path) -> Option<Prometheus> {
    match prometheus(folder) {
        Ok(running) => Some(running),
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

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

/// The value of an expression that has one result.
fn value(server: &Prometheus, expression: &str) -> f64 {
    let results = server.query(expression).unwrap();
    assert_eq!(results.len(), 1, "{expression}: {results:?}");
    results[0].value
}

fn last(server: &Prometheus, name: &str) -> f64 {
    value(server, &format!("sum({name})"))
}

fn assert_same(server: &Prometheus, run: &Finished) {
    let (summary, points) = (run.summary("s.json"), run.points("o.json"));
    for counter in [
        "my_counter",
        "http_reqs",
        "iterations",
        "data_sent",
        "data_received",
    ] {
        let expected = summary.value(counter, "count");
        assert_eq!(
            last(server, &format!("k6_{counter}_total")),
            expected,
            "{counter}"
        );
        assert_eq!(points.sum(counter), expected, "{counter}");
    }
    for rate in ["my_rate", "checks", "http_req_failed"] {
        let pair = ["passes", "fails"];
        for side in pair {
            let expected = summary.value(rate, side);
            assert_eq!(
                last(server, &format!("k6_{rate}_{side}_total")),
                expected,
                "{rate} {side}"
            );
        }
        assert_eq!(points.sum(rate), summary.value(rate, "passes"), "{rate}");
    }
    assert_eq!(last(server, "k6_my_gauge"), 7.0);
    let trends = [
        ("my_trend", "k6_my_trend_seconds", 1000.0),
        ("my_bare", "k6_my_bare", 1.0),
        ("http_req_duration", "k6_http_req_duration_seconds", 1000.0),
        (
            "iteration_duration",
            "k6_iteration_duration_seconds",
            1000.0,
        ),
    ];
    for (trend, name, unit) in trends {
        let values = points.values(trend);
        let count = format!("sum(histogram_count({name}))");
        assert_eq!(value(server, &count), values.len() as f64, "{trend}");
        let sum = format!("sum(histogram_sum({name}))");
        let (got, expected) = (value(server, &sum), values.iter().sum::<f64>() / unit);
        assert!(
            (got - expected).abs() < 1e-9 * expected.max(1.0),
            "{trend}: {got} {expected}"
        );
    }
    let max = value(server, "max(k6_http_req_duration_max)");
    let expected = summary.value("http_req_duration", "max") / 1000.0;
    assert!((max - expected).abs() < 1e-9, "{max} {expected}");
    for stat in ["min", "max", "avg", "p95", "p99"] {
        assert_eq!(last(server, &format!("k6_my_trend_{stat}")), 0.25, "{stat}");
    }
}

fn write_to(out: &str, target: &Target) -> Finished {
    let url = target.url("");
    let args = [
        "--out",
        out,
        "--out",
        "json=o.json",
        "--summary-export",
        "s.json",
    ];
    let run = Brunt::script(SCRIPT)
        .env_flag("URL", url.trim_end_matches('/'))
        .args(&args);
    let run = run.run().expect(0);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    run
}

#[test]
fn prometheus_holds_what_the_summary_and_the_lines_say() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    let target = Target::http().unwrap();
    let out = format!(
        "prometheus=http://{},testid=first,stale-markers=false",
        server.address()
    );
    let run = write_to(&out, &target);
    assert_same(&server, &run);
    let labels = r#"half="odd",testid="first",scenario="default""#;
    let points = run.points("o.json");
    let odd = points
        .of("my_counter")
        .iter()
        .filter(|it| it["tags"]["half"] == "odd")
        .count();
    assert_eq!(
        last(&server, &format!("k6_my_counter_total{{{labels}}}")),
        odd as f64 / 2.0
    );
}

#[test]
fn the_url_of_mimir_can_name_another_path_and_ended_series_are_stale() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    let target = Target::http().unwrap();
    // Mimir's own path does not exist at Prometheus.
    let run = write_to(
        &format!("mimir=http://{}/api/v1/write", server.address()),
        &target,
    );
    let sum = |name: &str| value(&server, &format!("sum(last_over_time({name}[10m]))"));
    assert_eq!(sum("k6_http_reqs_total"), 200.0);
    assert_eq!(
        sum("k6_my_counter_total"),
        run.summary("s.json").value("my_counter", "count")
    );
    assert!(
        server.query("k6_my_counter_total").unwrap().is_empty(),
        "the test is over"
    );
}

#[test]
fn an_outage_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = start(folder.path()) else {
        return;
    };
    let script = "import http from 'k6/http';
        import { sleep } from 'k6';
        import { Counter } from 'k6/metrics';
        const counter = new Counter('my_counter');
        export const options = { vus: 2, duration: '10m' };
        export default function () {
          counter.add(1, { vu: `${__VU}` });
          http.get(__ENV.URL);
          sleep(0.005);
        }";
    let target = Target::http().unwrap();
    let out = format!(
        "prometheus=http://{},interval=200ms,stale-markers=false",
        server.address()
    );
    let args = [
        "--out",
        &out,
        "--out",
        "json=o.json",
        "--summary-export",
        "s.json",
    ];
    let run = Brunt::script(script)
        .env_flag("URL", &target.url("/"))
        .args(&args)
        .start();
    run.wait_until("samples arrive", || {
        server
            .query("sum(k6_my_counter_total)")
            .is_ok_and(|it| it.first().is_some_and(|it| it.value > 0.0))
    });
    server.kill();
    let before = target.requests();
    run.wait_until("the load goes on", || target.requests() > before + 100);
    server.restart().unwrap();
    let before = target.requests();
    run.wait_until("the load goes on", || target.requests() > before + 20);
    run.signal("INT");
    let run = run.finish().expect(105);
    let (summary, points) = (run.summary("s.json"), run.points("o.json"));
    let expected = summary.value("my_counter", "count");
    assert_eq!(points.sum("my_counter"), expected);
    assert_eq!(last(&server, "k6_my_counter_total"), expected);
    assert_eq!(
        last(&server, "k6_http_reqs_total"),
        summary.value("http_reqs", "count")
    );
    let log = run.log();
    let complained = log
        .iter()
        .any(|line| ["warning", "warn", "error"].contains(&line.level()));
    assert!(complained, "the outage is told: {}", run.stderr);
}

#[test]
fn names_that_become_one_are_one_label_and_one_series() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    let script = "import { Counter } from 'k6/metrics';
const both = new Counter('both'), either = new Counter('either');
export const options = { iterations: 4 };
export default function () {
  both.add(1, { 'a-b': 'x', 'a.b': 'y', a_b: 'z' });
  either.add(1, __ITER % 2 ? { 'a-b': 'x' } : { a_b: 'x' });
}";
    let out = format!(
        "prometheus=http://{},stale-markers=false,label.a-b=run",
        server.address()
    );
    let run = Brunt::script(script).args(&["--out", &out]).run().expect(0);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    assert!(!run.stdout.contains("dropped="), "{}", run.stdout);
    assert_eq!(value(&server, r#"k6_both_total{a_b="x;y;z"}"#), 4.0);
    assert_eq!(value(&server, r#"k6_either_total{a_b="x"}"#), 4.0);
}
