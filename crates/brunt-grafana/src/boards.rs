//! The bundled dashboards. A query asks only for series that brunt sends, or that cAdvisor,
//! kube-state-metrics and OpenTelemetry's receivers are documented to have.

mod compare;
mod drop_in;
mod latency;
mod logs_traces;
mod overview;
mod pods;
mod pods_otel;
mod runs;
mod series;
mod websocket_grpc;

use crate::model::Dashboard;

/// The tag that all of ours have; links between them go by it.
const TAG: &str = "brunt";

/// All bundled dashboards, in the order in which they are listed.
pub fn all() -> Vec<Dashboard> {
    vec![
        overview::dashboard(),
        latency::dashboard(),
        pods::dashboard(),
        pods_otel::dashboard(),
        compare::dashboard(),
        runs::dashboard(),
        websocket_grpc::dashboard(),
        logs_traces::dashboard(),
        drop_in::dashboard(),
    ]
}

/// The bundled dashboard of this name (file or uid).
pub fn find(name: &str) -> Option<Dashboard> {
    all()
        .into_iter()
        .find(|it| it.file == name || it.uid == name)
}
