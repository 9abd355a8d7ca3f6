//! A worker's parts of the scenarios: from their start over the graceful stop to their end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use brunt_metrics::{TagSet, builtin};

use crate::executor::{Executor, Shared};
use crate::plan::nanos;
use crate::vu::SetupData;

use super::measure::OwnSeries;
use super::{Event, Worker};

/// One worker's part of a scenario. All times are the test's own, in nanoseconds.
pub(super) struct Part {
    pub(super) shared: Arc<Shared>,
    pub(super) executor: Box<dyn Executor>,
    pub(super) phase: Phase,
    start: i64,
    /// The regular end.
    end: i64,
    /// When what still runs is interrupted.
    hard_end: i64,
    /// VUs that it holds.
    pub(super) held: usize,
    /// VUs of the plan that others still hold.
    pub(super) expected: usize,
    pub(super) dropped: OwnSeries,
    /// For arrival rates, if wanted.
    pub(super) lateness: Option<OwnSeries>,
}

/// How far a part is; it only goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Before its start.
    Pending,
    /// Iterations start.
    Running,
    /// Nothing new becomes due; what runs may finish.
    Ending,
    /// What runs was interrupted.
    Interrupted,
    /// Nothing of it runs.
    Done,
}

impl Part {
    /// `None` for a scenario that the plan refuses.
    fn new(
        shared: &Arc<Shared>,
        worker: &Worker,
        started: i64,
        run_tags: &Arc<TagSet>,
    ) -> Option<Self> {
        let config = &shared.state.scenario.config;
        let start = started.saturating_add(nanos(config.start_time));
        let end = start.saturating_add(nanos(config.executor.regular_duration()));
        let tags = if worker.common.scenario_tag {
            let mut tags = TagSet::clone(run_tags);
            tags.set("scenario", config.name.as_str());
            Arc::new(tags)
        } else {
            Arc::clone(run_tags)
        };
        let executor = shared.executor(worker.index, start)?;
        let lateness = worker
            .common
            .lateness
            .filter(|_| executor.is_arrival_rate());
        Some(Self {
            shared: Arc::clone(shared),
            executor,
            phase: Phase::Pending,
            start,
            end,
            hard_end: end.saturating_add(nanos(config.graceful_stop)),
            held: 0,
            expected: 0,
            dropped: OwnSeries::new(builtin::DROPPED_ITERATIONS, &tags),
            lateness: lateness.map(|metric| OwnSeries::new(metric, &tags)),
        })
    }

    /// When something is to be done without a VU's doing.
    fn deadline(&self) -> Option<i64> {
        let next = match self.phase {
            Phase::Pending => return Some(self.start),
            Phase::Running => self.end,
            Phase::Ending => self.hard_end,
            Phase::Interrupted | Phase::Done => return None,
        };
        Some(self.executor.deadline().map_or(next, |at| at.min(next)))
    }

    pub(super) fn store_progress(&self, now: i64) {
        if !matches!(self.phase, Phase::Running | Phase::Ending) {
            return;
        }
        let progress = self.executor.progress().unwrap_or_else(|| {
            let whole = (self.end - self.start).max(1);
            now.saturating_sub(self.start) as f64 / whole as f64
        });
        let bits = progress.clamp(0.0, 1.0).to_bits();
        self.shared
            .state
            .scenario
            .progress
            .store(bits, Ordering::Relaxed);
    }
}

impl Worker {
    pub(super) fn begin_scenarios(&mut self, started: i64, data: SetupData) {
        self.data = data;
        let common = Arc::clone(&self.common);
        self.parts = common
            .scenarios
            .iter()
            .filter_map(|shared| Part::new(shared, self, started, &common.run_tags))
            .collect();
        self.parts_open = self.parts.len();
        if self.index == 0 {
            self.gauges.start(&common.run_tags, started);
        }
        if self.parts.is_empty() {
            self.tell(Event::ScenariosOver);
        }
        if self.stopped {
            self.stop_parts();
        }
    }

    pub(super) fn next_part_deadline(&self) -> Option<i64> {
        if self.test_time.is_paused() {
            return None;
        }
        let next = self.parts.iter().filter_map(Part::deadline).min()?;
        Some(self.test_time.to_clock(next))
    }

