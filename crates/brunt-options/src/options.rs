//! The options of a test: one table that says of each what it is called, where it may be set and
//! whether it has an effect yet.
//!
//! Reading, layering and showing are the same for all of them, so they are generated from the table;
//! only the types differ, and these know how to read themselves (see [`crate::value`]).

use std::collections::BTreeMap;
use std::time::Duration;

use brunt_pacing::{ExecutionSegment, SegmentSequence};
use serde_json::{Map, Value};

use crate::error::Invalid;
use crate::scenario::draft::{ScenarioDraft, StageDraft};
use crate::value::{
    Dns, HostTarget, IpRange, LocalIps, OptionValue, Threshold, TlsAuth, TlsVersions,
};

/// Whether setting an option has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// It has.
    Now,
    /// It is checked and kept, but nothing acts on it yet: the user must be told.
    Later,
    /// It is meant for others (a cloud service, another queue) and has no effect by design.
    Ignored,
}

/// What an option is called and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// The key in scripts and configuration files.
    pub key: &'static str,
    /// The environment variable.
    pub env: Option<&'static str>,
    /// The long flag.
    pub flag: Option<&'static str>,
    /// Whether scripts may set it.
    pub script: bool,
    /// Whether it has an effect.
    pub support: Support,
    /// What it means, in one sentence.
    pub about: &'static str,
}

/// Tags of a whole test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags(pub BTreeMap<String, String>);

/// Conditions by metric, or `metric{tag:value}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thresholds(pub BTreeMap<String, Vec<Threshold>>);

/// How much of each HTTP exchange is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpDebug {
    /// Everything but bodies.
    Headers,
    /// Everything.
    Full,
}

/// The unit of times in the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SummaryTimeUnit {
    /// `s`
    Seconds,
    /// `ms`
    Milliseconds,
    /// `us`
    Microseconds,
}

impl SummaryTimeUnit {
    /// The name in options: `s`, `ms` or `us`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
        }
    }
}

