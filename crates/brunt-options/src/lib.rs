//! The options of a test: model, layers, validation and durations.
//!
//! A layer (configuration file, script, environment, command line) is read into [`LayerOptions`];
//! [`Options::consolidate`] puts them on top of each other, turns the shortcuts into a scenario and
//! checks what results. Everything is a function of values: who reads the file, evaluates the script
//! or parses the flags is the caller's business.

#![forbid(unsafe_code)]

mod check;
pub mod consolidate;
pub mod defaults;
pub mod duration;
pub mod error;
pub mod explain;
pub mod features;
pub mod layer;
pub mod options;
pub mod plan;
pub mod scenario;
pub mod schema;
pub mod script_json;
mod shortcut;
pub mod source;
mod suggest;
pub mod value;

pub use consolidate::Consolidated;
pub use duration::{format_duration, parse_duration, parse_duration_or_ms};
pub use error::OptionsError;
pub use explain::Explained;
pub use features::{Feature, Features};
pub use layer::{Layer, LayerOptions};
pub use options::{
    HttpDebug, OptionSpec, Options, SummaryTimeUnit, Support, TABLE, Tags, Thresholds,
};
pub use scenario::draft::{ExecutorKind, ScenarioDraft, StageDraft};
pub use scenario::{ExecutorConfig, ScenarioConfig, Stage};
pub use script_json::{to_export_json, to_script_json};
pub use source::RunKeys;
pub use value::{
    Dns, DnsPolicy, DnsSelect, DnsTtl, HostTarget, IpRange, LocalIps, Threshold, TlsAuth,
    TlsVersion, TlsVersions, parse_bool,
};
