//! The output itself: from the inbox through the table to the receiver.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_aggregate::Snapshot;
use brunt_delivery::{Consumer, Deliverer, Origin};
use brunt_output::{
    Account, BoxFuture, ConfigError, Crowd, Inbox, Log, Output, OutputContext, OutputError,
    OutputReport, Wants,
};

use crate::client::Client;
use crate::config::Config;
use crate::notes;
use crate::request::{Packer, Sender};
use crate::stream::{Histogram, Temporality};
use crate::table::{Table, Turn, Ungrouped, Unsent};

/// What another process knew of the receiver is not in the spool.
const RESUMED_DELTA: &str = "a spool holds totals since the start of the test; sent as deltas they \
                             would be added to what had arrived already: send them with \
                             temporality=cumulative to a receiver that takes it";

/// One `--out otlp` or a name with other defaults.
pub struct OtlpOutput {
    client: Client,
}

impl OtlpOutput {
    /// Reads the files that the configuration names; nothing is sent yet.
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            client: Client::new(config)?,
        })
    }
}

impl Output for OtlpOutput {
    fn describe(&self) -> String {
        let instance = &self.client.config().instance;
        format!("{instance} ({})", self.client.target())
    }

    fn wants(&self) -> Wants {
        Wants::Snapshots {
            interval: self.client.config().interval,
            explicit: self.client.config().shape.histogram == Histogram::Explicit,
        }
    }

    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async {
            if self.client.config().check {
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
            let config = self.client.config();
            if context.spool.resume.is_some() && config.shape.temporality == Temporality::Delta {
                return Err(OutputError::Other(RESUMED_DELTA.to_owned()));
            }
            let mut resource = config.resource.clone();
            let is_id = |(name, _): &(String, String)| name == "service.instance.id";
            if !resource.iter().any(is_id) {
                let instance = context.instance.to_string();
                resource.push(("service.instance.id".to_owned(), instance));
            }
            let origin = Origin {
                output: config.out_name.clone(),
                target: self.client.target(),
                instance: context.instance.to_string(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            };
            let mut exporter = Exporter {
                table: Table::new(&context, &config.shape),
                most_bytes: config.most_bytes,
                account: context.account.clone(),
                crowd: Crowd::default(),
                log: context.log.clone(),
                inexpressible: 0,
                deliverer: Deliverer::new(
                    self.client.sending_as(Sender::new(&resource)),
                    context.account.clone(),
                ),
            };
            let left = brunt_delivery::consume(inbox, &context, origin, &mut exporter).await;
            let mut notes = notes::of(&exporter, &context.account.counts());
            notes.extend(left.notes);
            Ok(OutputReport { notes })
        })
    }
}

/// Brings one snapshot after the other to the receiver.
pub(crate) struct Exporter {
    pub(crate) table: Table,
    pub(crate) deliverer: Deliverer<Client>,
    account: Account,
    crowd: Crowd,
    log: Log,
    most_bytes: usize,
    /// Points that OTLP cannot express.
    pub(crate) inexpressible: u64,
}

impl Consumer for Exporter {
    async fn consume(&mut self, snapshot: &Arc<Snapshot>) {
        let Ungrouped { left_out, unknown } = self.table.absorb(snapshot);
        let table = &self.table;
        self.crowd
            .look(table.series(), || table.attributes(), &self.log);
        let time = snapshot.time;
        let turn = if snapshot.last {
            Turn::All
        } else {
            Turn::Changed
        };
        // Points that nobody waits for are settled at once.
        let settled = AtomicU64::new(left_out);
        let (refused, inexpressible) = (AtomicU64::new(0), AtomicU64::new(0));
        let client = self.deliverer.transport();
        let parts = self.table.parts(time, turn).filter_map(|part| {
            let (counter, points) = match part {
                Ok(part) => return Some(part),
                Err(Unsent::Unchanged(points)) => (&settled, points),
                Err(Unsent::Refused(points)) => (&refused, points),
                Err(Unsent::Inexpressible(points)) => (&inexpressible, points),
            };
            counter.fetch_add(points, Ordering::Relaxed);
            None
        });
        let loads = Packer::new(parts, client.sender(), self.most_bytes);
        let outcome = self.deliverer.deliver(loads).await;
        let [settled, refused, inexpressible] =
            [settled, refused, inexpressible].map(AtomicU64::into_inner);
        self.account.delivered(settled);
        if unknown > 0 {
            self.account.rejected(unknown, "the series is not known");
        }
        if refused > 0 {
            self.account
                .rejected(refused, "the receiver refused this series again and again");
        }
        if inexpressible > 0 {
            self.account
                .rejected(inexpressible, "there is no way to express the value");
            self.inexpressible += inexpressible;
        }
        let acknowledged = self.deliverer.transport().take_acknowledged();
        self.table.acknowledge(acknowledged, time);
        for load in &outcome.refused {
            if let [part] = load.parts.as_slice() {
                self.table.refused(part.group);
            }
        }
        self.account.settled(time);
    }

    async fn finish(&mut self) {}
}
