//! `ramping-vus` and `ramping-arrival-rate` against their closed forms, at 1, 2 and 4 workers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_engine::{Call, End, EngineConfig, Outcome};
use brunt_options::scenario::{ExecutorConfig, Stage};
use brunt_pacing::{ArrivalSchedule, VuRamp};
use proptest::prelude::*;

use crate::pretend::{Act, Entry, MILLI, SECOND, World, only, per_vu, scenario};

const WORKERS: [usize; 3] = [1, 2, 4];

fn stage(millis: u64, target: u64) -> Stage {
    Stage {
        duration: Duration::from_millis(millis),
        target,
    }
}

fn ramping(start_vus: u64, stages: &[Stage], grace: u64) -> ExecutorConfig {
    ExecutorConfig::RampingVus {
        start_vus,
        stages: stages.to_vec(),
        graceful_ramp_down: Duration::from_millis(grace),
    }
}

/// How many iterations ran at a time.
fn running_at(entries: &[Entry], at: i64) -> u64 {
    let end = |entry: &Entry| entry.end.as_ref().map_or(i64::MAX, |end| end.0);
    let runs = |entry: &&Entry| entry.start <= at && at < end(entry);
    entries.iter().filter(runs).count() as u64
}

#[test]
fn vus_come_and_go_one_by_one() {
    let stages = [
        stage(3_000, 4),
        stage(0, 2),
        stage(1_000, 2),
        stage(2_000, 0),
    ];
    for workers in WORKERS {
        let world = World::sleeping(10 * MILLI);
        let outcome = world.run(only(ramping(1, &stages, 0)), workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(outcome.ran, Duration::from_secs(6));
        let entries = world.iterations("s");
        let ramp = VuRamp::new(1, &stages);
        for at in (5..6_000).step_by(10) {
            let expected = ramp.vus_at(at as u64 * 1_000_000);
            assert_eq!(running_at(&entries, at * MILLI), expected, "at {at} ms");
        }
        // The highest numbers go first.
        let last = |vu: u64| {
            let of = entries.iter().filter(|entry| entry.vu == vu);
            of.map(|entry| entry.start).max().unwrap()
        };
        assert_eq!(last(3), 2_990 * MILLI);
        // It would come and go at the same moment.
        assert!(entries.iter().all(|entry| entry.vu != 4));
        assert_eq!([1, 2].map(last), [5_990 * MILLI, 4_990 * MILLI]);
        assert_eq!(world.state.vus_active.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_vu_that_is_ramped_down_ends_its_iteration_within_the_grace() {
    for workers in WORKERS {
        // VU 2 is taken away at 1 s in the middle of an iteration of 3 s, VU 1 stays.
        let world = World::sleeping(3 * SECOND);
        let stages = [stage(0, 2), stage(1_000, 2), stage(0, 1), stage(9_000, 1)];
        world.run(only(ramping(0, &stages, 500)), workers);
        let of = |vu: u64| -> Vec<Entry> {
            let entries = world.iterations("s").into_iter();
            entries.filter(|entry| entry.vu == vu).collect()
        };
        assert_eq!(of(2).len(), 1);
        assert_eq!(of(2)[0].end, Some((1_500 * MILLI, Outcome::Interrupted)));
        // The last of VU 1 ends with the scenario.
        let starts: Vec<_> = of(1).iter().map(|entry| entry.start).collect();
        assert_eq!(starts, [0, 3 * SECOND, 6 * SECOND, 9 * SECOND]);

        let world = World::sleeping(3 * SECOND);
        world.run(only(ramping(0, &stages, 30_000)), workers);
        let second: Vec<_> = world
            .iterations("s")
            .into_iter()
            .filter(|entry| entry.vu == 2)
            .collect();
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].end, Some((3 * SECOND, Outcome::Completed(None))));
    }
}

#[test]
fn a_vu_that_is_wanted_again_goes_on() {
    for workers in WORKERS {
        let world = World::sleeping(700 * MILLI);
        // Away at 1 s, back at 1.2 s: before its grace is over.
        let stages = [
            stage(1_000, 1),
            stage(0, 0),
            stage(200, 0),
            stage(0, 1),
            stage(1_800, 1),
        ];
        world.run(only(ramping(1, &stages, 500)), workers);
        let starts: Vec<_> = world.iterations("s").iter().map(|e| e.start).collect();
        assert_eq!(starts, [0, 700, 1_400, 2_100, 2_800].map(|at| at * MILLI));
        let interrupted = world.state.iterations_interrupted.load(Ordering::Relaxed);
        assert_eq!(interrupted, 1, "only the last, at the end");
    }
}

#[test]
fn the_graceful_stop_caps_the_ramp_down() {
    for workers in WORKERS {
        let world = World::sleeping(60 * SECOND);
        let mut config = only(ramping(2, &[stage(2_000, 0)], 30_000));
        config.scenarios[0].graceful_stop = Duration::from_millis(1_500);
        let outcome = world.run(config, workers);
        assert_eq!(outcome.ran, Duration::from_millis(3_500));
        for entry in world.iterations("s") {
            assert_eq!(entry.end, Some((3_500 * MILLI, Outcome::Interrupted)));
        }
    }
}

#[test]
fn a_ramp_waits_for_vus_that_another_scenario_still_has() {
    for workers in WORKERS {
        let world = World::new(|call, _, _| match call {
            Call::Iteration(it) if it.scenario.config.name == "first" => Act {
                stubborn: true,
                ..Act::sleep(1_300 * MILLI)
            },
            Call::Iteration(_) => Act::sleep(100 * MILLI),
            _ => Act::sleep(0),
        });
        let mut first = scenario("first", per_vu(1, 1));
        if let ExecutorConfig::PerVuIterations { max_duration, .. } = &mut first.executor {
            *max_duration = Duration::from_secs(1);
        }
        let mut second = scenario("second", ramping(1, &[stage(1_000, 1)], 0));
        second.start_time = Duration::from_secs(1);
        let outcome = world.run(EngineConfig::new(vec![first, second]), workers);
        assert_eq!(outcome.end, End::Completed);
        let starts: Vec<_> = world.iterations("second").iter().map(|e| e.start).collect();
        let expected = [1_300, 1_400, 1_500, 1_600, 1_700, 1_800, 1_900];
        assert_eq!(starts, expected.map(|at| at * MILLI));
    }
}

#[test]
fn starts_of_a_ramping_rate_follow_the_integral() {
    // From 50 to 1000 a second, then 200.
    let stages = [stage(10_000, 2_000), stage(0, 400), stage(2_000, 400)];
    let schedule = ArrivalSchedule::ramping(100, Duration::from_secs(2), &stages).unwrap();
    let due: Vec<i64> = (0..)
        .map_while(|n| schedule.due(n))
        .map(|at| at as i64)
        .collect();
    assert_eq!(due.len(), 5_650);
    for workers in WORKERS {
        let world = World::sleeping(5 * MILLI);
        let executor = ExecutorConfig::RampingArrivalRate {
            start_rate: 100,
            time_unit: Duration::from_secs(2),
            stages: stages.to_vec(),
            pre_allocated_vus: 40,
            max_vus: 40,
        };
        let mut config = only(executor);
        config.scenarios[0].graceful_stop = Duration::from_secs(1);
        let outcome = world.run(config, workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(world.state.iterations_dropped.load(Ordering::Relaxed), 0);
        let mut starts: Vec<i64> = world.iterations("s").iter().map(|e| e.start).collect();
        starts.sort_unstable();
        assert_eq!(starts, due);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_ramp_has_its_number_of_vus_at_every_moment(
        start in 0_u64..6,
        stages in prop::collection::vec((0_u64..800, 0_u64..8), 1..5),
        workers in 1_usize..5,
        probe in 0_u64..3_000,
    ) {
        let stages: Vec<_> = stages.into_iter().map(|(millis, target)| stage(millis, target)).collect();
        let world = World::sleeping(MILLI);
        world.run(only(ramping(start, &stages, 0)), workers);
        let ramp = VuRamp::new(start, &stages);
        // Between two changes: iterations begin and end at whole milliseconds after one.
        let at = probe * 1_000_000 + 999_999;
        if at < ramp.end() && ramp.vus_at(at) == ramp.vus_at(at.saturating_sub(1_000_000)) {
            prop_assert_eq!(running_at(&world.iterations("s"), at as i64), ramp.vus_at(at));
        }
    }
}
