//! WebSocket sessions and gRPC calls: how many, how fast, and which of them fail.
//!
//! The metrics are k6's: `ws_*` of `k6/ws` and `k6/websockets`, `grpc_*` of `k6/net/grpc`. Calls are
//! counted from the histogram of their durations, because there is no counter of them.

use super::TAG;
use super::series::{
    RUN, count_of_all, count_rate, of, quantile, quantile_of_all, rate, statistic, total, variables,
};
use crate::model::{Dashboard, Row};
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: "brunt-ws-grpc",
        file: "websocket-grpc",
        title: "Load test: WebSocket and gRPC",
        description: "Sessions, messages and pings of WebSockets; calls and streams of gRPC by method and status. For data of k6 and for results that brunt converts: brunt itself has neither module yet.",
        tags: &[TAG, "loadtest"],
        since: "30m",
        refresh: "10s",
        variables: variables(),
        annotations: Vec::new(),
        rows: vec![
            Row::new("WebSocket", websocket()),
            Row::new("gRPC calls", calls()),
            Row::new("gRPC streams", streams()),
        ],
    }
}

/// p50, p95 and p99 of a trend from both sources.
fn percentiles(mut panel: Panel, trend: &str) -> Panel {
    for (name, q) in [("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")] {
        panel = panel.query(name, quantile(q, trend, RUN, ""));
    }
    for (stat, name) in [
        ("p95", "p95 of the slowest series"),
        ("p99", "p99 of the slowest series"),
        ("max", "max"),
    ] {
        panel = panel.query(name, statistic(stat, trend, RUN, ""));
    }
    panel
}

fn number(title: &str, metric: &str, what: &str) -> Panel {
    let sum = total(&of(metric), "");
    Panel::stat(title, Unit::Count, what)
        .size(Size::WideTile)
        .query(title, sum)
}

fn websocket() -> Vec<Panel> {
    vec![
        number("Sessions", "ws_sessions_total", "WebSocket sessions of the chosen runs, those whose handshake failed too."),
        number("Messages sent", "ws_msgs_sent_total", "Messages that were sent over WebSockets."),
        number("Messages received", "ws_msgs_received_total", "Messages that were received over WebSockets."),
        Panel::stat("Ping, p95", Unit::Seconds, "95 % of the pings in this time range were answered within this time.")
            .size(Size::WideTile)
            .query("p95", quantile_of_all("0.95", "ws_ping", RUN, "")),
        Panel::graph("Messages", Unit::PerSecond, "Messages per second over WebSockets. What k6/websockets sends includes pings and closes.")
            .query("sent", rate(&of("ws_msgs_sent_total"), ""))
            .query("received", rate(&of("ws_msgs_received_total"), "")),
        Panel::graph("New sessions", Unit::PerSecond, "Handshakes that ended per second, by the status of the answer; 101 is a session.")
            .query("{{status}}", rate(&of("ws_sessions_total"), "status")),
        percentiles(
            Panel::graph("Connecting", Unit::Seconds, "Percentiles of ws_connecting: from dialling to the end of the handshake."),
            "ws_connecting",
        ),
        percentiles(
            Panel::graph("Session duration", Unit::Seconds, "Percentiles of ws_session_duration: from dialling to the close. A session counts when it ends."),
            "ws_session_duration",
        ),
        percentiles(
            Panel::graph("Ping", Unit::Seconds, "Percentiles of ws_ping: from a ping to its pong.").size(Size::Full),
            "ws_ping",
        ),
    ]
}

fn calls() -> Vec<Panel> {
    const CALL: &str = "grpc_req_duration";
    let failed = format!(r#"{RUN},status!="0""#);
    let all = count_of_all(CALL, RUN, "");
    let wrong = count_of_all(CALL, &failed, "");
    let by = "method, status";
    let by_label = |title: &str, label: &str, what: &str| {
        Panel::graph(title, Unit::Seconds, what)
            .query(
                &format!("{{{{{label}}}}}"),
                quantile("0.95", CALL, RUN, label),
            )
            .query(
                &format!("{{{{{label}}}}}, slowest series"),
                statistic("p95", CALL, RUN, label),
            )
    };
    vec![
        Panel::stat("Calls", Unit::Count, "gRPC calls in this time range, streams and health checks too; needs native histograms.")
            .size(Size::WideTile)
            .query("calls", all.clone()),
        Panel::stat("Calls that failed", Unit::Share, "The share of calls in this time range whose status was not 0 (OK); needs native histograms.")
            .size(Size::WideTile)
            .query("failed", format!("(({wrong}) or vector(0)) / ({all})"))
            .steps(&[(0.01, Colour::Warning), (0.05, Colour::Bad)]),
        Panel::stat("Call, p95", Unit::Seconds, "95 % of the calls in this time range took at most this long.")
            .size(Size::WideTile)
            .query("p95", quantile_of_all("0.95", CALL, RUN, "")),
        Panel::graph("Call rate", Unit::RequestsPerSecond, "gRPC calls per second by status, as numbers of the gRPC specification: 0 OK, 4 deadline exceeded, 8 resource exhausted, 14 unavailable; needs native histograms.")
            .query("{{status}}", count_rate(CALL, RUN, "status")),
        percentiles(
            Panel::graph("Call duration", Unit::Seconds, "Percentiles of grpc_req_duration over all methods."),
            CALL,
        ),
        by_label("p95 by method", "method", "p95 of grpc_req_duration by method."),
        by_label("p95 by status", "status", "p95 of grpc_req_duration by status: what fails is often faster, or as slow as a timeout."),
        Panel::table("Methods", "Calls of each method by status, with p95 and p99 in this time range; needs native histograms.")
            .column("Calls", Unit::Count, count_of_all(CALL, RUN, by))
            .column("p95", Unit::Seconds, quantile_of_all("0.95", CALL, RUN, by))
            .column("p99", Unit::Seconds, quantile_of_all("0.99", CALL, RUN, by))
            .renamed("method", "Method")
            .renamed("status", "Status")
            .sorted("Calls"),
    ]
}

fn streams() -> Vec<Panel> {
    vec![
        number(
            "Streams",
            "grpc_streams_total",
            "gRPC streams of the chosen runs.",
        ),
        number(
            "Stream messages sent",
            "grpc_streams_msgs_sent_total",
            "Messages that were sent over gRPC streams.",
        ),
        number(
            "Stream messages received",
            "grpc_streams_msgs_received_total",
            "Messages that were received over gRPC streams.",
        ),
        Panel::graph(
            "New streams",
            Unit::PerSecond,
            "gRPC streams that were opened per second.",
        )
        .query("streams", rate(&of("grpc_streams_total"), "")),
        Panel::graph(
            "Stream messages",
            Unit::PerSecond,
            "Messages per second over gRPC streams.",
        )
        .query("sent", rate(&of("grpc_streams_msgs_sent_total"), ""))
        .query(
            "received",
            rate(&of("grpc_streams_msgs_received_total"), ""),
        ),
    ]
}
