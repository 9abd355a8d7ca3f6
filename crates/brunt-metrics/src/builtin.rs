//! The metrics that are there without a script's doing, at fixed ids.

use crate::kind::{MetricKind, ValueType};
use crate::registry::MetricId;

/// `vus`.
pub const VUS: MetricId = MetricId(0);
/// `vus_max`.
pub const VUS_MAX: MetricId = MetricId(1);
/// `iterations`.
pub const ITERATIONS: MetricId = MetricId(2);
/// `iteration_duration`.
pub const ITERATION_DURATION: MetricId = MetricId(3);
/// `dropped_iterations`.
pub const DROPPED_ITERATIONS: MetricId = MetricId(4);
/// `checks`.
pub const CHECKS: MetricId = MetricId(5);
/// `group_duration`.
pub const GROUP_DURATION: MetricId = MetricId(6);
/// `http_reqs`.
pub const HTTP_REQS: MetricId = MetricId(7);
/// `http_req_duration`.
pub const HTTP_REQ_DURATION: MetricId = MetricId(8);
/// `http_req_blocked`.
pub const HTTP_REQ_BLOCKED: MetricId = MetricId(9);
/// `http_req_connecting`.
pub const HTTP_REQ_CONNECTING: MetricId = MetricId(10);
/// `http_req_tls_handshaking`.
pub const HTTP_REQ_TLS_HANDSHAKING: MetricId = MetricId(11);
/// `http_req_sending`.
pub const HTTP_REQ_SENDING: MetricId = MetricId(12);
/// `http_req_waiting`.
pub const HTTP_REQ_WAITING: MetricId = MetricId(13);
/// `http_req_receiving`.
pub const HTTP_REQ_RECEIVING: MetricId = MetricId(14);
/// `http_req_failed`.
pub const HTTP_REQ_FAILED: MetricId = MetricId(15);
/// `ws_sessions`.
pub const WS_SESSIONS: MetricId = MetricId(16);
/// `ws_msgs_sent`.
pub const WS_MSGS_SENT: MetricId = MetricId(17);
/// `ws_msgs_received`.
pub const WS_MSGS_RECEIVED: MetricId = MetricId(18);
/// `ws_ping`.
pub const WS_PING: MetricId = MetricId(19);
/// `ws_session_duration`.
pub const WS_SESSION_DURATION: MetricId = MetricId(20);
/// `ws_connecting`.
pub const WS_CONNECTING: MetricId = MetricId(21);
/// `grpc_req_duration`.
pub const GRPC_REQ_DURATION: MetricId = MetricId(22);
/// `data_sent`.
pub const DATA_SENT: MetricId = MetricId(23);
/// `data_received`.
pub const DATA_RECEIVED: MetricId = MetricId(24);

/// Every built-in metric in the order of its id: id, name, kind and values.
pub const ALL: &[(MetricId, &str, MetricKind, ValueType)] = &[
    (VUS, "vus", MetricKind::Gauge, ValueType::Default),
    (VUS_MAX, "vus_max", MetricKind::Gauge, ValueType::Default),
    (
        ITERATIONS,
        "iterations",
        MetricKind::Counter,
        ValueType::Default,
    ),
    (
        ITERATION_DURATION,
        "iteration_duration",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        DROPPED_ITERATIONS,
        "dropped_iterations",
        MetricKind::Counter,
        ValueType::Default,
    ),
    (CHECKS, "checks", MetricKind::Rate, ValueType::Default),
    (
        GROUP_DURATION,
        "group_duration",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQS,
        "http_reqs",
        MetricKind::Counter,
        ValueType::Default,
    ),
    (
        HTTP_REQ_DURATION,
        "http_req_duration",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_BLOCKED,
        "http_req_blocked",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_CONNECTING,
        "http_req_connecting",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_TLS_HANDSHAKING,
        "http_req_tls_handshaking",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_SENDING,
        "http_req_sending",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_WAITING,
        "http_req_waiting",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_RECEIVING,
        "http_req_receiving",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        HTTP_REQ_FAILED,
        "http_req_failed",
        MetricKind::Rate,
        ValueType::Default,
    ),
    (
        WS_SESSIONS,
        "ws_sessions",
        MetricKind::Counter,
        ValueType::Default,
    ),
    (
        WS_MSGS_SENT,
        "ws_msgs_sent",
        MetricKind::Counter,
        ValueType::Default,
    ),
    (
        WS_MSGS_RECEIVED,
        "ws_msgs_received",
        MetricKind::Counter,
        ValueType::Default,
    ),
    (WS_PING, "ws_ping", MetricKind::Trend, ValueType::Time),
    (
        WS_SESSION_DURATION,
        "ws_session_duration",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        WS_CONNECTING,
        "ws_connecting",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (
        GRPC_REQ_DURATION,
        "grpc_req_duration",
        MetricKind::Trend,
        ValueType::Time,
    ),
    (DATA_SENT, "data_sent", MetricKind::Counter, ValueType::Data),
    (
        DATA_RECEIVED,
        "data_received",
        MetricKind::Counter,
        ValueType::Data,
    ),
];
