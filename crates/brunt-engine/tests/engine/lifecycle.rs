//! Init, setup, teardown, interrupts and what becomes of VUs that do not return.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_bus::Recorder;
use brunt_engine::{
    Call, CallError, End, Engine, EngineConfig, Level, MonotonicTime, Outcome, Parts, Reason,
    StartError, Teardown, TestState, run_test,
};

use crate::pretend::{
    Act, MILLI, SECOND, World, arrival, constant, only, per_vu, scenario, shared,
};

const WORKERS: [usize; 3] = [1, 2, 4];

fn with_setup_and_teardown(mut config: EngineConfig) -> EngineConfig {
    config.setup = Some(Duration::from_secs(60));
    config.teardown = Some(Duration::from_secs(60));
    config
}

/// What `setup`, an iteration and `teardown` do; iterations stop the test when told to.
fn lifecycle(setup: Act, iteration: Act, teardown: Act) -> Arc<World> {
    World::new(move |call, _, _| match call {
        Call::Setup => setup.clone(),
        Call::Iteration(_) => iteration.clone(),
        Call::Teardown { .. } => teardown.clone(),
        _ => Act::sleep(0),
    })
}

fn returns(json: &str) -> Act {
    Act::end(Outcome::Completed(Some(Arc::from(json))))
}

/// Does something to the test at a time, by a scenario of its own that starts then.
fn at(config: &mut EngineConfig, millis: u64) {
    let mut trigger = scenario("trigger", per_vu(1, 1));
    trigger.start_time = Duration::from_millis(millis);
    config.scenarios.push(trigger);
}

/// A world in which the scenario `trigger` does something to the test, once in each iteration.
fn triggered(
    act: impl Fn(&World) + Send + Sync + 'static,
    other: impl Fn(&Call) -> Act + Send + Sync + 'static,
) -> Arc<World> {
    let cell: Arc<std::sync::OnceLock<std::sync::Weak<World>>> = Arc::default();
    let inside = Arc::clone(&cell);
    let world = World::new(move |call, _, _| match call {
        Call::Iteration(it) if it.scenario.config.name == "trigger" => {
            act(&inside.get().and_then(std::sync::Weak::upgrade).unwrap());
            Act::sleep(0)
        }
        call => other(call),
    });
    cell.set(Arc::downgrade(&world)).unwrap();
    world
}

fn sleepy(call: &Call) -> Act {
    match call {
        Call::Iteration(_) => Act::sleep(100 * SECOND),
        _ => Act::sleep(0),
    }
}

#[test]
fn setup_runs_once_before_everything_and_its_data_goes_everywhere() {
    for workers in WORKERS {
        let world = lifecycle(returns("{\"a\":1}"), Act::sleep(MILLI), Act::sleep(0));
        let outcome = world.run(with_setup_and_teardown(only(shared(3, 9))), workers);
        assert_eq!(
            (outcome.end, outcome.teardown),
            (End::Completed, Teardown::Completed)
        );
        assert_eq!(outcome.setup_data.as_deref(), Some("{\"a\":1}"));
        let data = Some("{\"a\":1}".to_owned());
        assert_eq!(world.iterations("s").len(), 9);
        assert!(world.iterations("s").iter().all(|entry| entry.data == data));
        assert_eq!(world.entries("teardown").len(), 1);
        assert_eq!(world.entries("teardown")[0].data, data);
        let setup = world.entries("setup");
        assert_eq!((setup.len(), setup[0].vu), (1, 0));
        // Three VUs, and one of its own for each of setup and teardown.
        assert_eq!(world.entries("init").len(), 5);
        assert_eq!(world.state.vus_initialized.load(Ordering::Relaxed), 3);
    }
}

