//! The REST API of a running test, in k6's form (v1): look at it, pause, scale or stop it.
//!
//! It lives on the control runtime and only reads counters and asks the aggregation, so that no
//! virtual user waits for it. hyper serves one request per connection, with limits on everything
//! that a client can send; a framework would bring its tree for a dozen routes.

pub(crate) mod address;
mod answer;
pub(crate) mod client;
mod groups;
mod metrics;
mod router;
mod self_metrics;
mod server;
mod setup;
mod status;
mod subject;

pub(crate) use address::Address;
pub(crate) use server::{Server, Serving};
pub(crate) use subject::Subject;

/// The API of one test, at work.
pub(crate) struct Api {
    pub(crate) serving: Serving,
    pub(crate) subject: std::sync::Arc<Subject>,
}

/// The words for a phase's number in a status.
pub(crate) fn phase_name(number: u8) -> &'static str {
    brunt_engine::Phase::from_number(number).as_str()
}