macro_rules! options {
    ($(
        $(#[doc = $doc:literal])*
        $field:ident: $type:ty = $key:literal $env:tt $flag:tt $script:literal $support:ident;
    )*) => {
        /// What is set; everything else is `None`. Durations, names and forms are those of k6.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Options {
            $($(#[doc = $doc])* pub $field: Option<$type>,)*
        }

        /// All options, in the order in which they are shown.
        pub const TABLE: &[OptionSpec] = &[$(OptionSpec {
            key: $key,
            env: options!(@name $env),
            flag: options!(@name $flag),
            script: $script,
            support: Support::$support,
            about: concat!($($doc),*).trim_ascii(),
        },)*];

        impl Options {
            /// Reads the value of a key; an unknown key does nothing.
            pub(crate) fn set_json(&mut self, key: &str, value: &Value) -> Result<(), Invalid> {
                match key {
                    $($key => self.$field = Some(<$type as OptionValue>::from_json(value)?),)*
                    _ => {}
                }
                Ok(())
            }

            /// Reads the text of an environment variable for a key.
            pub(crate) fn set_text(&mut self, key: &str, text: &str) -> Result<(), Invalid> {
                match key {
                    $($key => self.$field = Some(<$type as OptionValue>::from_text(text)?),)*
                    _ => {}
                }
                Ok(())
            }

            /// Reads the text of a flag for a key; a flag may come several times.
            pub(crate) fn add_text(&mut self, key: &str, text: &str) -> Result<(), Invalid> {
                match key {
                    $($key => {
                        let before = self.$field.take();
                        self.$field = Some(<$type as OptionValue>::from_flag(text, before)?);
                    })*
                    _ => {}
                }
                Ok(())
            }

            /// The JSON Schema of a key's value; none if there is no such option.
            pub(crate) fn schema_of(key: &str) -> Option<Value> {
                match key {
                    $($key => Some(<$type as OptionValue>::schema()),)*
                    _ => None,
                }
            }

            /// Whether a key is set.
            pub fn is_set(&self, key: &str) -> bool {
                match key {
                    $($key => self.$field.is_some(),)*
                    _ => false,
                }
            }

            /// Takes over what a stronger layer sets.
            pub(crate) fn override_with(&mut self, over: Self) {
                $(if let Some(over) = over.$field {
                    self.$field = Some(match self.$field.take() {
                        Some(under) => under.overridden(over),
                        None => over,
                    });
                })*
            }

            /// All options as JSON, those that are not set as `null`.
            pub fn to_json(&self) -> Value {
                let mut object = Map::new();
                $(object.insert(
                    $key.to_owned(),
                    self.$field.as_ref().map_or(Value::Null, OptionValue::to_json),
                );)*
                Value::Object(object)
            }
        }
    };
    (@name -) => { None };
    (@name $name:literal) => { Some($name) };
}

options! {
    /// Whether the test waits for a command before it starts.
    paused: bool = "paused" "K6_PAUSED" "--paused" true Now;
    /// Shortcut: how many VUs.
    vus: u64 = "vus" "K6_VUS" "--vus" true Now;
    /// Shortcut: for how long.
    duration: Duration = "duration" "K6_DURATION" "--duration" true Now;
    /// Shortcut: how many iterations.
    iterations: u64 = "iterations" "K6_ITERATIONS" "--iterations" true Now;
    /// Shortcut: how the number of VUs changes.
    stages: Vec<StageDraft> = "stages" "K6_STAGES" "--stage" true Now;
    /// The scenarios by name.
    scenarios: BTreeMap<String, ScenarioDraft> = "scenarios" - - true Now;
    /// Which part of the test this instance runs.
    execution_segment: ExecutionSegment =
        "executionSegment" "K6_EXECUTION_SEGMENT" "--execution-segment" true Now;
    /// All parts of the test.
    execution_segment_sequence: SegmentSequence =
        "executionSegmentSequence" "K6_EXECUTION_SEGMENT_SEQUENCE" "--execution-segment-sequence" true Now;
    /// Whether `setup()` is left out.
    no_setup: bool = "noSetup" "K6_NO_SETUP" "--no-setup" true Now;
    /// How long `setup()` may take.
    setup_timeout: Duration = "setupTimeout" "K6_SETUP_TIMEOUT" - true Now;
    /// Whether `teardown()` is left out.
    no_teardown: bool = "noTeardown" "K6_NO_TEARDOWN" "--no-teardown" true Now;
    /// How long `teardown()` may take.
    teardown_timeout: Duration = "teardownTimeout" "K6_TEARDOWN_TIMEOUT" - true Now;
    /// How long `handleSummary()` may take.
    handle_summary_timeout: Duration =
        "handleSummaryTimeout" "K6_HANDLE_SUMMARY_TIMEOUT" - true Now;
    /// Requests per second of all VUs at most; 0 for no limit.
    rps: u64 = "rps" "K6_RPS" "--rps" true Now;
    /// How names become addresses.
    dns: Dns = "dns" "K6_DNS" "--dns" true Now;
    /// How many redirects are followed.
    max_redirects: u64 = "maxRedirects" "K6_MAX_REDIRECTS" "--max-redirects" true Now;
    /// The header `User-Agent`; an empty one is not sent.
    user_agent: String = "userAgent" "K6_USER_AGENT" "--user-agent" true Now;
    /// How many requests of one `batch()` run at a time.
    batch: u64 = "batch" "K6_BATCH" "--batch" true Now;
    /// The same for one host.
    batch_per_host: u64 = "batchPerHost" "K6_BATCH_PER_HOST" "--batch-per-host" true Now;
    /// Whether HTTP exchanges are logged.
    http_debug: HttpDebug = "httpDebug" "K6_HTTP_DEBUG" "--http-debug" true Now;
    /// Whether any certificate is accepted.
    insecure_skip_tls_verify: bool =
        "insecureSkipTLSVerify" "K6_INSECURE_SKIP_TLS_VERIFY" "--insecure-skip-tls-verify" true Now;
    /// The cipher suites that are offered, by IANA name.
    tls_cipher_suites: Vec<String> = "tlsCipherSuites" "K6_TLS_CIPHER_SUITES" - true Now;
    /// The TLS versions that are offered.
    tls_version: TlsVersions = "tlsVersion" "K6_TLS_VERSION" - true Now;
    /// Client certificates.
    tls_auth: Vec<TlsAuth> = "tlsAuth" "K6_TLSAUTH" - true Now;
    /// Whether a failed request throws.
    throw: bool = "throw" "K6_THROW" "--throw" true Now;
    /// What the metrics must satisfy.
    thresholds: Thresholds = "thresholds" "K6_THRESHOLDS" - true Now;
    /// Addresses that are not dialled.
    blacklist_ips: Vec<IpRange> = "blacklistIPs" "K6_BLACKLIST_IPS" "--blacklist-ip" true Now;
    /// Hosts that are not dialled.
    block_hostnames: Vec<String> =
        "blockHostnames" "K6_BLOCK_HOSTNAMES" "--block-hostnames" true Now;
    /// What is dialled instead of a host.
    hosts: BTreeMap<String, HostTarget> = "hosts" "K6_HOSTS" - true Now;
    /// Whether every request gets a new connection.
    no_connection_reuse: bool =
        "noConnectionReuse" "K6_NO_CONNECTION_REUSE" "--no-connection-reuse" true Now;
    /// Whether every iteration gets new connections.
    no_vu_connection_reuse: bool =
        "noVUConnectionReuse" "K6_NO_VU_CONNECTION_REUSE" "--no-vu-connection-reuse" true Now;
    /// How long an iteration takes at least, waiting included.
    min_iteration_duration: Duration =
        "minIterationDuration" "K6_MIN_ITERATION_DURATION" "--min-iteration-duration" true Now;
    /// Settings of a cloud service.
    cloud: Value = "cloud" - - true Ignored;
    /// Settings of other products.
    ext: Value = "ext" - - true Ignored;
    /// The statistics of trends in the summary.
    summary_trend_stats: Vec<String> =
        "summaryTrendStats" "K6_SUMMARY_TREND_STATS" "--summary-trend-stats" true Now;
    /// The unit of times in the summary; fitting by itself unless set.
    summary_time_unit: SummaryTimeUnit =
        "summaryTimeUnit" "K6_SUMMARY_TIME_UNIT" "--summary-time-unit" true Now;
    /// Which system tags samples get; their names are the caller's to check.
    system_tags: Vec<String> = "systemTags" "K6_SYSTEM_TAGS" "--system-tags" true Now;
    /// Tags of every sample.
    tags: Tags = "tags" "K6_TAGS" "--tag" true Now;
    /// The length of a queue that brunt does not have.
    metric_samples_buffer_size: u64 =
        "metricSamplesBufferSize" "K6_METRIC_SAMPLES_BUFFER_SIZE" - true Ignored;
    /// Whether cookies stay from one iteration to the next.
    no_cookies_reset: bool = "noCookiesReset" "K6_NO_COOKIES_RESET" - true Now;
    /// Whether bodies of responses are thrown away.
    discard_response_bodies: bool =
        "discardResponseBodies" "K6_DISCARD_RESPONSE_BODIES" "--discard-response-bodies" true Now;
    /// The file that console output goes to.
    console_output: String = "consoleOutput" "K6_CONSOLE_OUTPUT" "--console-output" false Now;
    /// The addresses that connections come from.
    local_ips: LocalIps = "localIPs" "K6_LOCAL_IPS" "--local-ips" false Now;
}

impl Options {
    /// The keys that are set without having an effect yet.
    pub fn unsupported(&self) -> impl Iterator<Item = &'static OptionSpec> + '_ {
        TABLE
            .iter()
            .filter(|spec| spec.support == Support::Later && self.is_set(spec.key))
    }
}
