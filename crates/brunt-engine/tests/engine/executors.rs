//! The executors that loop over VUs, at 1, 2 and 4 workers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_engine::{End, EngineConfig, Outcome};
use brunt_options::scenario::ExecutorConfig;
use proptest::prelude::*;

use crate::pretend::{MILLI, SECOND, World, constant, only, per_vu, scenario, shared};

const WORKERS: [usize; 3] = [1, 2, 4];

fn relaxed(counter: &std::sync::atomic::AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[test]
fn shared_iterations_end_when_the_counter_is_used_up() {
    for workers in WORKERS {
        let world = World::sleeping(100 * MILLI);
        let outcome = world.run(only(shared(4, 10)), workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(world.numbers("s"), (0..10).collect::<Vec<_>>());
        // Three rounds of four VUs.
        assert_eq!(outcome.ran, Duration::from_millis(300));
        assert_eq!(relaxed(&world.state.iterations_completed), 10);
        assert_eq!(relaxed(&world.state.iterations_dropped), 0);
        assert_eq!(relaxed(&world.state.vus_active), 0);
        assert_eq!(relaxed(&world.state.vus_initialized), 4);
        let scenario = &world.state.scenarios()[0];
        assert!(scenario.finished.load(Ordering::Relaxed));
        assert_eq!(f64::from_bits(relaxed(&scenario.scenario.progress)), 1.0);
    }
}

#[test]
fn shared_iterations_left_at_max_duration_are_dropped() {
    for workers in WORKERS {
        let world = World::sleeping(400 * MILLI);
        let executor = ExecutorConfig::SharedIterations {
            vus: 2,
            iterations: 10,
            max_duration: Duration::from_secs(1),
        };
        let mut config = only(executor);
        config.scenarios[0].graceful_stop = Duration::from_secs(5);
        let outcome = world.run(config, workers);
        // Started at 0, 400 and 800 ms; the last pair ends in the graceful stop.
        assert_eq!(relaxed(&world.state.iterations_completed), 6);
        assert_eq!(relaxed(&world.state.iterations_dropped), 4);
        assert_eq!(outcome.ran, Duration::from_millis(1200));
    }
}

#[test]
fn every_vu_runs_its_own_iterations() {
    for workers in WORKERS {
        let world = World::new(|call, vu, _| match call {
            brunt_engine::Call::Iteration(_) => {
                crate::pretend::Act::sleep(vu.in_instance as i64 * 100 * MILLI)
            }
            _ => crate::pretend::Act::sleep(0),
        });
        let outcome = world.run(only(per_vu(5, 3)), workers);
        assert_eq!(world.numbers("s"), (0..15).collect::<Vec<_>>());
        for vu in 1..=5 {
            assert_eq!(
                world
                    .iterations("s")
                    .iter()
                    .filter(|entry| entry.vu == vu)
                    .count(),
                3
            );
        }
        assert_eq!(outcome.ran, Duration::from_millis(1500));
    }
}

#[test]
fn iterations_of_each_vu_left_at_max_duration_are_dropped() {
    for workers in WORKERS {
        let world = World::sleeping(600 * MILLI);
        let executor = ExecutorConfig::PerVuIterations {
            vus: 3,
            iterations: 5,
            max_duration: Duration::from_secs(1),
        };
        world.run(only(executor), workers);
        // Each VU completes one and is interrupted in its second.
        assert_eq!(relaxed(&world.state.iterations_completed), 3);
        assert_eq!(relaxed(&world.state.iterations_interrupted), 3);
        assert_eq!(relaxed(&world.state.iterations_dropped), 9);
    }
}

#[test]
fn constant_vus_loop_until_the_end_and_finish_in_the_graceful_stop() {
    for workers in WORKERS {
        let world = World::sleeping(300 * MILLI);
        let mut config = only(constant(3, 1));
        config.scenarios[0].graceful_stop = Duration::from_secs(1);
        let outcome = world.run(config, workers);
        // Starts at 0, 300, 600 and 900 ms.
        assert_eq!(world.numbers("s"), (0..12).collect::<Vec<_>>());
        assert_eq!(relaxed(&world.state.iterations_completed), 12);
        assert_eq!(outcome.ran, Duration::from_millis(1200));
        assert_eq!(
            world.iterations("s").iter().map(|entry| entry.start).max(),
            Some(900 * MILLI)
        );
    }
}

#[test]
fn iterations_are_interrupted_when_the_graceful_stop_is_over() {
    for workers in WORKERS {
        let world = World::sleeping(10 * SECOND);
        let mut config = only(constant(3, 1));
        config.scenarios[0].graceful_stop = Duration::from_millis(500);
        let outcome = world.run(config, workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(outcome.stuck_vus, 0);
        assert_eq!(relaxed(&world.state.iterations_interrupted), 3);
        for entry in world.iterations("s") {
            assert_eq!(entry.end, Some((1500 * MILLI, Outcome::Interrupted)));
        }
    }
}

#[test]
fn a_thrown_iteration_counts_as_complete() {
    let world = World::new(|call, _, _| match call {
        brunt_engine::Call::Iteration(_) => {
            crate::pretend::Act::end(Outcome::Failed("no".to_owned()))
        }
        _ => crate::pretend::Act::sleep(0),
    });
    let outcome = world.run(only(shared(1, 3)), 1);
    assert_eq!(outcome.end, End::Completed);
    assert_eq!(relaxed(&world.state.iterations_completed), 3);
}

#[test]
fn scenarios_start_at_their_time_and_share_vus_when_they_do_not_overlap() {
    for workers in WORKERS {
        let world = World::sleeping(100 * MILLI);
        let mut late = scenario("late", per_vu(2, 1));
        late.start_time = Duration::from_secs(3);
        let mut overlapping = scenario("overlapping", constant(2, 1));
        overlapping.start_time = Duration::from_millis(1500);
        let config = EngineConfig::new(vec![scenario("first", constant(3, 2)), late, overlapping]);
        world.run(config, workers);
        assert_eq!(relaxed(&world.state.vus_initialized), 5);
        let starts = |name: &str| world.iterations(name).iter().map(|e| e.start).min();
        assert_eq!(starts("first"), Some(0));
        assert_eq!(starts("overlapping"), Some(1500 * MILLI));
        assert_eq!(starts("late"), Some(3 * SECOND));
        let vus = |name: &str| {
            let vus = world
                .iterations(name)
                .iter()
                .map(|entry| entry.vu)
                .collect();
            let vus: std::collections::BTreeSet<u64> = vus;
            vus.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(vus("first"), [1, 2, 3]);
        assert_eq!(vus("overlapping"), [4, 5]);
        assert_eq!(vus("late"), [1, 2]);
        let started: Vec<_> = world
            .state
            .scenarios()
            .iter()
            .map(|s| *s.scenario.started.get().unwrap() - crate::simulation::BEGIN)
            .collect();
        assert_eq!(started, [0, 3 * SECOND, 1500 * MILLI]);
    }
}

#[test]
fn a_scenario_waits_for_a_vu_that_comes_back_late() {
    // The VU of the first scenario is interrupted just when the second one starts, and takes a
    // moment to return.
    for workers in WORKERS {
        let world = World::new(|call, _, _| match call {
            brunt_engine::Call::Iteration(it) if it.scenario.config.name == "first" => {
                let mut act = crate::pretend::Act::sleep(1200 * MILLI);
                act.stubborn = true;
                act
            }
            _ => crate::pretend::Act::sleep(0),
        });
        let mut second = scenario("second", per_vu(1, 2));
        second.start_time = Duration::from_secs(1);
        let config = EngineConfig::new(vec![scenario("first", constant(1, 1)), second]);
        let outcome = world.run(config, workers);
        assert_eq!(outcome.end, End::Completed);
        let second = world.iterations("second");
        assert_eq!(second.len(), 2);
        assert!(
            second
                .iter()
                .all(|entry| entry.vu == 1 && entry.start == 1200 * MILLI)
        );
    }
}

#[test]
fn one_that_burns_does_not_keep_the_others_waiting() {
    let world = World::new(|call, vu, _| {
        let mut act = crate::pretend::Act::sleep(0);
        if let brunt_engine::Call::Iteration(_) = call {
            match vu.in_instance {
                1 | 2 => act.burn = 500 * MILLI,
                _ => act.sleep = 10 * MILLI,
            }
        }
        act
    });
    world.run(only(constant(4, 1)), 1);
    let quiet: Vec<_> = world
        .iterations("s")
        .into_iter()
        .filter(|e| e.vu > 2)
        .collect();
    assert!(quiet.len() > 120, "{}", quiet.len());
    for entry in quiet {
        let end = entry.end.as_ref().map_or(i64::MAX, |(end, _)| *end);
        // Two burners at 1 ms a slice, one of them in a turn.
        assert!(end - entry.start <= 13 * MILLI, "{entry:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn each_shared_iteration_runs_exactly_once(
        vus in 1_u64..20, extra in 0_u64..60, workers in 1_usize..5, sleep in 0_i64..3,
    ) {
        let world = World::new(move |call, vu, _| match call {
            brunt_engine::Call::Iteration(_) => {
                crate::pretend::Act::sleep(sleep * MILLI * (vu.in_instance as i64 % 3))
            }
            _ => crate::pretend::Act::sleep(0),
        });
        let outcome = world.run(only(shared(vus, vus + extra)), workers);
        prop_assert_eq!(outcome.end, End::Completed);
        prop_assert_eq!(world.numbers("s"), (0..vus + extra).collect::<Vec<_>>());
    }
}
