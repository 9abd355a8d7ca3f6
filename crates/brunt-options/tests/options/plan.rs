//! What is said and reckoned about the scenarios before the start.

use std::time::Duration;

use brunt_options::ScenarioConfig;
use brunt_options::plan::{VuRequirements, total_duration, vu_requirements, vu_requirements_of};
use brunt_pacing::Partition;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::script;

fn scenarios(scenarios: &Value) -> Vec<ScenarioConfig> {
    script(&json!({ "scenarios": scenarios }))
        .unwrap()
        .scenarios
}

fn describe(fields: &Value) -> String {
    scenarios(&json!({ "s": fields }))[0].describe()
}

#[test]
fn each_executor_has_its_line() {
    for (fields, line) in [
        (
            json!({"executor": "shared-iterations", "iterations": 3, "exec": "f1"}),
            "3 iterations shared among 1 VUs (maxDuration: 10m0s, exec: f1, gracefulStop: 30s)",
        ),
        (
            json!({"executor": "per-vu-iterations", "iterations": 2, "vus": 2, "maxDuration": "5s", "gracefulStop": 0}),
            "2 iterations for each of 2 VUs (maxDuration: 5s)",
        ),
        (
            json!({"executor": "constant-vus", "vus": 2, "duration": "1s", "startTime": "1s"}),
            "2 looping VUs for 1s (startTime: 1s, gracefulStop: 30s)",
        ),
        (
            json!({"executor": "constant-vus", "vus": 2, "duration": "1s", "gracefulStop": 0}),
            "2 looping VUs for 1s",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "1s", "target": 2}]}),
            "Up to 2 looping VUs for 1s over 1 stages (gracefulRampDown: 30s, gracefulStop: 30s)",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 3, "duration": "1s", "preAllocatedVUs": 1}),
            "3.00 iterations/s for 1s (maxVUs: 1, gracefulStop: 30s)",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 1, "timeUnit": "3s", "duration": "1m", "preAllocatedVUs": 1, "exec": "f", "startTime": "90s"}),
            "0.33 iterations/s for 1m0s (maxVUs: 1, exec: f, startTime: 1m30s, gracefulStop: 30s)",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "preAllocatedVUs": 2, "maxVUs": 3, "stages": [{"duration": "2s", "target": 10}]}),
            "Up to 10.00 iterations/s for 2s over 1 stages (maxVUs: 2-3, gracefulStop: 30s)",
        ),
    ] {
        assert_eq!(describe(&fields), line);
    }
}

#[test]
fn scenarios_that_overlap_add_up_and_others_share_their_vus() {
    let both = |start: &str| {
        scenarios(&json!({
            "a": {"executor": "constant-vus", "vus": 3, "duration": "10s"},
            "b": {"executor": "ramping-vus", "startTime": start,
                "stages": [{"duration": "5s", "target": 4}, {"duration": "2s", "target": 0}]},
        }))
    };
    let equal = |vus| VuRequirements {
        initialized: vus,
        max: vus,
    };
    // The first may end its iterations until 40 s.
    assert_eq!(vu_requirements(&both("12s")), equal(7));
    assert_eq!(total_duration(&both("12s")), Duration::from_secs(49));
    // Here the second has three VUs just before the first is done, and here none of it overlaps.
    assert_eq!(vu_requirements(&both("36s")), equal(6));
    assert_eq!(vu_requirements(&both("40s")), equal(4));
}

#[test]
fn arrival_rates_may_add_vus_later() {
    let rates = scenarios(&json!({
        "a": {"executor": "constant-arrival-rate", "rate": 1, "duration": "10s", "preAllocatedVUs": 5, "maxVUs": 20},
        "b": {"executor": "shared-iterations", "vus": 2, "iterations": 2},
    }));
    assert_eq!(
        vu_requirements(&rates),
        VuRequirements {
            initialized: 7,
            max: 22
        }
    );
    assert_eq!(vu_requirements(&[]), VuRequirements::default());
    assert_eq!(total_duration(&rates), Duration::from_secs(630));
}

#[test]
fn an_instance_needs_vus_for_its_part_only() {
    let all = scenarios(&json!({
        "a": {"executor": "per-vu-iterations", "vus": 5},
        "b": {"executor": "ramping-vus", "stages": [{"duration": "5s", "target": 9}]},
    }));
    let half = |text: &str| {
        let sequence = "0,1/2,1".parse().unwrap();
        let part = Partition::new(Some(text.parse().unwrap()), Some(&sequence)).unwrap();
        vu_requirements_of(&all, &part).initialized
    };
    assert_eq!((half("0:1/2"), half("1/2:1")), (3 + 5, 2 + 4));
}

#[test]
fn huge_plans_are_reckoned_at_once() {
    let ramp = json!({"executor": "ramping-vus", "startVUs": 0, "stages": [
        {"duration": "1h", "target": 100_000_000}, {"duration": "1h", "target": 1},
    ]});
    let all = scenarios(&json!({ "a": ramp }));
    assert_eq!(vu_requirements(&all).max, 100_000_000);
}

proptest! {
    /// Looks at every tenth of a second.
    #[test]
    fn the_busiest_moment_is_found(
        ramps in prop::collection::vec(
            (0_u64..30, 0_u64..5, 0_u64..4, prop::collection::vec((0_u64..20, 0_u64..6), 1..4)),
            1..4,
        ),
    ) {
        let mut all = serde_json::Map::new();
        for (i, (start, grace, first, stages)) in ramps.into_iter().enumerate() {
            let mut stages: Vec<Value> = stages
                .into_iter()
                .map(|(tenths, target)| json!({"duration": tenths * 100, "target": target}))
                .collect();
            stages.push(json!({"duration": 1_000, "target": 1}));
            all.insert(format!("s{i}"), json!({
                "executor": "ramping-vus", "startTime": start * 100, "startVUs": first,
                "stages": stages, "gracefulStop": grace * 100, "gracefulRampDown": grace * 200,
            }));
        }
        let all = scenarios(&Value::Object(all));
        let mut most = 0;
        for tenth in 0..200_u64 {
            let now = tenth * 100_000_000;
            let sum: u64 = all.iter().map(|scenario| demand(scenario, now)).sum();
            most = most.max(sum);
        }
        let found = vu_requirements(&all).initialized;
        let alone: u64 = all.iter().map(|scenario| scenario.executor.planned_vus()).sum();
        prop_assert!(found >= most, "{} at most, found {}", most, found);
        prop_assert!(found <= alone);
    }
}

/// VUs that a ramping scenario holds at a time in nanoseconds: the most it wanted within its grace,
/// looked up millisecond by millisecond.
fn demand(scenario: &ScenarioConfig, now: u64) -> u64 {
    let brunt_options::ExecutorConfig::RampingVus {
        start_vus,
        stages,
        graceful_ramp_down,
    } = &scenario.executor
    else {
        return 0;
    };
    let nanos = brunt_pacing::nanos;
    let start = nanos(scenario.start_time);
    if now < start || now >= nanos(scenario.end()) {
        return 0;
    }
    let ramp = brunt_pacing::VuRamp::new(*start_vus, stages);
    let (now, grace) = (now - start, nanos(*graceful_ramp_down));
    (now.saturating_sub(grace)..=now)
        .step_by(1_000_000)
        .map(|t| ramp.vus_at(t))
        .max()
        .unwrap_or(0)
}
