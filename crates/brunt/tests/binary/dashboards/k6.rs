//! k6's own panels: the answers of our dashboard `k6` on the run that the others are asked about, and the
//! queries of the official dashboards, whose series have to be there after a run.

use brunt_testkit::Target;
use brunt_testkit::process::{ProcessError, prometheus};

use super::expected::{Answer, Expected, Stat, by, one, only, table};
use super::server::Server;
use crate::support::{Brunt, skip};

use Answer::{Last, Peak, Quantile, Rate, Share, Slowest, Total};

const DURATION: &str = "http_req_duration";
const ITERATION: &str = "iteration_duration";
const P95: Stat = Stat::P(0.95);
const REQUESTS: Answer = Rate("k6_http_reqs_total");
const FAILED: Answer = Rate("k6_http_reqs_total{expected_response=\"false\"}");

/// The chosen percentile of a trend, and the chosen statistic.
const fn both(trend: &'static str) -> [Answer; 2] {
    [Quantile(0.95, trend), Slowest(P95, trend)]
}

const BLOCKED: [Answer; 2] = both("http_req_blocked");
const CONNECTING: [Answer; 2] = both("http_req_connecting");
const HANDSHAKING: [Answer; 2] = both("http_req_tls_handshaking");
const SENDING: [Answer; 2] = both("http_req_sending");
const WAITING: [Answer; 2] = both("http_req_waiting");
const RECEIVING: [Answer; 2] = both("http_req_receiving");
const ALL: [Answer; 2] = both(DURATION);

pub(super) const PANELS: &[Expected] = &[
    one(
        "Performance Overview",
        "ABCDEF",
        &[
            Last("vus"),
            REQUESTS,
            FAILED,
            Share("http_req_failed"),
            ALL[0],
            ALL[1],
        ],
    ),
    one("HTTP requests", "A", &[Total("http_reqs")]),
    only(
        one("HTTP request failures", "A", &[Total("http_reqs")]),
        "expected_response=false",
    ),
    one("Peak RPS", "A", &[Peak("http_reqs")]),
    one("HTTP Request Duration", "AB", &ALL),
    one(
        "Transfer Rate",
        "AB",
        &[Rate("k6_data_sent_total"), Rate("k6_data_received_total")],
    ),
    one(
        "Iterations",
        "ABCD",
        &[
            Quantile(0.95, ITERATION),
            Slowest(P95, ITERATION),
            Rate("k6_iterations_total"),
            Rate("k6_dropped_iterations_total"),
        ],
    ),
    one("HTTP Latency Timings", "AB", &BLOCKED),
    one("HTTP Latency Timings", "CD", &CONNECTING),
    one("HTTP Latency Timings", "EF", &HANDSHAKING),
    one("HTTP Latency Timings", "GH", &SENDING),
    one("HTTP Latency Timings", "IJ", &WAITING),
    one("HTTP Latency Timings", "KL", &RECEIVING),
    one("HTTP Latency Timings", "MN", &ALL),
    one("HTTP Latency Stats", "AB", &ALL),
    only(
        one("HTTP Latency Stats", "CD", &ALL),
        "expected_response=true",
    ),
    only(
        one("HTTP Latency Stats", "EF", &ALL),
        "expected_response=false",
    ),
    one(
        "HTTP Request Rate",
        "ABC",
        &[
            REQUESTS,
            Rate("k6_http_reqs_total{expected_response=\"true\"}"),
            FAILED,
        ],
    ),
    // Each row is one series, whose statistics lie where its histogram's do.
    table(
        "Requests by URL",
        "ABCD",
        "name,method,status",
        &[
            Quantile(0.0, DURATION),
            Quantile(1.0, DURATION),
            Quantile(0.95, DURATION),
            Quantile(0.99, DURATION),
        ],
    ),
    table("Checks list", "A", "check", &[Share("checks")]),
    by("Checks Success Rate", "A", "", &[Share("checks")]),
];

/// More load than the virtual users can make, so that iterations are dropped.
const SCRIPT: &str = "import http from 'k6/http';
import { check } from 'k6';
export const options = { scenarios: { s: {
  executor: 'constant-arrival-rate', rate: 20, duration: '3s', preAllocatedVUs: 1, maxVUs: 1,
} } };
export default function () {
  const r = http.get(__ENV.URL + (__ITER % 2 ? '/status/500' : '/delay/200'));
  check(r, { fine: (v) => v.status === 200 });
}";