    /// Looks after the parts for which something is due at `now`, by the clock.
    pub(super) fn tick_parts(&mut self, now: i64) {
        if self.test_time.is_paused() {
            return;
        }
        let now = self.test_time.of_clock(now);
        for index in 0..self.parts.len() {
            if self.parts[index].deadline().is_some_and(|at| at <= now) {
                self.tick_part(index, now);
            }
        }
    }

    fn tick_part(&mut self, index: usize, now: i64) {
        let part = &mut self.parts[index];
        if part.phase == Phase::Pending {
            self.start_part(index, now);
        }
        let part = &mut self.parts[index];
        if part.executor.deadline().is_some_and(|at| at <= now) {
            part.executor.on_tick(now, &mut self.orders);
            self.carry_out(index);
        }
        let part = &mut self.parts[index];
        if part.phase == Phase::Running && now >= part.end {
            part.phase = Phase::Ending;
            part.executor.on_end(&mut self.orders);
            self.withdraw_claims(index);
            self.carry_out(index);
        }
        let part = &mut self.parts[index];
        if part.phase == Phase::Ending && now >= part.hard_end {
            part.phase = Phase::Interrupted;
            part.executor.on_hard_end(&mut self.orders);
            self.carry_out(index);
            self.interrupt_part(index);
        }
        self.close_part(index);
    }

    fn start_part(&mut self, index: usize, now: i64) {
        let workers = self.common.mailboxes.len();
        let part = &mut self.parts[index];
        part.phase = Phase::Running;
        let shared = Arc::clone(&part.shared);
        // Another worker may have set it, to the same time.
        let started = self.test_time.to_clock(part.start);
        let _ = shared.state.scenario.started.set(started);
        let own = self.index;
        let numbered = shared.vus.iter().zip(0..);
        for (&vu, number) in numbered.filter(|(vu, _)| **vu as usize % workers == own) {
            // VUs of the plan were made in the order of their numbers.
            let slot = vu / workers as u32;
            let Some(place) = self.slots.get_mut(slot as usize) else {
                continue;
            };
            let is_it = place.vu.is_some() && place.id.in_instance == u64::from(vu) + 1;
            if !is_it || place.abandoned {
                continue;
            }
            self.parts[index].executor.on_vu(slot, number);
            let place = &mut self.slots[slot as usize];
            if place.owner.is_some() {
                place.claims.push_back(index);
                self.parts[index].expected += 1;
            } else {
                self.give(slot, index, now);
            }
        }
    }

    fn interrupt_part(&mut self, index: usize) {
        for slot in 0..self.slots.len() as u32 {
            if self.slots[slot as usize].owner == Some(index) {
                self.interrupt(slot);
            }
        }
    }

    pub(super) fn stop_parts(&mut self) {
        for (slot, _) in self.test_time.take_held() {
            self.release(slot);
        }
        for index in 0..self.parts.len() {
            let part = &mut self.parts[index];
            if part.phase == Phase::Done {
                continue;
            }
            part.phase = Phase::Interrupted;
            part.executor.on_stop(&mut self.orders);
            self.withdraw_claims(index);
            self.carry_out(index);
            self.close_part(index);
        }
    }

    /// Waits no longer for VUs that other scenarios hold.
    fn withdraw_claims(&mut self, index: usize) {
        if std::mem::take(&mut self.parts[index].expected) > 0 {
            for slot in &mut self.slots {
                slot.claims.retain(|&claim| claim != index);
            }
        }
    }

    /// Closes the books of a part of which nothing runs any more.
    pub(super) fn close_part(&mut self, index: usize) {
        let part = &mut self.parts[index];
        let waits = part.held > 0 || part.expected > 0;
        let over = match part.phase {
            Phase::Pending | Phase::Done => false,
            Phase::Running | Phase::Ending => !waits && !part.executor.is_open(),
            Phase::Interrupted => !waits,
        };
        if !over {
            return;
        }
        part.store_progress(part.end);
        part.phase = Phase::Done;
        let shared = Arc::clone(&part.shared);
        if shared.parts_left.fetch_sub(1, Ordering::AcqRel) == 1 {
            if !self.stopped {
                self.parts[index].executor.on_last(&mut self.orders);
                self.carry_out(index);
            }
            shared.state.finished.store(true, Ordering::Release);
        }
        self.parts_open -= 1;
        if self.parts_open == 0 {
            self.tell(Event::ScenariosOver);
        }
    }
}