#[test]
fn a_failed_setup_skips_scenarios_and_teardown() {
    for workers in WORKERS {
        let setup = Act::end(Outcome::Failed("no database".to_owned()));
        let world = lifecycle(setup, Act::sleep(0), Act::sleep(0));
        let outcome = world.run(with_setup_and_teardown(only(shared(3, 9))), workers);
        assert_eq!(outcome.end, End::SetupFailed("no database".to_owned()));
        assert_eq!(outcome.teardown, Teardown::Skipped);
        assert_eq!(outcome.ran, Duration::ZERO);
        assert!(world.iterations("s").is_empty() && world.entries("teardown").is_empty());
    }
}

#[test]
fn setup_that_takes_too_long_is_interrupted() {
    let world = lifecycle(Act::sleep(100 * SECOND), Act::sleep(0), Act::sleep(0));
    let mut config = with_setup_and_teardown(only(shared(1, 1)));
    config.setup = Some(Duration::from_millis(300));
    let outcome = world.run(config, 2);
    assert_eq!(outcome.end, End::SetupTimedOut(Duration::from_millis(300)));
    assert_eq!(outcome.teardown, Teardown::Skipped);
    assert_eq!(
        world.entries("setup")[0].end,
        Some((300 * MILLI, Outcome::Interrupted))
    );
    assert!(world.iterations("s").is_empty());
}

#[test]
fn setup_may_abort_the_test() {
    let setup = Act::end(Outcome::Aborted("not today".to_owned()));
    let world = lifecycle(setup, Act::sleep(0), Act::sleep(0));
    let outcome = world.run(with_setup_and_teardown(only(shared(1, 1))), 1);
    assert_eq!(
        outcome.end,
        End::Interrupted(Reason::ScriptAbort("not today".to_owned()))
    );
    assert_eq!(outcome.teardown, Teardown::Skipped);
}

#[test]
fn teardown_that_throws_or_takes_too_long_is_told() {
    let thrown = Act::end(Outcome::Failed("still in use".to_owned()));
    let world = lifecycle(Act::sleep(0), Act::sleep(0), thrown);
    let outcome = world.run(with_setup_and_teardown(only(shared(1, 1))), 1);
    assert_eq!(outcome.end, End::Completed);
    assert_eq!(
        outcome.teardown,
        Teardown::Failed("still in use".to_owned())
    );

    let world = lifecycle(Act::sleep(0), Act::sleep(0), Act::sleep(100 * SECOND));
    let outcome = world.run(with_setup_and_teardown(only(shared(1, 1))), 1);
    assert_eq!(outcome.end, End::Completed);
    assert_eq!(
        outcome.teardown,
        Teardown::TimedOut(Duration::from_secs(60))
    );
}

#[test]
fn a_vu_that_cannot_evaluate_the_script_ends_the_test() {
    for workers in WORKERS {
        let world = World::new(|call, vu, _| match call {
            Call::Init if vu.in_instance == 7 => {
                Act::end(Outcome::Failed("main.js:1:2 oops".to_owned()))
            }
            _ => Act::sleep(0),
        });
        let outcome = world.run(with_setup_and_teardown(only(shared(20, 40))), workers);
        assert_eq!(outcome.end, End::InitFailed("main.js:1:2 oops".to_owned()));
        assert_eq!(outcome.teardown, Teardown::Skipped);
        assert!(world.entries("setup").is_empty() && world.iterations("s").is_empty());
    }
}

#[test]
fn an_abort_in_an_iteration_stops_all_others_and_runs_teardown() {
    for workers in WORKERS {
        let world = World::new(|call, vu, now| match call {
            Call::Iteration(_) if vu.in_instance == 2 && now >= 500 * MILLI => {
                Act::end(Outcome::Aborted("that will do".to_owned()))
            }
            Call::Iteration(_) if vu.in_instance == 2 => Act::sleep(100 * MILLI),
            Call::Iteration(_) => Act::sleep(100 * SECOND),
            _ => Act::sleep(0),
        });
        let mut config = with_setup_and_teardown(only(constant(4, 60)));
        config.scenarios[0].graceful_stop = Duration::from_secs(30);
        let outcome = world.run(config, workers);
        assert_eq!(
            outcome.end,
            End::Interrupted(Reason::ScriptAbort("that will do".to_owned()))
        );
        assert_eq!(outcome.teardown, Teardown::Completed);
        assert_eq!(outcome.ran, Duration::from_millis(500));
        assert_eq!(world.state.iterations_completed.load(Ordering::Relaxed), 5);
        // The one that aborted and three that slept.
        assert_eq!(
            world.state.iterations_interrupted.load(Ordering::Relaxed),
            4
        );
    }
}

