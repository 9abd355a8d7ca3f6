//! The constant arrival rate: due times, lending, drops, growth, late workers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_engine::{Call, End, EngineConfig, Level, Outcome};

use crate::pretend::{Act, MILLI, SECOND, World, arrival, only, per_vu, scenario};

const WORKERS: [usize; 3] = [1, 2, 4];

fn dropped(world: &World) -> u64 {
    world.state.iterations_dropped.load(Ordering::Relaxed)
}

#[test]
fn iterations_start_exactly_when_they_are_due() {
    for workers in WORKERS {
        let world = World::sleeping(10 * MILLI);
        let outcome = world.run(only(arrival(3, 2, 4, 4)), workers);
        assert_eq!(outcome.end, End::Completed);
        let mut starts: Vec<_> = world
            .iterations("s")
            .iter()
            .map(|e| (e.scheduled, e.start))
            .collect();
        starts.sort_unstable();
        let due: Vec<_> = (0..6).map(|i| i * SECOND / 3).map(|at| (at, at)).collect();
        assert_eq!(starts, due);
        assert_eq!(dropped(&world), 0);
        assert_eq!(outcome.ran, Duration::from_secs(2));
    }
}

#[test]
fn six_thousand_a_second_find_their_vus() {
    for workers in WORKERS {
        let world = World::sleeping(MILLI);
        let outcome = world.run(only(arrival(6000, 8, 200, 200)), workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(dropped(&world), 0);
        let iterations = world.iterations("s");
        assert_eq!(iterations.len(), 48_000);
        assert!(
            iterations
                .iter()
                .all(|entry| entry.start == entry.scheduled)
        );
        assert_eq!(world.numbers("s"), (0..48_000).collect::<Vec<_>>());
        // All VUs take turns.
        for vu in 1..=200 {
            assert!(
                iterations.iter().any(|entry| entry.vu == vu),
                "VU {vu} never ran"
            );
        }
    }
}

#[test]
fn a_start_without_an_idle_vu_is_dropped() {
    for workers in WORKERS {
        // Two VUs that take 1 s each, 10 starts a second for 3 s: 2 are served each second.
        let world = World::sleeping(SECOND - MILLI);
        let outcome = world.run(only(arrival(10, 3, 2, 2)), workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(world.iterations("s").len(), 6);
        assert_eq!(dropped(&world), 24);
        // Numbers are given to iterations that start.
        assert_eq!(world.numbers("s"), (0..6).collect::<Vec<_>>());
        let warnings = world.messages(Level::Warn);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with("Insufficient VUs, reached 2 active VUs"),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_worker_lends_its_idle_vus() {
    // Two workers with a VU each take turns; VU 1 is busy for ever after its first iteration, so
    // all of its worker's starts must be served by VU 2.
    let world = World::new(|call, vu, _| match (call, vu.in_instance) {
        (Call::Iteration(_), 1) => Act::sleep(100 * SECOND),
        (Call::Iteration(_), _) => Act::sleep(MILLI),
        _ => Act::sleep(0),
    });
    world.run(only(arrival(10, 2, 2, 2)), 2);
    let iterations = world.iterations("s");
    assert_eq!(iterations.len(), 20);
    assert_eq!(dropped(&world), 0);
    assert_eq!(iterations.iter().filter(|entry| entry.vu == 2).count(), 19);
    assert!(
        iterations
            .iter()
            .all(|entry| entry.start == entry.scheduled)
    );
}

#[test]
fn vus_are_added_one_at_a_time_up_to_the_maximum() {
    for workers in WORKERS {
        let world = World::new(|call, vu, _| match call {
            Call::Iteration(_) => Act::sleep(20 * SECOND),
            Call::Init if vu.in_instance > 1 => Act::sleep(250 * MILLI),
            _ => Act::sleep(0),
        });
        let mut config = only(arrival(10, 3, 1, 4));
        config.scenarios[0].graceful_stop = Duration::from_secs(30);
        let outcome = world.run(config, workers);
        assert_eq!(outcome.end, End::Completed);
        let started: Vec<_> = world
            .iterations("s")
            .iter()
            .map(|entry| entry.start)
            .collect();
        // The drop at 100 ms asks for VU 2, ready at 350 ms and used at 400 ms; the next drop at
        // 500 ms asks for VU 3, and so on.
        assert_eq!(started, [0, 400 * MILLI, 800 * MILLI, 1200 * MILLI]);
        assert_eq!(dropped(&world), 26);
        assert_eq!(world.state.vus_initialized.load(Ordering::Relaxed), 4);
        assert_eq!(world.state.scenarios()[0].vus.load(Ordering::Relaxed), 4);
        assert_eq!(world.messages(Level::Warn).len(), 1);
    }
}

#[test]
fn without_pre_allocated_vus_the_first_start_asks_for_one() {
    for workers in WORKERS {
        let world = World::sleeping(MILLI);
        world.run(only(arrival(10, 1, 0, 1)), workers);
        assert_eq!(dropped(&world), 1);
        assert_eq!(world.iterations("s").len(), 9);
    }
}

#[test]
fn a_vu_that_cannot_be_added_is_reported_once() {
    for workers in WORKERS {
        let world = World::new(|call, vu, _| match call {
            Call::Iteration(_) => Act::sleep(20 * SECOND),
            Call::Init if vu.in_instance > 1 => Act::end(Outcome::Failed("no memory".to_owned())),
            _ => Act::sleep(0),
        });
        let outcome = world.run(only(arrival(10, 1, 1, 9)), workers);
        assert_eq!(outcome.end, End::Completed);
        let errors = world.messages(Level::Error);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].ends_with("no memory"), "{errors:?}");
        assert_eq!(dropped(&world), 9);
    }
}

#[test]
fn added_vus_are_used_again_by_the_next_scenario() {
    let world = World::sleeping(400 * MILLI);
    let mut second = scenario("second", arrival(10, 1, 0, 2));
    second.start_time = Duration::from_secs(2);
    let config = EngineConfig::new(vec![scenario("first", arrival(10, 1, 0, 2)), second]);
    world.run(config, 1);
    assert_eq!(world.state.vus_initialized.load(Ordering::Relaxed), 2);
    assert!(!world.iterations("second").is_empty());
}

/// 2 000 starts a second for 10 VUs; after 100 ms somebody holds the only worker for 50 ms, in which
/// 100 starts become due.
fn with_a_stall(iteration: i64) -> std::sync::Arc<World> {
    let world = World::new(move |call, _, _| match call {
        Call::Iteration(it) if it.scenario.config.name == "holder" => Act {
            hold: 50 * MILLI,
            ..Act::sleep(0)
        },
        Call::Iteration(_) => Act::sleep(iteration),
        _ => Act::sleep(0),
    });
    let mut holder = scenario("holder", per_vu(1, 1));
    holder.start_time = Duration::from_millis(100);
    let outcome = world.run(
        EngineConfig::new(vec![scenario("s", arrival(2000, 1, 10, 10)), holder]),
        1,
    );
    assert_eq!(outcome.end, End::Completed);
    world
}

#[test]
fn a_late_worker_starts_what_became_due_and_keeps_the_due_times() {
    let world = with_a_stall(MILLI);
    assert_eq!(dropped(&world), 0);
    let iterations = world.iterations("s");
    assert_eq!(iterations.len(), 2000);
    let mut scheduled: Vec<_> = iterations.iter().map(|entry| entry.scheduled).collect();
    scheduled.sort_unstable();
    assert_eq!(
        scheduled,
        (0..2000).map(|i| i * SECOND / 2000).collect::<Vec<_>>()
    );
    let late = iterations
        .iter()
        .filter(|entry| entry.start > entry.scheduled)
        .count();
    // 100 in the stall and a few behind them.
    assert!((100..140).contains(&late), "{late}");
}

#[test]
fn starts_do_not_wait_longer_than_the_worker_was_late() {
    // Iterations of 45 ms: ten VUs serve some 220 a second.
    let world = with_a_stall(45 * MILLI);
    let iterations = world.iterations("s");
    assert_eq!(iterations.len() as u64 + dropped(&world), 2000);
    let latest = iterations
        .iter()
        .map(|entry| entry.start - entry.scheduled)
        .max();
    assert!(
        latest.is_some_and(|late| late > 50 * MILLI && late <= 100 * MILLI),
        "{latest:?}"
    );
    // Long after the stall nothing waits any more.
    let on_time = |entry: &&crate::pretend::Entry| entry.scheduled > 250 * MILLI;
    assert!(
        iterations
            .iter()
            .filter(on_time)
            .all(|entry| entry.start == entry.scheduled)
    );
}

#[test]
fn what_runs_at_the_end_may_finish_gracefully() {
    for workers in WORKERS {
        let world = World::sleeping(700 * MILLI);
        let mut config = only(arrival(2, 1, 4, 4));
        config.scenarios[0].graceful_stop = Duration::from_millis(100);
        let outcome = world.run(config, workers);
        // Started at 0 and 500 ms; the graceful stop ends at 1100 ms, the second one would at 1200.
        assert_eq!(world.state.iterations_completed.load(Ordering::Relaxed), 1);
        assert_eq!(
            world.state.iterations_interrupted.load(Ordering::Relaxed),
            1
        );
        assert_eq!(outcome.ran, Duration::from_millis(1100));
        assert_eq!(world.state.vus_active.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn an_absurd_rate_is_counted_and_not_listed() {
    // Time passes only while an iteration holds the thread: 100 iterations in all.
    let world = World::new(|call, _, _| match call {
        Call::Iteration(_) => Act {
            hold: 10 * MILLI,
            ..Act::sleep(0)
        },
        _ => Act::sleep(0),
    });
    let outcome = world.run(only(arrival(u64::MAX, 1, 1, 1)), 1);
    assert_eq!(outcome.end, End::Completed);
    assert_eq!(
        dropped(&world) + world.iterations("s").len() as u64,
        u64::MAX
    );
}
