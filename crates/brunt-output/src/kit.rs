//! The conformance kit: what every output must keep to, checked the same way for each of them.
//!
//! The tests of the output crates feed an [`Output`] through a real edge, with a registry and an
//! interner of their own, and look at its report. Broken rules are returned and not asserted, so
//! that the kit can be used outside of tests as well.

mod cases;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::{
    Interner, MetaId, MetaTable, Registry, Sample, SampleBatch, SeriesId, SystemTags, TagSet,
};

use crate::account::{Account, Counts};
use crate::drain::Drain;
use crate::edge::{Item, edge};
use crate::log::Log;
use crate::output::{Declaration, Output, OutputContext, OutputError, OutputReport, Spool};

pub use cases::{
    Behaviour, Broken, METRIC, Peer, conform_in_all_cases, feed_until_killed, holds_up_to,
};

/// What an output does after its deadline, such as one last write, has a little time.
const GRACE: Duration = Duration::from_secs(5);

/// A rule that an output broke.
#[derive(Debug, thiserror::Error)]
pub enum Violation {
    /// The books do not close.
    #[error("the books account for {accounted} of {given} samples or points")]
    Unaccounted {
        /// What was fed.
        given: u64,
        /// What became of, by the books.
        accounted: u64,
    },
    /// The end took longer than the drain timeout allows.
    #[error("the output did not finish within its drain timeout")]
    Late,
    /// Nothing stands in the banner.
    #[error("the output does not describe itself")]
    Nameless,
    /// Not everything that should be there is there.
    #[error(
        "the values up to {last} were to be there without a gap; the last one that is there is {held:?}"
    )]
    Missing {
        /// The last one that should be there.
        last: f64,
        /// The last one that is there.
        held: Option<f64>,
    },
    /// The peer's order is not the order of time.
    #[error("{first} comes before {second}")]
    Disorder {
        /// What comes first.
        first: f64,
        /// What comes next, and is not later.
        second: f64,
    },
    /// The books say something else than the peer.
    #[error("{delivered} were delivered by the books, and {held} are there")]
    Unheld {
        /// By the books.
        delivered: u64,
        /// By the peer.
        held: u64,
    },
    /// The peer cannot say what it holds.
    #[error("what is there cannot be read: {0}")]
    Unreadable(String),
    /// The output failed where nothing was wrong.
    #[error("the output failed: {0}")]
    Failed(#[from] OutputError),
}

/// A registry and an interner with what outputs are told beside them.
#[derive(Debug)]
pub struct Fixture {
    context: OutputContext,
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

impl Fixture {
    /// Built-in metrics, default system tags, no thresholds, the instance `kit`, 10 s to drain.
    pub fn new() -> Self {
        Self {
            context: OutputContext {
                registry: Arc::new(Registry::new()),
                interner: Arc::new(Interner::new(Interner::DEFAULT_MAX_SERIES)),
                system_tags: SystemTags::default(),
                declarations: Arc::default(),
                instance: Arc::from("kit"),
                drain: Drain::within(Duration::from_secs(10)),
                utc_offset: None,
                repeatable: false,
                spool: Spool::off(),
                account: Account::default(),
                log: Log::default(),
            },
        }
    }

    /// The same with these declarations of thresholds and sub-metrics.
    #[must_use]
    pub fn with_declarations(mut self, declarations: BTreeMap<String, Declaration>) -> Self {
        self.context.declarations = Arc::new(declarations);
        self
    }

    /// The same with this much time to drain.
    #[must_use]
    pub fn with_drain_timeout(mut self, timeout: Duration) -> Self {
        self.context.drain = Drain::within(timeout);
        self
    }

    /// The same with a spool.
    #[must_use]
    pub fn with_spool(mut self, spool: Spool) -> Self {
        self.context.spool = spool;
        self
    }

    /// What the output is given.
    pub fn context(&self) -> &OutputContext {
        &self.context
    }

    /// The id of a series of a registered metric; an overflow id that no table knows if there is
    /// no such metric.
    pub fn series(&self, metric: &str, tags: &[(&str, &str)]) -> SeriesId {
        let tags: TagSet = tags.iter().copied().collect();
        let found = self.context.registry.get(metric).and_then(|metric| {
            let tags = self.context.interner.tag_set(&tags)?;
            self.context.interner.series(metric.id, tags)
        });
        found.unwrap_or_else(|| SeriesId::overflow(u32::MAX >> 1))
    }

