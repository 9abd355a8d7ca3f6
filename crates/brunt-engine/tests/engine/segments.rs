//! One test on several instances: together they run the whole, each number once.

use std::time::Duration;

use brunt_engine::{EngineConfig, Level};
use brunt_options::scenario::{ExecutorConfig, Stage};
use brunt_pacing::Partition;
use proptest::prelude::*;

use crate::pretend::{Entry, MILLI, World, arrival, constant, only, per_vu, shared};

const SEQUENCE: &str = "0,1/5,1/2,1";
const PARTS: [&str; 3] = ["0:1/5", "1/5:1/2", "1/2:1"];

fn instance(executor: &ExecutorConfig, segment: &str, workers: usize) -> Vec<Entry> {
    let sequence = SEQUENCE.parse().unwrap();
    let partition = Partition::new(Some(segment.parse().unwrap()), Some(&sequence)).unwrap();
    let world = World::sleeping(MILLI);
    let config = EngineConfig {
        partition,
        ..only(executor.clone())
    };
    world.run(config, workers);
    world.iterations("s")
}

/// When iterations of which VU and of which number started, all of the whole test.
fn facts(entries: &[Entry]) -> Vec<(i64, u64)> {
    let mut facts: Vec<_> = entries.iter().map(|e| (e.start, e.in_test.1)).collect();
    facts.sort_unstable();
    facts
}

fn vus(entries: &[Entry]) -> Vec<u64> {
    let mut vus: Vec<_> = entries.iter().map(|entry| entry.in_test.0).collect();
    vus.sort_unstable();
    vus.dedup();
    vus
}

fn ramp(start_vus: u64, targets: &[u64]) -> ExecutorConfig {
    let stages = targets.iter().map(|&target| Stage {
        duration: Duration::from_millis(20),
        target,
    });
    ExecutorConfig::RampingVus {
        start_vus,
        stages: stages.collect(),
        graceful_ramp_down: Duration::ZERO,
    }
}

#[test]
fn arrival_rates_deal_out_their_starts() {
    let ramping = ExecutorConfig::RampingArrivalRate {
        start_rate: 0,
        time_unit: Duration::from_secs(1),
        stages: vec![Stage {
            duration: Duration::from_secs(1),
            target: 200,
        }],
        pre_allocated_vus: 10,
        max_vus: 10,
    };
    for executor in [arrival(100, 1, 10, 10), ramping] {
        let world = World::sleeping(MILLI);
        world.run(only(executor.clone()), 1);
        let whole: Vec<_> = facts(&world.iterations("s"));
        let mut parts = Vec::new();
        for (segment, workers) in PARTS.into_iter().zip([1, 2, 4]) {
            parts.extend(instance(&executor, segment, workers));
        }
        let starts = |facts: &[(i64, u64)]| facts.iter().map(|fact| fact.0).collect::<Vec<_>>();
        let parts_facts = facts(&parts);
        assert_eq!(starts(&parts_facts), starts(&whole));
        let mut numbers: Vec<_> = parts_facts.iter().map(|fact| fact.1).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..whole.len() as u64).collect::<Vec<_>>());
        assert_eq!(vus(&parts), (1..=10).collect::<Vec<_>>());
    }
}

#[test]
fn an_instance_without_vus_skips_the_scenario_and_says_so() {
    let world = World::sleeping(MILLI);
    let sequence = SEQUENCE.parse().unwrap();
    let config = EngineConfig {
        partition: Partition::new(Some("0:1/5".parse().unwrap()), Some(&sequence)).unwrap(),
        ..only(constant(1, 1))
    };
    world.run(config, 2);
    assert!(world.iterations("s").is_empty());
    assert_eq!(
        world.messages(Level::Warn),
        ["scenario s has no VU in the segment 0:1/5, so it does not run here"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_parts_add_up_to_the_whole(
        vus_of_all in 1_u64..12, extra in 0_u64..30, start in 0_u64..6,
        targets in prop::collection::vec(0_u64..12, 1..4), kind in 0_usize..4,
        workers in 1_usize..4,
    ) {
        let executor = match kind {
            0 => shared(vus_of_all, vus_of_all + extra),
            1 => per_vu(vus_of_all, 1 + extra % 4),
            2 => ExecutorConfig::ConstantVus {
                vus: vus_of_all,
                duration: Duration::from_millis(20),
            },
            _ => ramp(start, &targets),
        };
        let world = World::sleeping(MILLI);
        world.run(only(executor.clone()), workers);
        let whole = world.iterations("s");
        let parts: Vec<Entry> =
            PARTS.into_iter().flat_map(|segment| instance(&executor, segment, workers)).collect();
        // The same number of iterations, at every moment the same VUs.
        prop_assert_eq!(vus(&parts), vus(&whole));
        let mut numbers: Vec<_> = parts.iter().map(|entry| entry.in_test.1).collect();
        numbers.sort_unstable();
        let before = numbers.len();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), before, "a number was used twice");
        if kind == 0 {
            prop_assert_eq!(numbers, (0..vus_of_all + extra).collect::<Vec<_>>());
        } else {
            let starts = |entries: &[Entry]| {
                let mut starts: Vec<_> =
                    entries.iter().map(|entry| (entry.start, entry.in_test.0)).collect();
                starts.sort_unstable();
                starts
            };
            prop_assert_eq!(starts(&parts), starts(&whole));
        }
    }
}
