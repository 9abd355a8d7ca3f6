//! The traits that an output implements, and what they are given.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::{Interner, Registry, SystemTags};

use crate::account::Account;
use crate::drain::Drain;
use crate::edge::Inbox;
use crate::log::Log;

/// A boxed future, for traits that are used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an output wants to be fed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Every sample, in batches.
    Samples,
    /// Cumulative values of every series, taken at this interval.
    Snapshots {
        /// Time between two snapshots.
        interval: Duration,
        /// Whether trends are also counted in k6's explicit buckets
        /// ([`brunt_metrics::histogram::ExpHistogram::explicit`]), which costs some time per sample.
        explicit: bool,
    },
}

/// A key that an output understands, as `brunt outputs` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name in `--out NAME=TARGET,key=value`. A family `header.*` takes every `header.NAME`.
    pub name: &'static str,
    /// Environment variables that set it too, first one first; k6's names among them. For a family
    /// `PREFIX_*`: what stands for the star is the member's name.
    pub env: &'static [&'static str],
    /// The value without the user's doing; empty for none.
    pub default: &'static str,
    /// One sentence: what it does.
    pub help: &'static str,
    /// Whether the value must not show in logs. A secret key `k` can also be given as `k-file`, its
    /// variable `V` as `V_FILE`.
    pub secret: bool,
}

/// The arguments of one `--out`, parsed but not yet understood. Its debug text hides values, which
/// may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The output's name in `--out`.
    pub name: String,
    /// The instance's name: the output's own, or that of `--out NAME@INSTANCE=…`.
    pub instance: String,
    /// What stands after the first `=`: a file, a URL; empty for none.
    pub target: String,
    /// The keys, with the environment's values below those of the command line.
    pub keys: BTreeMap<String, String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("instance", &self.instance)
            .field("keys", &self.keys.keys())
            .finish_non_exhaustive()
    }
}

/// The arguments of an output are wrong; the test does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--out {output}: {message}")]
pub struct ConfigError {
    /// The output's name as it was given.
    pub output: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// An output could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The receiver does not answer, or not as a receiver does.
    #[error("cannot reach {target}: {reason}")]
    Unreachable {
        /// The URL or file, without credentials.
        target: String,
        /// What happened.
        reason: String,
    },
    /// A file could not be written.
    #[error("cannot write {target}: {source}")]
    Write {
        /// The file.
        target: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

/// What an output has to say at its end, beside the numbers in its [`Account`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputReport {
    /// Sentences worth telling the user, such as the receiver's last answer.
    pub notes: Vec<String>,
}

/// What every output may look up while it runs.
#[derive(Debug, Clone)]
pub struct OutputContext {
    /// Metrics by id.
    pub registry: Arc<Registry>,
    /// Series by id.
    pub interner: Arc<Interner>,
    /// The system tags that are switched on.
    pub system_tags: SystemTags,
    /// For each metric name its threshold expressions and sub-metrics, as JSON lines declare them.
    pub declarations: Arc<BTreeMap<String, Declaration>>,
    /// Tells this process apart from other generators: host and process nonce.
    pub instance: Arc<str>,
    /// Seconds that local times are ahead of UTC, where that is not the system's zone: what is converted
    /// keeps the zone in which it was measured.
    pub utc_offset: Option<i32>,
    /// Whether the samples can be had once more after a crash, because they are read from files. Then an output need not
    /// make safe what it has taken before its file is whole.
    pub repeatable: bool,
    /// Where what waits for a receiver is kept.
    pub spool: Spool,
    /// How long closing may take before the rest is given up.
    pub drain: Drain,
    /// Where the output says what became of what it was given, and whether it reaches its receiver.
    /// Each output has its own.
    pub account: Account,
    /// Where it says what the books cannot. Each output has its own.
    pub log: Log,
}

/// Where outputs that talk to a network keep what waits for their receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spool {
    /// The folder below which each output makes one of its own when it needs it; `None` for no spool.
    pub folder: Option<PathBuf>,
    /// What one output's spool may take, in bytes.
    pub limit: u64,
    /// The folder that an earlier run has left, if that is what is to be delivered.
    pub resume: Option<PathBuf>,
}

impl Spool {
    /// What a spool may take when nobody says else: a gibibyte.
    pub const DEFAULT_LIMIT: u64 = 1 << 30;

    /// Nothing is kept on disk.
    pub fn off() -> Self {
        Self {
            folder: None,
            limit: Self::DEFAULT_LIMIT,
            resume: None,
        }
    }
}

/// Thresholds and sub-metrics of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Threshold expressions, as the user wrote them.
    pub thresholds: Vec<String>,
    /// Sub-metrics.
    pub submetrics: Vec<DeclaredSubmetric>,
}

/// A part of a metric that is shown or judged for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclaredSubmetric {
    /// The text between the braces.
    pub suffix: String,
    /// The tags that it means.
    pub tags: BTreeMap<String, String>,
    /// Threshold expressions of this part. k6's lines have none; brunt writes them where there are some.
    pub thresholds: Vec<String>,
}

/// A kind of output: its name, its keys, and how to configure one.
pub trait OutputKind: Send + Sync {
    /// The name in `--out NAME=…`, and other names for the same.
    fn names(&self) -> &'static [&'static str];

    /// One sentence for `brunt outputs`.
    fn about(&self) -> &'static str;

    /// A working example, such as `--out json=results.json.gz`.
    fn example(&self) -> &'static str;

    /// Every key that it understands.
    fn keys(&self) -> &'static [Key];

    /// Makes an instance. Unknown keys were refused before; values are checked here.
    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError>;
}

/// One configured output.
pub trait Output: Send {
    /// The line after `output:` in the banner, such as `json (results.json)`.
    fn describe(&self) -> String;

    /// What it is fed with.
    fn wants(&self) -> Wants;

    /// Asks before the start whether the target can be reached, so that a long test is not run in
    /// vain. Files are created here.
    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async { Ok(()) })
    }

    /// Consumes the inbox until it closes, then finishes within the context's [`Drain`].
    fn run(
        self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>>;
}
