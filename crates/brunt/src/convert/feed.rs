//! An output of a conversion: given every sample, or at the ticks of the samples' own time the sums that it would have
//! been given by a run.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use brunt_convert::Known;
use brunt_metrics::SampleBatch;
use brunt_output::{EdgeSender, Item, Pace, Wants};
use brunt_results::Ticks;
use tokio::runtime::Runtime;

/// An output's edge, and what it is fed from.
pub(crate) struct Feed {
    edge: EdgeSender,
    /// Only of those that want sums.
    ticks: Option<Ticks>,
    pace: Pace,
    interrupted: Arc<AtomicBool>,
}

impl Feed {
    /// To this edge, at this pace until `interrupted`.
    pub(crate) fn new(
        (wants, edge): (Wants, EdgeSender),
        pace: Pace,
        known: &Known,
        interrupted: &Arc<AtomicBool>,
    ) -> Self {
        let ticks = match wants {
            Wants::Samples => None,
            Wants::Snapshots { interval, explicit } => Some(Ticks::new(
                &known.registry,
                &known.interner,
                interval,
                explicit,
            )),
        };
        Self {
            edge,
            ticks,
            pace,
            interrupted: Arc::clone(interrupted),
        }
    }

    /// Gives samples as soon as fewer than `room` bytes wait; `until` is the time up to which all were given. False if
    /// the output has gone.
    pub(crate) fn give(
        &mut self,
        runtime: &Runtime,
        room: usize,
        batch: &Arc<SampleBatch>,
        until: i64,
    ) -> bool {
        let (edge, pace, interrupted) = (&self.edge, &mut self.pace, &*self.interrupted);
        let Some(ticks) = &mut self.ticks else {
            let taken = runtime.block_on(async {
                pace.wait(batch.samples.len(), interrupted).await;
                edge.room(room).await
            });
            if taken {
                edge.push(Item::Samples(Arc::clone(batch)));
            }
            return taken;
        };
        ticks.add(batch);
        let mut taken = true;
        ticks.close(until, |snapshot| {
            taken = taken
                && runtime.block_on(async {
                    pace.wait(snapshot.series.len(), interrupted).await;
                    edge.room(ONE).await
                });
            if taken {
                edge.push(Item::Snapshot(Arc::new(snapshot)));
            }
        });
        taken
    }

    /// Gives the last sums; says how many samples went into none.
    pub(crate) fn finish(mut self, runtime: &Runtime) -> u64 {
        let (edge, pace, interrupted) = (&self.edge, &mut self.pace, &*self.interrupted);
        self.ticks.map_or(0, |ticks| {
            ticks.finish(|snapshot| {
                let room = runtime.block_on(async {
                    pace.wait(snapshot.series.len(), interrupted).await;
                    edge.room(ONE).await
                });
                if room {
                    edge.push(Item::Snapshot(Arc::new(snapshot)));
                }
            })
        })
    }
}

/// So little room that one snapshot waits at a time: of several, outputs would take only the newest.
const ONE: usize = 1;
