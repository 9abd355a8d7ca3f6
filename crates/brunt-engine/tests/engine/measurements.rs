//! What the engine measures itself, as samples.

use std::sync::Arc;
use std::time::Duration;

use brunt_bus::{Collected, Collector, Recorder};
use brunt_engine::{Call, EngineConfig};
use brunt_metrics::{MetricKind, Registry, TagSet, ValueType};
use brunt_options::scenario::ExecutorConfig;

use crate::pretend::{Act, MILLI, SECOND, World, arrival, constant, only, per_vu, scenario};
use crate::simulation::BEGIN;

struct Measured {
    registry: Arc<Registry>,
    recorders: Vec<Recorder>,
    collectors: Vec<Collector>,
}

impl Measured {
    fn new(workers: usize) -> Self {
        let registry = Arc::new(Registry::new());
        let (recorders, collectors) = (0..workers)
            .map(|_| Recorder::collecting(Arc::clone(&registry)))
            .unzip();
        Self {
            registry,
            recorders,
            collectors,
        }
    }

    /// All samples of a metric by time, after the test.
    fn run(mut self, world: &Arc<World>, config: EngineConfig, metric: &str) -> Vec<Collected> {
        world.run_with(config, std::mem::take(&mut self.recorders));
        let mut samples: Vec<_> = self
            .collectors
            .iter_mut()
            .flat_map(|collector| collector.samples_of(metric))
            .collect();
        samples.sort_by_key(|sample| sample.time);
        samples
    }
}

fn tagged(mut config: EngineConfig) -> EngineConfig {
    let tags: TagSet = [("team", "blue")].into_iter().collect();
    config.run_tags = Arc::new(tags);
    config
}

fn times_and_values(samples: &[Collected]) -> Vec<(i64, f64)> {
    // The simulated wall clock is 7 ns ahead.
    samples
        .iter()
        .map(|sample| (sample.time - BEGIN - 7, sample.value))
        .collect()
}

#[test]
fn vus_are_sampled_every_second_with_the_tags_of_the_run() {
    for workers in [1, 2, 4] {
        for (metric, values) in [("vus", [3.0, 3.0, 5.0]), ("vus_max", [5.0, 5.0, 5.0])] {
            let world = World::sleeping(700 * MILLI);
            let mut more = scenario("more", constant(2, 2));
            more.start_time = Duration::from_millis(2500);
            let config = EngineConfig::new(vec![scenario("s", constant(3, 3)), more]);
            let mut config = tagged(config);
            config.scenarios[0].graceful_stop = Duration::from_millis(600);
            let samples = Measured::new(workers).run(&world, config, metric);
            let expected: Vec<_> = (1..4).map(|second| second * SECOND).zip(values).collect();
            assert_eq!(times_and_values(&samples)[..3], expected);
            assert_eq!(samples.len(), 4, "at 4 s only the second scenario runs");
            for sample in samples {
                assert_eq!(sample.tags, [("team", "blue")].into_iter().collect());
            }
        }
    }
}

#[test]
fn dropped_iterations_carry_the_scenario() {
    for workers in [1, 2, 4] {
        // Every VU completes its first, is in its second at the end, and has three left.
        let executor = ExecutorConfig::PerVuIterations {
            vus: 3,
            iterations: 5,
            max_duration: Duration::from_secs(1),
        };
        let world = World::sleeping(600 * MILLI);
        let config = tagged(only(executor));
        let samples = Measured::new(workers).run(&world, config, "dropped_iterations");
        assert_eq!(times_and_values(&samples), [(SECOND, 3.0); 3]);
        for sample in &samples {
            let tags: TagSet = [("scenario", "s"), ("team", "blue")].into_iter().collect();
            assert_eq!(sample.tags, tags);
        }

        let executor = ExecutorConfig::SharedIterations {
            vus: 3,
            iterations: 50,
            max_duration: Duration::from_secs(1),
        };
        let world = World::sleeping(600 * MILLI);
        let mut config = tagged(only(executor));
        config.scenario_tag = false;
        let samples = Measured::new(workers).run(&world, config, "dropped_iterations");
        assert_eq!(times_and_values(&samples), [(SECOND, 44.0)]);
        assert_eq!(samples[0].tags, [("team", "blue")].into_iter().collect());
    }
}

#[test]
fn each_lost_start_is_a_sample_of_one() {
    let world = World::sleeping(10 * SECOND);
    let config = only(arrival(4, 1, 1, 1));
    let samples = Measured::new(2).run(&world, config, "dropped_iterations");
    let expected = [(250 * MILLI, 1.0), (500 * MILLI, 1.0), (750 * MILLI, 1.0)];
    assert_eq!(times_and_values(&samples), expected);
}

#[test]
fn lateness_is_the_time_from_due_to_started() {
    let world = World::new(|call, _, _| match call {
        Call::Iteration(it) if it.scenario.config.name == "holder" => Act {
            hold: 35 * MILLI,
            ..Act::sleep(0)
        },
        _ => Act::sleep(0),
    });
    let mut holder = scenario("holder", per_vu(1, 1));
    holder.start_time = Duration::from_millis(95);
    let mut config = EngineConfig::new(vec![scenario("s", arrival(100, 1, 50, 50)), holder]);
    let measured = Measured::new(1);
    let name = "brunt_engine_iteration_lateness";
    let metric = measured
        .registry
        .register(name, MetricKind::Trend, ValueType::Time)
        .unwrap();
    config.lateness = Some(metric.id);
    let samples = measured.run(&world, config, name);
    assert_eq!(samples.len(), 100);
    // Held from 95 to 130 ms: what was due at 100, 110 and 120 ms starts then.
    let late: Vec<f64> = samples
        .iter()
        .map(|s| s.value)
        .filter(|value| *value > 0.0)
        .collect();
    assert_eq!(late, [30.0, 20.0, 10.0]);
    assert_eq!(samples[0].tags.get("scenario"), Some("s"));
}