/// What the official dashboards ask, 19665 and 18030, with `TESTID` and the statistic in place.
fn official() -> Vec<String> {
    const T: &str = "testid=~\"official\"";
    let mut queries = vec![
        format!("sum(k6_vus{{{T}}})"),
        format!("sum(irate(k6_http_reqs_total{{{T}}}[1m]))"),
        format!("avg(round(k6_http_req_failed_rate{{{T}}}, 0.1)*100)"),
        format!("sum(k6_http_reqs_total{{{T}}})"),
        format!("avg(irate(k6_data_sent_total{{{T}}}[1m]))"),
        format!("avg(irate(k6_data_received_total{{{T}}}[1m]))"),
        format!("avg(k6_dropped_iterations_total{{{T}}})"),
        format!("round(k6_checks_rate{{{T}}}, 0.1)"),
        format!("avg(round(k6_checks_rate{{{T}}}, 0.1)*100)"),
    ];
    for expected in ["true", "false"] {
        let labels = format!("{T},expected_response=\"{expected}\"");
        queries.push(format!("sum(k6_http_reqs_total{{{labels}}})"));
        queries.push(format!("sum(irate(k6_http_reqs_total{{{labels}}}[1m]))"));
        queries.push(format!("avg(k6_http_req_duration_p95{{{labels}}})"));
        queries.push(format!(
            "histogram_quantile(0.99, sum by(le)(rate(k6_http_req_waiting_seconds{{{labels}}}[1m])))"
        ));
    }
    let phases = [
        "blocked",
        "tls_handshaking",
        "sending",
        "waiting",
        "receiving",
        "duration",
    ];
    let trends = phases.map(|it| format!("http_req_{it}"));
    for trend in trends.iter().map(String::as_str).chain([ITERATION]) {
        // Their variable offers these.
        for stat in [
            "min", "max", "count", "sum", "avg", "med", "p90", "p95", "p99",
        ] {
            queries.push(format!("avg(k6_{trend}_{stat}{{{T}}})"));
        }
        queries.push(format!(
            "histogram_quantile(0.99, sum by(le)(rate(k6_{trend}_seconds{{{T}}}[1m])))"
        ));
    }
    for stat in ["min", "max", "p95", "p99"] {
        queries.push(format!(
            "avg by(name,method,status)(k6_http_req_duration_{stat}{{{T}}})"
        ));
    }
    for q in ["0", "1", "0.95", "0.99"] {
        queries.push(format!("histogram_quantile({q}, sum by(le,name,method,status)(rate(k6_http_req_duration_seconds{{{T}}}[1m])))"));
    }
    queries
}

#[test]
fn the_official_dashboards_have_an_answer_to_every_query() {
    let folder = tempfile::tempdir().unwrap();
    let running = match prometheus(folder.path()) {
        Ok(running) => running,
        Err(error @ ProcessError::Missing(_)) => return skip(&error),
        Err(error) => panic!("{error}"),
    };
    let target = Target::http().unwrap();
    // As k6 is told: its name of the output, its variables, its tag.
    Brunt::script(SCRIPT)
        .env_flag("URL", target.url("").trim_end_matches('/'))
        .variable(
            "K6_PROMETHEUS_RW_SERVER_URL",
            &format!("http://{}/api/v1/write", running.address()),
        )
        .variable("K6_PROMETHEUS_RW_PUSH_INTERVAL", "500ms")
        .variable(
            "K6_PROMETHEUS_RW_TREND_STATS",
            "min,max,count,sum,avg,med,p(90),p(95),p(99)",
        )
        .args(&["--tag", "testid=official", "--out"])
        .args(&["experimental-prometheus-rw,trends=both,stale-markers=false"])
        .run()
        .expect(0);
    let server = Server::now_only(&running);
    let empty = official()
        .into_iter()
        .filter(|query| {
            let rows = server.query(query, server.end);
            rows.is_empty() || rows.iter().any(|row| row.1.is_nan())
        })
        .collect::<Vec<_>>();
    assert!(empty.is_empty(), "{}", empty.join("\n"));
}
