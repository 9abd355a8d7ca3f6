use std::sync::Arc;

use brunt_aggregate::Thresholds;
use brunt_metrics::{Interner, MetaId, Registry, Sample, SampleBatch, TagSet, builtin};
use brunt_results::Reading;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

/// A run of a minute with 200 requests a second. Latencies are spread over a decade, and what happens in a second is
/// alike, as it is under load.
fn run(seed: u64, slower: f64, failing: f64) -> Run {
    let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(100)));
    let plan = Arc::new(AggregatePlan::new(registry, []));
    let tags = interner.tag_set(&[("scenario", "default")].into_iter().collect::<TagSet>());
    let series = |metric| interner.series(metric, tags.unwrap()).unwrap();
    let [took, failed, requests, vus] = [
        builtin::HTTP_REQ_DURATION,
        builtin::HTTP_REQ_FAILED,
        builtin::HTTP_REQS,
        builtin::VUS,
    ]
    .map(series);
    let mut reading = Reading::new(
        Arc::clone(&plan),
        Thresholds::default(),
        Arc::clone(&interner),
    );
    let mut timeline = Timeline::new(plan, Arc::clone(&interner), 120);
    let mut random = SmallRng::seed_from_u64(seed);
    for second in 0..60_i64 {
        let mut samples = Vec::new();
        let load: f64 = random.random_range(0.9..1.1);
        for request in 0..200 {
            let time = second * 1_000_000_000 + request * 5_000_000;
            let latency = slower * load * 10.0 * 10_f64.powf(random.random());
            for (series, value) in [
                (took, latency),
                (failed, f64::from(u8::from(random.random_bool(failing)))),
                (requests, 1.0),
                (vus, 5.0),
            ] {
                let meta = MetaId::NONE;
                samples.push(Sample {
                    series,
                    meta,
                    time,
                    value,
                });
            }
        }
        let batch = SampleBatch {
            samples,
            ..SampleBatch::default()
        };
        reading.add(&batch);
        timeline.add(&batch);
    }
    let report = reading.finish();
    Run { report, timeline }
}

fn settings(limits: &[&str]) -> Settings {
    Settings {
        confidence: 0.95,
        directions: Directions::default(),
        limits: limits.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

fn find<'a>(comparison: &'a Comparison, metric: &str, stat: &str) -> &'a Row {
    let mut rows = comparison.rows.iter();
    rows.find(|row| row.metric == metric && row.stat == stat)
        .unwrap()
}

#[test]
fn what_changed_is_told_from_what_did_not() {
    let comparison = compare(&run(1, 1.0, 0.01), &run(2, 1.2, 0.05), &settings(&["10%"]));
    for stat in ["avg", "med", "p(95)"] {
        let row = find(&comparison, "http_req_duration", stat);
        let change = row.change.unwrap();
        assert!((change.by - 0.2).abs() < 0.06, "{stat}: {change:?}");
        let (low, high) = change.interval.unwrap();
        assert!(low < change.by && change.by < high, "{stat}: {change:?}");
        assert!(low > 0.05 && high < 0.35, "{stat}: {change:?}");
        assert_eq!(
            (row.effect, row.is_regression),
            (Effect::Worse, true),
            "{stat}"
        );
    }
    let failed = find(&comparison, "http_req_failed", "rate");
    assert!((failed.change.unwrap().by - 0.04).abs() < 0.01);
    // Surely worse, but not by ten percentage points.
    assert_eq!(
        (failed.effect, failed.is_regression),
        (Effect::Worse, false)
    );
    let rate = find(&comparison, "http_reqs", "rate");
    assert_eq!(rate.effect, Effect::Unclear, "{rate:?}");
    assert_eq!(find(&comparison, "vus", "value").effect, Effect::Untold);
    assert_eq!(
        find(&comparison, "http_req_duration", "max").effect,
        Effect::Untold
    );
}

#[test]
fn the_other_way_round_it_is_better() {
    let comparison = compare(&run(1, 1.2, 0.0), &run(2, 1.0, 0.0), &settings(&["0%"]));
    let row = find(&comparison, "http_req_duration", "p(95)");
    assert_eq!((row.effect, row.is_regression), (Effect::Better, false));
    assert_eq!(comparison.regressions().count(), 0);
}

#[test]
fn runs_of_the_same_are_seldom_called_different() {
    let of = |seed| {
        compare(
            &run(seed, 1.0, 0.01),
            &run(seed + 50, 1.0, 0.01),
            &settings(&["0%"]),
        )
    };
    let wrong = (0..20)
        .filter(|seed| find(&of(*seed), "http_req_duration", "p(95)").effect != Effect::Unclear)
        .count();
    // One of twenty by definition.
    assert!(wrong <= 4, "{wrong} of 20");
}

#[test]
fn a_limit_of_a_metric_counts_before_that_of_all() {
    let (a, b) = (run(1, 1.0, 0.0), run(2, 1.2, 0.0));
    let regressions = |limits: &[&str]| {
        let comparison = compare(&a, &b, &settings(limits));
        let rows = comparison.regressions();
        rows.map(|row| row.stat).collect::<Vec<_>>()
    };
    assert_eq!(regressions(&[]), [""; 0]);
    assert_eq!(regressions(&["http_req_duration: p(95): 10%"]), ["p(95)"]);
    assert_eq!(
        regressions(&["50%", "http_req_duration: med: 10%"]),
        ["med"]
    );
    assert_eq!(regressions(&["10%", "http_req_duration: 50%"]), [""; 0]);
}

#[test]
fn a_metric_of_one_run_only_is_shown_without_a_change() {
    let (a, mut b) = (run(1, 1.0, 0.0), run(2, 1.0, 0.0));
    b.report
        .totals
        .retain(|it| &*it.metric.name != "http_req_duration");
    for (first, second, at) in [(&a, &b, 1), (&b, &a, 0)] {
        let comparison = compare(first, second, &settings(&["0%"]));
        let row = find(&comparison, "http_req_duration", "avg");
        assert_eq!((row.values[at], row.change), (None, None));
        assert!(row.values[1 - at].is_some());
    }
}
