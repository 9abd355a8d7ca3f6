//! `externally-controlled`: VUs come and go by command.

use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_engine::{Call, ControlError, End, EngineConfig, Outcome, Reason, Scale};
use brunt_options::scenario::ExecutorConfig;

use crate::pretend::{Act, MILLI, SECOND, World, constant, only, scenario};

const WORKERS: [usize; 3] = [1, 2, 4];

fn controlled(vus: u64, max_vus: u64, seconds: Option<u64>) -> ExecutorConfig {
    ExecutorConfig::ExternallyControlled {
        vus,
        max_vus,
        duration: seconds.map(Duration::from_secs),
    }
}

fn to(vus: u64) -> Scale {
    Scale {
        vus: Some(vus),
        ..Scale::default()
    }
}

fn both(vus: u64, max: u64) -> Scale {
    Scale {
        max: Some(max),
        ..to(vus)
    }
}

/// How many iterations started in the second that begins then.
fn started(world: &World, second: i64) -> usize {
    let range = second * SECOND..(second + 1) * SECOND;
    let entries = world.iterations("s");
    entries.iter().filter(|e| range.contains(&e.start)).count()
}

#[test]
fn vus_follow_the_commands() {
    for workers in WORKERS {
        let world = World::sleeping(100 * MILLI);
        let outcome = world.steered(
            only(controlled(1, 3, Some(5))),
            workers,
            async |control, clock| {
                let counts = || (control.status().vus, control.status().vus_max);
                clock.until(950).await;
                assert_eq!(counts(), (1, 3));
                control.scale(to(3)).await.unwrap();
                clock.until(1_950).await;
                assert_eq!(counts(), (3, 3));
                control.scale(both(6, 8)).await.unwrap();
                clock.until(2_951).await;
                assert_eq!(counts(), (6, 8));
                control.scale(both(2, 2)).await.unwrap();
                // Running iterations end first.
                assert_eq!(control.status().vus_max, 8 - 2);
                clock.until(3_900).await;
                assert_eq!(counts(), (2, 2));
                control.scale(both(4, 4)).await.unwrap();
                clock.until(4_500).await;
                assert_eq!(counts(), (4, 4));
            },
        );
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(outcome.ran, Duration::from_millis(5_000));
        assert_eq!(started(&world, 0), 10 + 2);
        assert_eq!(started(&world, 3), 2 * 10 + 2);
        assert_eq!(world.state.vus_active.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_test_without_a_duration_runs_until_it_is_stopped() {
    let world = World::sleeping(100 * MILLI);
    let config = only(controlled(2, 2, None));
    let outcome = world.steered(config, 2, async |control, clock| {
        clock.until(3_600_000).await;
        control.stop().unwrap();
    });
    assert_eq!(outcome.end, End::Interrupted(Reason::Api));
    assert_eq!(outcome.ran, Duration::from_secs(3_600));
}

#[test]
fn what_runs_at_the_end_gets_its_grace() {
    let world = World::sleeping(3_600 * SECOND);
    let mut config = only(controlled(1, 1, Some(1)));
    config.scenarios[0].graceful_stop = Duration::from_secs(30);
    world.run(config, 2);
    let entries = world.iterations("s");
    assert_eq!(entries[0].end, Some((31 * SECOND, Outcome::Interrupted)));
}

#[test]
fn a_scenario_that_begins_without_vus_can_be_scaled_up() {
    for workers in WORKERS {
        let world = World::sleeping(100 * MILLI);
        let config = only(controlled(0, 0, Some(2)));
        world.steered(config, workers, async |control, clock| {
            clock.until(1_000).await;
            control.scale(both(5, 5)).await.unwrap();
        });
        assert_eq!(world.iterations("s").len(), 50);
    }
}

#[test]
fn a_pause_holds_what_is_scaled_meanwhile() {
    for workers in WORKERS {
        let world = World::sleeping(100 * MILLI);
        let config = only(controlled(1, 2, Some(2)));
        let outcome = world.steered(config, workers, async |control, clock| {
            clock.until(950).await;
            control.pause().unwrap();
            clock.until(1_500).await;
            assert_eq!(control.status().vus, 0);
            control.scale(both(3, 4)).await.unwrap();
            clock.until(2_950).await;
            assert_eq!(control.status().vus, 0);
            control.resume().unwrap();
            clock.until(3_000).await;
            assert_eq!(control.status().vus, 3);
        });
        assert_eq!(outcome.ran, Duration::from_secs(4));
        let late = world.iterations("s");
        let late: Vec<_> = late.iter().filter(|e| e.start > 950 * MILLI).collect();
        assert_eq!(late.iter().map(|e| e.start).min(), Some(2_950 * MILLI));
    }
}

#[test]
fn commands_that_make_no_sense_are_refused() {
    let world = World::new(|call, vu, _| match call {
        Call::Init if vu.in_instance > 3 => Act::end(Outcome::Failed("no room".to_owned())),
        Call::Iteration(_) => Act::sleep(100 * MILLI),
        _ => Act::sleep(0),
    });
    let config = EngineConfig::new(vec![
        scenario("other", constant(1, 1)),
        scenario("zz", controlled(1, 1, Some(2))),
        scenario("s", controlled(1, 1, Some(2))),
    ]);
    world.steered(config, 2, async |control, clock| {
        clock.until(100).await;
        let error = control.scale(to(2)).await.unwrap_err();
        assert_eq!(error, ControlError::AboveMaximum { vus: 2, max: 1 });
        let error = control.scale(both(1, u64::MAX)).await.unwrap_err();
        assert!(matches!(error, ControlError::TooManyVus { .. }), "{error}");
        let error = control.scale(both(3, 3)).await.unwrap_err();
        assert!(error.to_string().contains("no room"), "{error}");
        // It goes on with what there was.
        assert_eq!((control.status().vus, control.status().vus_max), (3, 3));
        let named = Scale {
            scenario: Some("zz".to_owned()),
            ..to(0)
        };
        control.scale(named).await.unwrap();
        clock.until(500).await;
        assert_eq!(control.status().vus, 2);
        clock.until(1_500).await;
        let named = Scale {
            scenario: Some("other".to_owned()),
            ..to(0)
        };
        assert!(control.scale(named).await.is_err());
    });
}
