//! OTLP metrics over gRPC and HTTP: `--out otlp=URL`, for collectors, Grafana Cloud and New Relic.
//!
//! The SDK of OpenTelemetry exports only what was recorded through it; here values are added up
//! already, so the messages are made with `opentelemetry-proto`. The way of a snapshot: `table` adds up
//! its series by the attributes they are sent with and knows what the receiver has of each, `point`
//! encodes those that changed, `request` packs them into requests below the limit of size, `client`
//! sends them, `brunt-delivery` repeats and cuts them where that helps.

#![forbid(unsafe_code)]

mod attributes;
mod client;
mod config;
mod difference;
mod frame;
mod kinds;
mod notes;
mod output;
mod point;
mod request;
mod stream;
mod table;

pub use kinds::{GrafanaCloud, K6Opentelemetry, NewRelic, Otlp};
pub use output::OtlpOutput;