    /// A batch of samples without metadata: series, nanoseconds, value.
    pub fn batch(&self, samples: &[(SeriesId, i64, f64)]) -> SampleBatch {
        let sample = |&(series, time, value)| Sample {
            series,
            meta: MetaId::NONE,
            time,
            value,
        };
        SampleBatch {
            samples: samples.iter().map(sample).collect(),
            meta: MetaTable::default(),
            overflow: Vec::new(),
        }
    }
}

/// What an output said at its end, and its books, closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fed {
    /// What it said.
    pub report: OutputReport,
    /// What became of the items.
    pub counts: Counts,
}

/// Feeds items through an edge that holds them all, closes it, and returns what came of it. The
/// output gets books of its own.
pub async fn feed(
    output: Box<dyn Output>,
    items: &[Item],
    context: &OutputContext,
) -> Result<Fed, OutputError> {
    let account = Account::default();
    let (sender, inbox) = edge(usize::MAX, account.clone());
    for item in items {
        sender.push(item.clone());
    }
    sender.close();
    let context = OutputContext {
        account: account.clone(),
        ..context.clone()
    };
    let report = output.run(inbox, context).await?;
    account.close();
    Ok(Fed {
        report,
        counts: account.counts(),
    })
}

/// Runs an output whose receiver takes nothing, as a pipe that nobody reads or a server that hangs, and
/// checks the rules: it ends within its drain timeout all the same, and its books close. The edge
/// holds one item, so that most of them are pushed out.
pub async fn conform_stalled(
    output: Box<dyn Output>,
    items: &[Item],
    context: &OutputContext,
) -> Result<Fed, Violation> {
    let account = Account::default();
    let (sender, inbox) = edge(1, account.clone());
    let context = OutputContext {
        account: account.clone(),
        ..context.clone()
    };
    let limit = context.drain.limit().saturating_add(GRACE);
    let feeding = async {
        for item in items {
            sender.push(item.clone());
            // The output may take it, and finds its receiver as it is.
            tokio::task::yield_now().await;
        }
        sender.close();
    };
    let run = tokio::time::timeout(limit, output.run(inbox, context));
    let ((), report) = tokio::join!(feeding, run);
    let report = report.map_err(|_| Violation::Late)??;
    account.close();
    closed(Fed {
        report,
        counts: account.counts(),
    })
}

/// The law of the books: what was accepted is delivered, rejected, dropped or spooled, and nothing is
/// two of these.
fn closed(fed: Fed) -> Result<Fed, Violation> {
    let counts = &fed.counts;
    let accounted = counts.delivered + counts.rejected + counts.dropped + counts.spooled;
    if accounted == counts.accepted {
        Ok(fed)
    } else {
        Err(Violation::Unaccounted {
            given: counts.accepted,
            accounted,
        })
    }
}

/// Runs a fresh output over nothing and another one over the items, and checks the rules: it
/// describes itself, its check succeeds, it ends in time, and its books close.
pub async fn conform(
    mut make: impl FnMut() -> Box<dyn Output>,
    items: &[Item],
    context: &OutputContext,
) -> Result<Fed, Violation> {
    check(make(), &[], context).await?;
    check(make(), items, context).await
}

async fn check(
    mut output: Box<dyn Output>,
    items: &[Item],
    context: &OutputContext,
) -> Result<Fed, Violation> {
    if output.describe().trim().is_empty() {
        return Err(Violation::Nameless);
    }
    output.check().await?;
    let limit = context.drain.limit().saturating_add(GRACE);
    let run = tokio::time::timeout(limit, feed(output, items, context));
    let fed = closed(run.await.map_err(|_| Violation::Late)??)?;
    let given: u64 = items.iter().map(|item| item.len() as u64).sum();
    let counts = &fed.counts;
    // Nothing was wrong, so nothing may be missing that can be expressed.
    let accounted = counts.delivered + counts.rejected;
    if accounted == given {
        Ok(fed)
    } else {
        Err(Violation::Unaccounted { given, accounted })
    }
}
