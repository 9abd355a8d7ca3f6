//! The dashboard `websocket-grpc` on results of k6 that were converted: brunt's own engine has neither module yet.

use std::fmt::Write as _;

use brunt_grafana::boards;
use brunt_testkit::process::{ProcessError, Prometheus, prometheus};
use serde_json::{Value, json};

use super::answers::Run;
use super::expected::{Answer, Expected, Stat, by, one, table};
use super::server::Server;
use super::wrong;
use crate::support::{Brunt, Points, Summary, skip};

use Answer::{Count, Quantile, Slowest, Steady, Total};

const CALL: &str = "grpc_req_duration";

/// What the panels of a trend's percentiles answer.
const fn percentiles(trend: &'static str) -> [Answer; 6] {
    [
        Quantile(0.5, trend),
        Quantile(0.95, trend),
        Quantile(0.99, trend),
        Slowest(Stat::P(0.95), trend),
        Slowest(Stat::P(0.99), trend),
        Slowest(Stat::Max, trend),
    ]
}

const CONNECTING: [Answer; 6] = percentiles("ws_connecting");
const SESSION: [Answer; 6] = percentiles("ws_session_duration");
const PING: [Answer; 6] = percentiles("ws_ping");
const CALLS: [Answer; 6] = percentiles(CALL);
const P95: [Answer; 2] = [CALLS[1], CALLS[3]];

const PANELS: &[Expected] = &[
    one("Sessions", "A", &[Total("ws_sessions")]),
    one("Messages sent", "A", &[Total("ws_msgs_sent")]),
    one("Messages received", "A", &[Total("ws_msgs_received")]),
    one("Ping, p95", "A", &[Quantile(0.95, "ws_ping")]),
    one(
        "Messages",
        "AB",
        &[Steady(&[("", 10.0)]), Steady(&[("", 20.0)])],
    ),
    by(
        "New sessions",
        "A",
        "status",
        &[Steady(&[("101", 4.0), ("503", 1.0)])],
    ),
    one("Connecting", "ABCDEF", &CONNECTING),
    one("Session duration", "ABCDEF", &SESSION),
    one("Ping", "ABCDEF", &PING),
    one("Calls", "A", &[Count(CALL)]),
    one("Calls that failed", "A", &[Steady(&[("", 0.2)])]),
    one("Call, p95", "A", &[Quantile(0.95, CALL)]),
    by(
        "Call rate",
        "A",
        "status",
        &[Steady(&[("0", 8.0), ("14", 2.0)])],
    ),
    one("Call duration", "ABCDEF", &CALLS),
    by("p95 by method", "AB", "method", &P95),
    by("p95 by status", "AB", "status", &P95),
    table(
        "Methods",
        "ABC",
        "method,status",
        &[Count(CALL), Quantile(0.95, CALL), Quantile(0.99, CALL)],
    ),
    one("Streams", "A", &[Total("grpc_streams")]),
    one(
        "Stream messages sent",
        "A",
        &[Total("grpc_streams_msgs_sent")],
    ),
    one(
        "Stream messages received",
        "A",
        &[Total("grpc_streams_msgs_received")],
    ),
    one("New streams", "A", &[Steady(&[("", 1.0)])]),
    one(
        "Stream messages",
        "AB",
        &[Steady(&[("", 3.0)]), Steady(&[("", 1.0)])],
    ),
];

const METRICS: [(&str, &str, &str); 12] = [
    ("http_reqs", "counter", "default"),
    ("ws_sessions", "counter", "default"),
    ("ws_msgs_sent", "counter", "default"),
    ("ws_msgs_received", "counter", "default"),
    ("ws_connecting", "trend", "time"),
    ("ws_session_duration", "trend", "time"),
    ("ws_ping", "trend", "time"),
    (CALL, "trend", "time"),
    ("grpc_streams", "counter", "default"),
    ("grpc_streams_msgs_sent", "counter", "default"),
    ("grpc_streams_msgs_received", "counter", "default"),
    ("vus", "gauge", "default"),
];

