//! What a worker measures itself: VU gauges, dropped iterations, lateness, progress.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use brunt_bus::{Recorder, Slot};
use brunt_metrics::{MetricId, TagSet, builtin};

use super::Worker;

const SECOND: i64 = 1_000_000_000;

/// A series of the worker's own, with its slot once it has one.
#[derive(Debug)]
pub(super) struct OwnSeries {
    metric: MetricId,
    tags: Arc<TagSet>,
    slot: Option<Slot>,
}

/// The samples of `vus` and `vus_max`, every second; one worker of a test takes them for all.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    series: Option<(OwnSeries, OwnSeries)>,
    next: Option<i64>,
}

impl OwnSeries {
    pub(super) fn new(metric: MetricId, tags: &Arc<TagSet>) -> Self {
        Self {
            metric,
            tags: Arc::clone(tags),
            slot: None,
        }
    }

    fn record(&mut self, recorder: &mut Recorder, time: i64, value: f64) {
        if self.slot.is_none() {
            self.slot = recorder.slot(self.metric, &self.tags);
        }
        match self.slot {
            Some(slot) => recorder.record(slot, None, time, value),
            None => recorder.record_tagged(self.metric, &self.tags, None, time, value),
        }
    }
}

impl Gauges {
    /// Samples from a second after `started` on.
    pub(super) fn start(&mut self, run_tags: &Arc<TagSet>, started: i64) {
        let own = |metric| OwnSeries::new(metric, run_tags);
        self.series = Some((own(builtin::VUS), own(builtin::VUS_MAX)));
        self.next = Some(started.saturating_add(SECOND));
    }

    pub(super) fn stop(&mut self) {
        self.next = None;
    }

    /// When the next samples are due.
    pub(super) fn next(&self) -> Option<i64> {
        self.next
    }
}

impl Worker {
    pub(super) fn sample_gauges(&mut self, now: i64) {
        let Some(due) = self.gauges.next.filter(|&due| due <= now) else {
            return;
        };
        // A late sample shows the present; those that were missed are not made up.
        let missed = now.saturating_sub(due) / SECOND;
        self.gauges.next = Some(due.saturating_add((missed + 1).saturating_mul(SECOND)));
        self.common
            .state
            .worker_lag
            .fetch_max(now.saturating_sub(due).unsigned_abs(), Ordering::Relaxed);
        let Some((vus, vus_max)) = self.gauges.series.as_mut() else {
            return;
        };
        let state = &self.common.state;
        let time = self.cx.clock.borrow().wall(now);
        let mut recorder = self.cx.recorder.borrow_mut();
        vus.record(
            &mut recorder,
            time,
            state.vus_active.load(Ordering::Relaxed) as f64,
        );
        vus_max.record(
            &mut recorder,
            time,
            state.vus_initialized.load(Ordering::Relaxed) as f64,
        );
    }

    /// One sample of `dropped_iterations`.
    pub(super) fn record_dropped(&mut self, part: usize, count: u64) {
        let time = self.wall_now();
        let part = &mut self.parts[part];
        part.dropped
            .record(&mut self.cx.recorder.borrow_mut(), time, count as f64);
        part.shared
            .state
            .dropped
            .fetch_add(count, Ordering::Relaxed);
        self.common
            .state
            .iterations_dropped
            .fetch_add(count, Ordering::Relaxed);
    }

    /// How late an iteration of an arrival rate starts, in milliseconds.
    pub(super) fn record_lateness(&mut self, part: usize, scheduled: i64) {
        let now = self.now();
        let time = self.cx.clock.borrow().wall(now);
        if let Some(lateness) = self.parts[part].lateness.as_mut() {
            let late = now.saturating_sub(scheduled) as f64 / 1e6;
            lateness.record(&mut self.cx.recorder.borrow_mut(), time, late);
        }
    }

    /// Keeps the scenarios' progress up to date for whoever shows it.
    pub(super) fn sample_progress(&self, now: i64) {
        let now = self.test_time.of_clock(now);
        for part in &self.parts {
            part.store_progress(now);
        }
    }

    fn wall_now(&self) -> i64 {
        let clock = self.cx.clock.borrow();
        clock.wall(clock.now())
    }
}
