//! The output itself: from the inbox through the table into the delivery.

use brunt_delivery::{Backoff, Queue, delivery};
use brunt_output::{
    BoxFuture, ConfigError, Inbox, Item, Output, OutputContext, OutputError, OutputReport, Wants,
};
use tokio::time::Instant;

use crate::batch::Batch;
use crate::client::Client;
use crate::config::Config;
use crate::encode::Moment;
use crate::notes::notes;
use crate::table::Table;

/// Requests that wait while the receiver is away take at most this much. They are compressed: it is
/// enough for an hour with a few thousand series.
const QUEUE_BYTES: usize = 64 << 20;

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
            let (queue, deliverer) = delivery(client, Backoff::default(), QUEUE_BYTES);
            let account = context.account.clone();
            let deliverer = deliverer.telling(move |outage| match outage {
                Some(reason) => account.failing(reason),
                None => account.well(),
            });
            let mut producer = Producer {
                table: Table::new(&context, &config.shape),
                batch: Batch::new(config.max_batch),
                generation: 0,
                lost: 0,
                stale_markers: config.stale_markers,
            };
            let mut closing = inbox.closing();
            let deadline = async {
                closing.wait().await;
                context.drain.over().await;
                queue.expire_at(Instant::now());
                std::future::pending::<()>().await;
            };
            let work = async { tokio::join!(producer.run(inbox, &queue), deliverer.run()) };
            tokio::select! {
                _ = work => {}
                () = deadline => {}
            }
            let stats = queue.stats();
            // Points become samples by rules of the table's: what is missing is told in samples.
            let account = &context.account;
            account.dropped(stats.dropped);
            let reason = stats.first_rejection.as_deref().unwrap_or_default();
            let rejected = stats.rejected + producer.lost;
            if rejected > 0 {
                account.rejected(rejected, reason);
            }
            account.delivered(account.counts().on_the_way());
            Ok(OutputReport {
                notes: notes(&stats, &producer.table, producer.lost),
            })
        })
    }
}

/// Turns snapshots into requests.
struct Producer {
    table: Table,
    batch: Batch,
    generation: u64,
    /// Points that remote write cannot express.
    lost: u64,
    stale_markers: bool,
}

impl Producer {
    /// Consumes the inbox; the queue is finished at the end.
    async fn run(&mut self, mut inbox: Inbox, queue: &Queue) {
        while let Some(item) = inbox.next().await {
            // Samples were not asked for.
            let Item::Snapshot(snapshot) = item else {
                continue;
            };
            self.table.absorb(&snapshot);
            let time = snapshot.time.div_euclid(1_000_000);
            let moment = Moment {
                time,
                all: snapshot.last,
            };
            drop(snapshot);
            for at in 0..self.table.groups.len() {
                self.lost += self.table.groups[at].write(moment, &mut self.batch);
                self.send_if_full(queue).await;
            }
            self.send(queue).await;
            self.generation += 1;
        }
        if self.stale_markers {
            for at in 0..self.table.groups.len() {
                self.table.groups[at].write_end(&mut self.batch);
                self.send_if_full(queue).await;
            }
            self.send(queue).await;
        }
        queue.finish();
    }

    async fn send_if_full(&mut self, queue: &Queue) {
        if self.batch.is_full() {
            self.send(queue).await;
            // Encoding many series takes a while; others on this runtime have work, too.
            tokio::task::yield_now().await;
        }
    }

    async fn send(&mut self, queue: &Queue) {
        if let Some(parcel) = self.batch.take(self.generation) {
            queue.push(parcel).await;
        }
    }
}