/// Ten steps a second, for forty seconds.
const STEPS: i64 = 400;

/// k6's JSON lines of a run that ended at this time, in milliseconds. One that is `off` has half of
/// everything, none that failed, and takes three times as long.
pub(super) fn lines(end: i64, off: bool) -> String {
    let mut text = String::new();
    for (name, kind, contains) in METRICS {
        let data = json!({ "name": name, "type": kind, "contains": contains, "thresholds": [], "submetrics": null });
        let line = json!({ "type": "Metric", "data": data, "metric": name });
        writeln!(text, "{line}").unwrap();
    }
    for step in (0..STEPS).filter(|step| !off || step % 2 == 0) {
        let time = end - (STEPS - step) * 100;
        let time = jiff::Timestamp::from_millisecond(time).unwrap();
        let mut point = |metric: &str, value: f64, tags: &[(&str, &str)]| {
            let mut all = json!({ "scenario": "browse", "group": "" });
            for (name, value) in tags {
                all[name] = Value::from(*value);
            }
            let data = json!({ "time": time.to_string(), "value": value, "tags": all });
            let line = json!({ "metric": metric, "type": "Point", "data": data });
            writeln!(text, "{line}").unwrap();
        };
        let slow = if off { 3.0 } else { 1.0 };
        let took = slow * (5 + step * 7 % 50) as f64;
        let every = |steps: i64| step % steps == 0;
        // The times at which the series are read are those of this one.
        point("http_reqs", 1.0, &[]);
        point("ws_msgs_sent", 1.0, &[]);
        point("ws_msgs_received", 2.0, &[]);
        if every(2) {
            point("ws_ping", took, &[]);
            let status = if every(10) && !off { "503" } else { "101" };
            if !off || every(4) {
                point("ws_sessions", 1.0, &[("status", status)]);
            }
            point("ws_connecting", took / 4.0, &[("status", status)]);
            point("ws_session_duration", took * 100.0, &[("status", status)]);
        }
        let status = if every(5) && !off { "14" } else { "0" };
        let method = if every(3) { "pay" } else { "list" };
        point(CALL, took * 2.0, &[("method", method), ("status", status)]);
        if every(if off { 20 } else { 10 }) {
            point("grpc_streams", 1.0, &[]);
            point("grpc_streams_msgs_sent", 3.0, &[]);
            point("grpc_streams_msgs_received", 1.0, &[]);
        }
    }
    text
}

/// Puts them into a Prometheus.
pub(super) fn convert(running: &Prometheus, lines: &str) -> Summary {
    let out = format!(
        "prometheus=http://{},interval=1s,testid=data",
        running.address()
    );
    let brunt = Brunt::command("convert").args(&["run.json", "--out", &out]);
    std::fs::write(brunt.folder().join("run.json"), lines).unwrap();
    brunt.run().expect(0);
    Summary(json!({ "metrics": {} }))
}

#[test]
fn websocket_and_grpc_panels_have_the_right_answers() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let start = |number: usize| prometheus(folders[number].path());
    let (good, off) = match (start(0), start(1)) {
        (Ok(good), Ok(off)) => (good, off),
        (Err(error @ ProcessError::Missing(_)), _) => return skip(&error),
        (good, off) => panic!("{:?} {:?}", good.err(), off.err()),
    };
    let end = jiff::Timestamp::now().as_millisecond() / 1000 * 1000 - 5000;
    let dashboard = boards::find("brunt-ws-grpc").unwrap();
    let text = lines(end, false);
    let run = Run::new(convert(&good, &text), Points::parse(&text));
    let server = Server::new(&good, "data");
    let differences = wrong(&server, &run, &dashboard, PANELS);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // With other data every panel has another answer.
    convert(&off, &lines(end, true));
    let differences = wrong(&Server::new(&off, "data"), &run, &dashboard, PANELS);
    for panel in dashboard.panels() {
        let begin = format!("{} ", panel.title);
        let differs = differences.iter().any(|text| text.starts_with(&begin));
        assert!(differs, "{} cannot fail", panel.title);
    }
}
