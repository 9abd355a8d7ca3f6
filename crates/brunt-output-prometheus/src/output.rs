//! The output itself: one snapshot after the other, each delivered before the next is looked at.

use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::Snapshot;
use brunt_delivery::{Consumer, Deliverer, Origin, consume};
use brunt_output::{
    Account, BoxFuture, ConfigError, Crowd, Inbox, Log, Output, OutputContext, OutputError,
    OutputReport, Wants,
};

use crate::client::Client;
use crate::config::Config;
use crate::group::Moment;
use crate::loads::{Bounds, Loads, What};
use crate::notes::{Sending, notes};
use crate::table::{Absorbed, Table};

/// Descriptions of metrics are sent by 1.0 this often, in milliseconds: receivers forget them.
const DESCRIBE: i64 = 60_000;

/// One `--out mimir` or `--out prometheus`.
pub struct RemoteWriteOutput {
    config: Config,
    client: Client,
}

impl RemoteWriteOutput {
    /// Reads the files that the configuration names; nothing is sent yet.
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        let client = Client::new(&config)?;
        Ok(Self { config, client })
    }
}

impl Output for RemoteWriteOutput {
    fn describe(&self) -> String {
        format!("{} ({})", self.config.instance, self.client.target())
    }

    fn wants(&self) -> Wants {
        Wants::Snapshots {
            interval: self.config.interval,
            explicit: false,
        }
    }

    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async {
            if self.config.check {
                self.client.check().await
            } else {
                Ok(())
            }
        })
    }

    fn run(
        self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        Box::pin(async move {
            let Self { config, client } = *self;
            let account = context.account.clone();
            let mut sender = Sender {
                table: Table::new(&context, &config.shape),
                deliverer: Deliverer::new(client, account.clone()).concurrent(config.concurrency),
                account: account.clone(),
                crowd: Crowd::default(),
                log: context.log.clone(),
                bounds: config.bounds,
                resend: config.resend,
                described: None,
                stale_markers: config.stale_markers,
                begins: context.spool.resume.is_none(),
            };
            let origin = Origin {
                output: config.out_name.clone(),
                target: sender.deliverer.transport().target(),
                instance: context.instance.to_string(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..Origin::default()
            };
            let left = consume(inbox, &context, origin, &mut sender).await;
            let sending = Sending {
                attempts: sender.deliverer.attempts(),
                trouble: sender.deliverer.last_trouble(),
                fallback: sender.deliverer.transport().fallback(),
            };
            let mut notes = notes(&account.counts(), &sending, &sender.table);
            notes.extend(left.notes);
            Ok(OutputReport { notes })
        })
    }
}

struct Sender {
    table: Table,
    deliverer: Deliverer<Client>,
    account: Account,
    crowd: Crowd,
    log: Log,
    bounds: Bounds,
    resend: Duration,
    /// When the metrics were described last, in milliseconds, and how many series there were then.
    described: Option<(i64, usize)>,
    stale_markers: bool,
    /// Whether the series begin here, and not with an earlier run that left them in a spool.
    begins: bool,
}

impl Consumer for Sender {
    async fn consume(&mut self, snapshot: &Arc<Snapshot>) {
        let Absorbed {
            left_out,
            nameless,
            unknown,
        } = self.table.absorb(snapshot);
        self.account.delivered(left_out);
        for (points, reason) in [
            (nameless, "the names of its series belong to another metric"),
            (unknown, "the series is not known"),
        ] {
            if points > 0 {
                self.account.rejected(points, reason);
            }
        }
        let time = snapshot.time.div_euclid(1_000_000);
        let groups = self.table.groups.len();
        let describe = self
            .described
            .is_none_or(|(at, known)| time - at >= DESCRIBE || known != groups);
        if describe {
            self.described = Some((time, groups));
        }
        let moment = Moment {
            time,
            all: snapshot.last,
            resend: i64::try_from(self.resend.as_millis()).unwrap_or(i64::MAX),
            zero: self.begins,
        };
        let table = &self.table;
        self.crowd
            .look(table.series(), || table.labels(), &self.log);
        self.deliver(What::Values(moment), describe).await;
        self.account.settled(snapshot.time);
    }

    async fn finish(&mut self) {
        if self.stale_markers {
            self.deliver(What::Ends, false).await;
        }
    }
}

impl Sender {
    async fn deliver(&mut self, what: What, describe: bool) {
        let loads = Loads::new(&mut self.table, &self.account, self.bounds, what, describe);
        let outcome = self.deliverer.deliver(loads).await;
        for group in &mut self.table.groups {
            group.refused = false;
        }
        for series in outcome.refused.iter().flat_map(|load| &load.series) {
            if let Some(group) = self.table.groups.get_mut(series.group) {
                group.refused = true;
            }
        }
    }
}
