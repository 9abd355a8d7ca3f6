//! What applies when nobody sets an option.

use std::time::Duration;

use serde_json::{Value, json};

use crate::duration::format_duration;
use crate::options::Options;
use crate::value::{Dns, DnsPolicy, DnsSelect, DnsTtl, OptionValue};

/// The statistics of trends in the summary.
pub const SUMMARY_TREND_STATS: [&str; 6] = ["avg", "min", "med", "max", "p(90)", "p(95)"];

/// The system tags that samples get.
pub const SYSTEM_TAGS: [&str; 14] = [
    "proto",
    "subproto",
    "status",
    "method",
    "url",
    "name",
    "group",
    "check",
    "error",
    "error_code",
    "tls_version",
    "scenario",
    "service",
    "expected_response",
];

/// How names become addresses.
pub const DEFAULT_DNS: Dns = Dns {
    ttl: Some(DnsTtl::For(Duration::from_mins(5))),
    select: Some(DnsSelect::Random),
    policy: Some(DnsPolicy::PreferIpv4),
};

impl Options {
    /// What applies when nobody sets an option, as a script would write it; `null` where nothing
    /// does, and for `scenarios`, whose default depends on the shortcuts.
    pub fn default_value(key: &str) -> Value {
        let unset = Self::default();
        let time = |duration| Value::from(format_duration(duration));
        match key {
            "vus" => json!(1),
            "executionSegment" => json!("0:1"),
            "executionSegmentSequence" => json!("0,1"),
            "setupTimeout" => time(unset.setup_timeout()),
            "teardownTimeout" => time(unset.teardown_timeout()),
            "handleSummaryTimeout" => time(unset.handle_summary_timeout()),
            "rps" => json!(0),
            "dns" => DEFAULT_DNS.to_json(),
            "maxRedirects" => json!(unset.max_redirects()),
            "userAgent" => json!(concat!("brunt/", env!("CARGO_PKG_VERSION"))),
            "batch" => json!(unset.batch()),
            "batchPerHost" => json!(unset.batch_per_host()),
            "minIterationDuration" => time(unset.min_iteration_duration()),
            "summaryTrendStats" => json!(unset.summary_trend_stats()),
            "systemTags" => json!(unset.system_tags()),
            "paused"
            | "noSetup"
            | "noTeardown"
            | "insecureSkipTLSVerify"
            | "throw"
            | "noConnectionReuse"
            | "noVUConnectionReuse"
            | "noCookiesReset"
            | "discardResponseBodies" => json!(false),
            _ => Value::Null,
        }
    }

    /// How long `setup()` may take: 60 s unless set.
    pub fn setup_timeout(&self) -> Duration {
        self.setup_timeout.unwrap_or(Duration::from_mins(1))
    }

    /// How long `teardown()` may take: 60 s unless set.
    pub fn teardown_timeout(&self) -> Duration {
        self.teardown_timeout.unwrap_or(Duration::from_mins(1))
    }

    /// How long `handleSummary()` may take: 120 s unless set.
    pub fn handle_summary_timeout(&self) -> Duration {
        self.handle_summary_timeout
            .unwrap_or(Duration::from_mins(2))
    }

    /// How many redirects are followed: 10 unless set.
    pub fn max_redirects(&self) -> u64 {
        self.max_redirects.unwrap_or(10)
    }

    /// How many requests of a batch run at a time: 20 unless set.
    pub fn batch(&self) -> u64 {
        self.batch.unwrap_or(20)
    }

    /// The same for one host: 6 unless set.
    pub fn batch_per_host(&self) -> u64 {
        self.batch_per_host.unwrap_or(6)
    }

    /// How long an iteration takes at least: 0 unless set.
    pub fn min_iteration_duration(&self) -> Duration {
        self.min_iteration_duration.unwrap_or_default()
    }

    /// The statistics of trends in the summary.
    pub fn summary_trend_stats(&self) -> Vec<String> {
        let default = || SUMMARY_TREND_STATS.map(str::to_owned).to_vec();
        self.summary_trend_stats.clone().unwrap_or_else(default)
    }

    /// The system tags that samples get.
    pub fn system_tags(&self) -> Vec<String> {
        let default = || SYSTEM_TAGS.map(str::to_owned).to_vec();
        self.system_tags.clone().unwrap_or_else(default)
    }
}