#[test]
fn an_interrupt_stops_everything_at_once_and_drops_nothing() {
    for workers in WORKERS {
        for reason in [Reason::Signal, Reason::ThresholdAbort, Reason::Api] {
            let told = reason.clone();
            let world = triggered(move |world| world.interrupt(told.clone()), sleepy);
            let mut config = EngineConfig::new(vec![
                scenario("shared", shared(2, 100)),
                scenario("per-vu", per_vu(2, 100)),
                scenario("loop", constant(2, 60)),
                scenario("rate", arrival(1, 60, 10, 10)),
            ]);
            let mut late = scenario("late", per_vu(2, 1));
            late.start_time = Duration::from_secs(30);
            config.scenarios.push(late);
            at(&mut config, 2500);
            let outcome = world.run(with_setup_and_teardown(config), workers);
            assert_eq!(outcome.end, End::Interrupted(reason));
            assert_eq!(outcome.teardown, Teardown::Completed);
            assert!(!outcome.killed);
            assert_eq!(outcome.ran, Duration::from_millis(2500));
            assert_eq!(world.iterations("rate").len(), 3);
            assert!(world.iterations("late").is_empty());
            assert_eq!(
                world.state.iterations_interrupted.load(Ordering::Relaxed),
                9
            );
            assert_eq!(world.state.iterations_dropped.load(Ordering::Relaxed), 0);
            assert_eq!(world.state.vus_active.load(Ordering::Relaxed), 0);
        }
    }
}

#[test]
fn a_kill_ends_the_test_without_teardown() {
    for workers in WORKERS {
        let world = triggered(
            |world| {
                world.interrupt(Reason::Signal);
                world.kill();
            },
            sleepy,
        );
        let mut config = only(constant(3, 60));
        at(&mut config, 1000);
        let outcome = world.run(with_setup_and_teardown(config), workers);
        assert!(outcome.killed);
        assert_eq!(outcome.end, End::Interrupted(Reason::Signal));
        assert_eq!(outcome.teardown, Teardown::Skipped);
        assert!(world.entries("teardown").is_empty());
    }
}

