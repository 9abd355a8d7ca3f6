//! The output itself: from the inbox through the table to the receiver.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_aggregate::Snapshot;
use brunt_delivery::{Consumer, Deliverer, Origin, Store};
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

/// Why a spool of another kind is not sent as deltas.
const TOTALS: &str = "this spool was left by an output of totals and does not say which of them had \
                      arrived: send it with temporality=cumulative, to a receiver that takes it";

/// A spool holds which snapshot arrived last, and not which requests of the next one did.
const ON_THE_WAY: &str = "what was on its way when the test ended may have been counted twice";

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
            let is_delta = config.shape.temporality == Temporality::Delta;
            if is_delta && let Some(folder) = context.spool.resume.clone() {
                let opened = tokio::task::spawn_blocking(move || Store::open(&folder, 0)).await;
                if matches!(opened, Ok(Ok((_, origin))) if !origin.grounded) {
                    return Err(OutputError::Other(TOTALS.to_owned()));
                }
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
                ..Origin::default()
            };
            let mut exporter = Exporter {
                table: Table::new(&context, &config.shape),
                is_delta,
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
            if is_delta && context.spool.resume.is_some() {
                notes.push(ON_THE_WAY.to_owned());
            }
            notes.extend(left.notes);
            Ok(OutputReport { notes })
        })
    }
}

/// Brings one snapshot after the other to the receiver.
pub(crate) struct Exporter {
    pub(crate) table: Table,
    is_delta: bool,
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

    fn needs_ground(&self) -> bool {
        self.is_delta
    }

    fn ground(&mut self, arrived: &Snapshot) {
        self.table.absorb(arrived);
        let all = 0..u32::try_from(self.table.series()).unwrap_or(u32::MAX);
        self.table.acknowledge(all, arrived.time);
    }
}
