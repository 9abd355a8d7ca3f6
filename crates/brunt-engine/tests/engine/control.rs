//! Steering a running test: pause and resume, stop, setup data, status.

use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_engine::{
    Call, ControlError, End, EngineConfig, Outcome, Phase, Reason, Scale, Teardown,
};

use crate::pretend::{Act, MILLI, SECOND, World, arrival, constant, only, per_vu, scenario};

const WORKERS: [usize; 3] = [1, 2, 4];

#[test]
fn a_pause_does_not_count_against_the_duration() {
    for workers in WORKERS {
        let world = World::sleeping(100 * MILLI);
        let outcome = world.steered(only(constant(3, 1)), workers, async |control, clock| {
            clock.until(450).await;
            control.pause().unwrap();
            clock.until(2450).await;
            assert!(control.status().paused);
            control.resume().unwrap();
        });
        assert_eq!(outcome.end, End::Completed);
        assert_eq!(outcome.ran, Duration::from_secs(3));
        let mut starts: Vec<_> = world.iterations("s").iter().map(|e| e.start).collect();
        starts.sort_unstable();
        starts.dedup();
        // Those that run at 450 ms end at 500; what is held starts with the resumption.
        let expected: Vec<_> = [0, 100, 200, 300, 400, 2450, 2550, 2650, 2750, 2850, 2950]
            .map(|at| at * MILLI)
            .into();
        assert_eq!(starts, expected);
        assert_eq!(world.state.vus_active.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn starts_of_an_arrival_rate_shift_by_the_pause() {
    for workers in WORKERS {
        let world = World::sleeping(10 * MILLI);
        let mut config = only(arrival(10, 1, 4, 4));
        let mut late = scenario("late", per_vu(2, 1));
        late.start_time = Duration::from_millis(800);
        config.scenarios.push(late);
        let outcome = world.steered(config, workers, async |control, clock| {
            clock.until(350).await;
            control.pause().unwrap();
            clock.until(1350).await;
            control.resume().unwrap();
        });
        assert_eq!(outcome.end, End::Completed);
        let mut starts: Vec<_> = world
            .iterations("s")
            .iter()
            .map(|e| (e.scheduled, e.start))
            .collect();
        starts.sort_unstable();
        let due = [0, 100, 200, 300, 1400, 1500, 1600, 1700, 1800, 1900];
        let due: Vec<_> = due.map(|at| (at * MILLI, at * MILLI)).into();
        assert_eq!(starts, due);
        assert_eq!(world.state.iterations_dropped.load(Ordering::Relaxed), 0);
        assert!(
            world
                .iterations("late")
                .iter()
                .all(|entry| entry.start == 1800 * MILLI)
        );
    }
}

#[test]
fn a_paused_test_can_be_stopped() {
    for workers in WORKERS {
        let world = World::sleeping(10 * SECOND);
        let mut config = only(constant(3, 60));
        config.teardown = Some(Duration::from_secs(60));
        let outcome = world.steered(config, workers, async |control, clock| {
            clock.until(500).await;
            control.pause().unwrap();
            clock.until(700).await;
            control.stop().unwrap();
        });
        assert_eq!(outcome.end, End::Interrupted(Reason::Api));
        assert_eq!(outcome.teardown, Teardown::Completed);
        assert_eq!(outcome.ran, Duration::from_millis(700));
        for entry in world.iterations("s") {
            assert_eq!(entry.end, Some((700 * MILLI, Outcome::Interrupted)));
        }
    }
}

#[test]
fn a_test_that_starts_paused_waits_before_setup() {
    let world = World::sleeping(100 * MILLI);
    let mut config = only(per_vu(2, 1));
    config.setup = Some(Duration::from_secs(60));
    config.paused = true;
    let outcome = world.steered(config, 2, async |control, clock| {
        clock.until(5_000).await;
        assert_eq!(control.status().phase, Phase::PausedBeforeRun);
        assert_eq!((control.status().vus, control.status().vus_max), (0, 2));
        assert!(!control.status().running);
        control.resume().unwrap();
        clock.until(5_050).await;
        assert_eq!(control.status().phase, Phase::Running);
        assert_eq!((control.status().vus, control.status().vus_max), (2, 2));
        assert!(control.status().running);
    });
    assert_eq!(outcome.end, End::Completed);
    assert_eq!(world.entries("setup")[0].start, 5 * SECOND);
    assert_eq!(world.iterations("s")[0].start, 5 * SECOND);
}

#[test]
fn setup_runs_again_and_its_data_can_be_replaced() {
    let world = World::new(|call, _, at| match call {
        Call::Setup => Act {
            sleep: 10 * MILLI,
            ..Act::end(Outcome::Completed(Some(format!("{}", at / MILLI).into())))
        },
        Call::Iteration(_) => Act::sleep(100 * MILLI),
        _ => Act::sleep(0),
    });
    let mut config = only(constant(1, 1));
    config.setup = Some(Duration::from_secs(60));
    config.teardown = Some(Duration::from_secs(60));
    let outcome = world.steered(config, 2, async |control, clock| {
        clock.until(50).await;
        assert_eq!(control.setup_data().as_deref(), Some("0"));
        assert_eq!(control.run_setup().await.unwrap().as_deref(), Some("50"));
        clock.until(450).await;
        control.set_setup_data(Some("7".into())).unwrap();
        clock.until(600).await;
        control.run_teardown().await.unwrap();
    });
    assert_eq!(outcome.setup_data.as_deref(), Some("7"));
    let data: Vec<_> = world
        .iterations("s")
        .into_iter()
        .map(|entry| entry.data.unwrap())
        .collect();
    // Iterations begin at 10, 110 … ms.
    let expected = ["0", "50", "50", "50", "50", "7", "7", "7", "7", "7"];
    assert_eq!(data, expected);
    let teardowns = world.entries("teardown");
    assert_eq!(teardowns.len(), 2);
    assert!(
        teardowns
            .iter()
            .all(|entry| entry.data.as_deref() == Some("7"))
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let world = World::sleeping(100 * MILLI);
    let mut other = scenario("other", per_vu(1, 1));
    other.start_time = Duration::from_secs(1);
    let config = EngineConfig::new(vec![scenario("s", constant(1, 1)), other]);
    let kept = std::rc::Rc::new(std::cell::OnceCell::new());
    let control = std::rc::Rc::clone(&kept);
    world.steered(config, 1, async move |control, clock| {
        clock.until(100).await;
        let scale = |name: Option<&str>| Scale {
            scenario: name.map(str::to_owned),
            vus: Some(2),
            max: None,
        };
        let error = control.scale(scale(None)).await.unwrap_err();
        assert_eq!(error, ControlError::NothingToScale);
        let error = control.scale(scale(Some("s"))).await.unwrap_err();
        assert!(error.to_string().contains("is constant-vus"), "{error}");
        let error = control.scale(scale(Some("x"))).await.unwrap_err();
        assert!(error.to_string().contains("it has s, other"), "{error}");
        let error = control.run_setup().await.unwrap_err();
        assert_eq!(error, ControlError::NoFunction("setup"));
        kept.set(control).unwrap();
    });
    let control = control.get().unwrap();
    assert_eq!(control.status().phase, Phase::Ended);
    assert_eq!(control.pause(), Err(ControlError::Ended));
    assert_eq!(control.set_setup_data(None), Err(ControlError::Ended));
}