#[test]
fn vus_that_ignore_interrupts_are_left_behind_and_reported() {
    for workers in WORKERS {
        let world = World::new(|call, vu, _| match call {
            Call::Iteration(_) if vu.in_instance <= 2 => Act {
                stubborn: true,
                ..Act::sleep(1_000_000 * SECOND)
            },
            Call::Iteration(_) => Act::sleep(100 * MILLI),
            _ => Act::sleep(0),
        });
        let outcome = world.run(with_setup_and_teardown(only(constant(4, 1))), workers);
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(outcome.teardown, Teardown::Completed);
        assert_eq!(outcome.stuck_vus, 2);
        assert_eq!(outcome.ran, Duration::from_secs(6));
        let errors = world.messages(Level::Error);
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].contains("did not return"), "{errors:?}");
        assert_eq!(world.state.vus_active.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_stubborn_teardown_does_not_hang_the_end() {
    let teardown = Act {
        stubborn: true,
        ..Act::sleep(1_000_000 * SECOND)
    };
    let world = lifecycle(Act::sleep(0), Act::sleep(0), teardown);
    let outcome = world.run(with_setup_and_teardown(only(shared(1, 1))), 1);
    assert_eq!(
        outcome.teardown,
        Teardown::TimedOut(Duration::from_secs(60))
    );
    assert_eq!(outcome.stuck_vus, 1);
}

#[test]
fn a_test_that_was_marked_failed_says_so() {
    let world = World::sleeping(0);
    world.state.marked_failed.store(true, Ordering::Relaxed);
    assert!(world.run(only(shared(1, 1)), 1).marked_failed);
}

#[test]
fn a_zero_rate_is_refused_before_the_start() {
    let world = World::sleeping(0);
    let parts = world.parts();
    let error = Engine::assemble(only(arrival(0, 1, 1, 1)), parts, 1)
        .err()
        .unwrap();
    assert!(matches!(error, StartError::Schedule { .. }), "{error}");
    assert!(
        error.to_string().starts_with("scenarios.s: the rate"),
        "{error}"
    );
    let none = Engine::start(only(shared(1, 1)), world.parts(), Vec::new())
        .err()
        .unwrap();
    assert!(matches!(none, StartError::NoWorkers), "{none}");
}

/// A panic is a bug of brunt's own; it must not look like success, nor hang the test.
#[tokio::test]
async fn a_worker_that_panics_is_lost_and_told() {
    let world = World::new(|call, vu, _| match call {
        Call::Iteration(_) if vu.in_instance == 1 => panic!("a bug"),
        _ => Act::sleep(0),
    });
    let parts = Parts {
        time: Arc::new(MonotonicTime::new()),
        ..world.parts()
    };
    let recorders = (0..2).map(|_| Recorder::discarding()).collect();
    let outcome = run_test(only(per_vu(2, 10)), parts, recorders)
        .await
        .unwrap();
    assert_eq!((outcome.end, outcome.lost_workers), (End::Completed, 1));
    assert_eq!(world.iterations("s").len(), 10);
    assert!(world.messages(Level::Error)[0].contains("worker 0 crashed"));
}

/// On threads, with real time: everything works together; how long it takes decides nothing.
#[tokio::test]
async fn a_test_runs_on_real_threads() {
    let world = World::sleeping(0);
    let state: Arc<TestState> = Arc::default();
    let parts = Parts {
        state: Arc::clone(&state),
        time: Arc::new(MonotonicTime::new()),
        ..world.parts()
    };
    let config = EngineConfig::new(vec![
        scenario("shared", shared(10, 200)),
        scenario("rate", arrival(100, 1, 5, 5)),
    ]);
    let recorders = (0..3).map(|_| Recorder::discarding()).collect();
    let outcome = run_test(with_setup_and_teardown(config), parts, recorders)
        .await
        .unwrap();
    assert_eq!(
        (outcome.end, outcome.teardown),
        (End::Completed, Teardown::Completed)
    );
    assert_eq!(world.numbers("shared"), (0..200).collect::<Vec<_>>());
    let dropped = state.iterations_dropped.load(Ordering::Relaxed);
    assert_eq!(world.iterations("rate").len() as u64 + dropped, 100);
}

#[tokio::test]
async fn handle_summary_runs_after_the_test_and_returns_its_value() {
    let world = World::new(|call, _, _| match call {
        Call::HandleSummary { data } if &**data == "{}" => returns("{\"stdout\":\"done\"}"),
        Call::HandleSummary { .. } => Act::end(Outcome::Failed("bad data".to_owned())),
        _ => Act::sleep(0),
    });
    let parts = Parts {
        time: Arc::new(MonotonicTime::new()),
        ..world.parts()
    };
    let mut engine =
        Engine::start(only(shared(1, 1)), parts, vec![Recorder::discarding()]).unwrap();
    assert_eq!(engine.run().await.end, End::Completed);
    let timeout = Duration::from_secs(120);
    let value = engine.handle_summary(Arc::from("{}"), timeout).await;
    assert_eq!(value, Ok(Some(Arc::from("{\"stdout\":\"done\"}"))));
    let error = engine.handle_summary(Arc::from("?"), timeout).await;
    assert_eq!(error, Err(CallError::Failed("bad data".to_owned())));
    engine.finish().await;
}
