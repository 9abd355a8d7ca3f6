//! What adds up to what, over several workers.

use std::time::Duration;

use brunt_metrics::builtin::{CHECKS, HTTP_REQ_DURATION, HTTP_REQS, ITERATIONS, VUS};
use brunt_metrics::sink::EXACT_LIMIT;
use brunt_metrics::{MetricId, MetricKind, Registry, SeriesId, ValueType};
use proptest::prelude::*;

use super::*;
use crate::snapshot::SeriesValue;
use crate::thresholds::ThresholdSpec;
use crate::totals::Values;

const SECOND: Duration = Duration::from_secs(1);

/// Key, then expression, `abortOnFail` and `delayAbortEval` in seconds.
type Specs<'a> = &'a [(&'a str, &'a [(&'a str, bool, u64)])];

fn aggregator(specs: Specs<'_>) -> Aggregator {
    let registry = Arc::new(Registry::new());
    registry
        .register("mine", MetricKind::Gauge, ValueType::Default)
        .unwrap();
    let specs: Vec<(&str, Vec<ThresholdSpec>)> = specs
        .iter()
        .map(|(key, rules)| {
            let rules = rules
                .iter()
                .map(|(expression, abort_on_fail, delay)| ThresholdSpec {
                    expression: (*expression).to_owned(),
                    abort_on_fail: *abort_on_fail,
                    delay_abort_eval: SECOND * *delay as u32,
                });
            (*key, rules.collect())
        })
        .collect();
    let specs = specs.iter().map(|(key, rules)| (*key, rules.as_slice()));
    let thresholds = Thresholds::parse(specs, &registry).unwrap();
    let plan = AggregatePlan::new(registry, thresholds.submetrics());
    Aggregator::new(Arc::new(plan), thresholds)
}

/// The delta of a worker that saw these values of a metric, at times 0, 1, 2 …
fn delta(plan: &AggregatePlan, metric: MetricId, pairs: &[(&str, &str)], values: &[f64]) -> Delta {
    let info = plan.registry().metric(metric);
    let tags: TagSet = pairs.iter().copied().collect();
    let mut delta = Delta::default();
    for id in plan.matching(metric, &tags) {
        let mut sink = Sink::for_metric(info.kind, info.contains);
        values.iter().enumerate().for_each(|(time, &value)| {
            sink.add(time as i64, value);
        });
        delta.take_aggregate(id, &mut sink);
        assert!(sink.is_empty());
    }
    delta
}

fn add(aggregator: &mut Aggregator, metric: MetricId, pairs: &[(&str, &str)], values: &[f64]) {
    let delta = delta(&aggregator.plan, metric, pairs, values);
    aggregator.merge(&delta);
}

fn names(report: &Report) -> Vec<String> {
    report.totals.iter().map(Totals::full_name).collect()
}

fn verdicts(aggregator: &Aggregator) -> Vec<(String, f64, bool)> {
    let report = aggregator.report(SECOND, &Groups::default());
    let results = report
        .totals
        .into_iter()
        .flat_map(|totals| totals.thresholds);
    results
        .map(|result| (result.source, result.value, result.ok))
        .collect()
}

#[test]
fn a_report_holds_what_was_seen_declared_or_judged_in_the_order_of_ids() {
    let mut aggregator = aggregator(&[
        ("http_reqs{a:b}", &[("count<5", false, 0)]),
        ("http_req_duration{never:seen}", &[]),
        ("checks", &[("rate>0.5", false, 0)]),
    ]);
    add(&mut aggregator, HTTP_REQS, &[("a", "b")], &[1.0, 1.0]);
    add(&mut aggregator, HTTP_REQS, &[("a", "c")], &[1.0]);
    add(&mut aggregator, ITERATIONS, &[], &[1.0]);
    let report = aggregator.report(SECOND, &Groups::default());
    assert_eq!(
        names(&report),
        [
            "iterations",
            "checks",
            "http_reqs",
            "http_reqs{a:b}",
            "mine"
        ]
    );
    let counts: Vec<(bool, f64)> = report
        .totals
        .iter()
        .filter_map(|totals| match totals.values {
            Values::Counter { count } => Some((totals.seen, count)),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [(true, 1.0), (true, 3.0), (true, 2.0)]);
    assert_eq!(report.totals.iter().filter(|totals| totals.seen).count(), 3);
}

#[test]
fn few_values_stay_exact_and_many_come_from_the_histogram() {
    let mut aggregator = aggregator(&[]);
    let values: Vec<f64> = (1..=EXACT_LIMIT / 2).map(|value| value as f64).collect();
    add(&mut aggregator, HTTP_REQ_DURATION, &[], &values);
    let trend = |aggregator: &Aggregator| {
        let metric = aggregator.plan.registry().metric(HTTP_REQ_DURATION);
        match aggregator.totals(&metric, None).values {
            Values::Trend(trend) => trend,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(trend(&aggregator).percentile(50.0), 2500.5);
    assert_eq!(
        (trend(&aggregator).min(), trend(&aggregator).avg()),
        (1.0, 2500.5)
    );
    add(&mut aggregator, HTTP_REQ_DURATION, &[], &values);
    assert_eq!(
        trend(&aggregator).exact.as_ref().map(Vec::len),
        Some(EXACT_LIMIT)
    );
    add(&mut aggregator, HTTP_REQ_DURATION, &[], &[10_000.0]);
    assert_eq!(trend(&aggregator).exact, None);
    add(&mut aggregator, HTTP_REQ_DURATION, &[], &[0.5]);
    let many = trend(&aggregator);
    assert_eq!(
        (many.exact.as_ref(), many.count()),
        (None, EXACT_LIMIT as u64 + 2)
    );
    assert!((many.percentile(90.0) / 4500.0 - 1.0).abs() < 0.001);
    assert!((many.max() - 10_000.0).abs() < 1e-9 && (many.min() - 0.5).abs() < 1e-12);
}

#[test]
fn thresholds_without_data_wait_until_the_end() {
    let mut aggregator = aggregator(&[
        ("checks", &[("rate>0.9", true, 0)]),
        ("http_req_duration", &[("p(95)<1", true, 0)]),
        ("http_reqs", &[("count>0", true, 0)]),
        ("vus", &[("value<1", true, 0)]),
    ]);
    assert_eq!(aggregator.evaluate(SECOND, false), None);
    assert!(verdicts(&aggregator).iter().all(|(_, _, ok)| *ok));
    let breach = aggregator.evaluate(SECOND, true).unwrap();
    assert_eq!(
        (breach.metric.as_str(), breach.expression.as_str()),
        ("http_reqs", "count>0")
    );
    let failed: Vec<_> = verdicts(&aggregator)
        .into_iter()
        .filter(|(_, _, ok)| !ok)
        .collect();
    assert_eq!(failed, [("count>0".to_owned(), 0.0, false)]);
}

#[test]
fn only_abort_on_fail_ends_the_test_and_only_after_its_delay() {
    let mut aggregator = aggregator(&[
        ("http_reqs", &[("count<1", false, 0)]),
        (
            "http_reqs{a:b}",
            &[("count<1", true, 4), ("rate<100", true, 0)],
        ),
    ]);
    add(&mut aggregator, HTTP_REQS, &[("a", "b")], &[50.0]);
    assert_eq!(aggregator.evaluate(SECOND * 2, false), None);
    assert_eq!(
        aggregator.evaluate(SECOND * 4, false).unwrap().metric,
        "http_reqs{a:b}"
    );
    assert_eq!(
        verdicts(&aggregator),
        [
            ("count<1".to_owned(), 50.0, false),
            ("count<1".to_owned(), 50.0, false),
            ("rate<100".to_owned(), 12.5, true)
        ]
    );
}

#[test]
fn a_rate_over_no_time_is_zero_and_a_verdict_can_recover() {
    let mut aggregator = aggregator(&[
        ("http_reqs", &[("rate>0", false, 0)]),
        ("checks", &[("rate>0.5", false, 0)]),
    ]);
    add(&mut aggregator, HTTP_REQS, &[], &[5.0]);
    add(&mut aggregator, CHECKS, &[], &[0.0]);
    aggregator.evaluate(Duration::ZERO, false);
    assert!(
        verdicts(&aggregator)
            .iter()
            .all(|(_, value, ok)| *value == 0.0 && !ok)
    );
    add(&mut aggregator, CHECKS, &[], &[1.0, 1.0, 1.0]);
    aggregator.evaluate(SECOND, false);
    assert!(verdicts(&aggregator).iter().all(|(_, _, ok)| *ok));
}

#[test]
fn gauges_follow_time_not_the_order_of_arrival() {
    let mut aggregator = aggregator(&[]);
    let mut deltas: Vec<Delta> = Vec::new();
    for (time, value) in [(20, 7.0), (10, -3.0), (15, 9.0)] {
        let (mut sink, mut delta) = (
            Sink::for_metric(MetricKind::Gauge, ValueType::Default),
            Delta::default(),
        );
        sink.add(time, value);
        delta.take_aggregate(AggregateId::Root(VUS), &mut sink);
        sink.add(time, value);
        delta.take_series(SeriesId(0), time, time, &mut sink);
        deltas.push(delta);
    }
    for delta in &deltas {
        aggregator.merge(delta);
    }
    let values = aggregator
        .totals(&aggregator.plan.registry().metric(VUS), None)
        .values;
    assert!(
        matches!(
            values,
            Values::Gauge {
                value: 7.0,
                min: -3.0,
                max: 9.0
            }
        ),
        "{values:?}"
    );
    let snapshot = aggregator.snapshot(99, false);
    assert_eq!(
        (snapshot.time, snapshot.last, snapshot.series.len()),
        (99, false, 1)
    );
    let point = &snapshot.series[0];
    assert_eq!((point.first, point.newest), (10, 20));
    assert!(matches!(
        point.value,
        SeriesValue::Gauge {
            last: 7.0,
            min: -3.0,
            max: 9.0
        }
    ));
}

#[test]
fn a_snapshot_stays_as_it_was_while_its_series_go_on() {
    let mut aggregator = aggregator(&[]);
    let add_trend = |aggregator: &mut Aggregator, value| {
        let (mut sink, mut delta) = (
            Sink::for_series(MetricKind::Trend, ValueType::Time),
            Delta::default(),
        );
        sink.add(0, value);
        delta.take_series(SeriesId(3), 5, 5, &mut sink);
        aggregator.merge(&delta);
    };
    let count = |snapshot: &Snapshot| match &snapshot.series[0].value {
        SeriesValue::Trend(histogram) => (histogram.count(), histogram.sum()),
        other => panic!("{other:?}"),
    };
    add_trend(&mut aggregator, 1500.0);
    let early = aggregator.snapshot(1, false);
    add_trend(&mut aggregator, 500.0);
    assert_eq!(count(&early), (1, 1.5));
    assert_eq!(count(&aggregator.snapshot(2, true)), (2, 2.0));
    assert_eq!(aggregator.series_seen(), 1);
}

#[test]
fn what_belongs_to_no_metric_of_the_plan_is_left_out() {
    let mut aggregator = aggregator(&[]);
    let (mut sink, mut delta) = (
        Sink::for_metric(MetricKind::Counter, ValueType::Default),
        Delta::default(),
    );
    for id in [
        AggregateId::Root(MetricId(5000)),
        AggregateId::Sub(7),
        AggregateId::Root(VUS),
    ] {
        sink.add(0, 1.0);
        delta.take_aggregate(id, &mut sink);
    }
    sink.add(0, 1.0);
    delta.take_series(SeriesId::overflow(1), 0, 0, &mut sink);
    aggregator.merge(&delta);
    assert_eq!(aggregator.snapshot(0, true).series.len(), 0);
    let values = aggregator
        .totals(&aggregator.plan.registry().metric(VUS), None)
        .values;
    assert!(matches!(values, Values::Gauge { value: 0.0, .. }));
}

proptest! {
    #[test]
    fn workers_together_see_what_one_would(
        shares in prop::collection::vec(prop::collection::vec(0.0..1e4f64, 0..20), 1..6),
    ) {
        let mut aggregator = aggregator(&[]);
        let all: Vec<f64> = shares.iter().flatten().copied().collect();
        for share in &shares {
            add(&mut aggregator, HTTP_REQ_DURATION, &[], share);
            add(&mut aggregator, HTTP_REQS, &[], share);
            add(&mut aggregator, CHECKS, &[], share);
        }
        let of = |metric| aggregator.totals(&aggregator.plan.registry().metric(metric), None);
        let Values::Trend(trend) = of(HTTP_REQ_DURATION).values else { panic!() };
        let mut sorted = all.clone();
        sorted.sort_by(f64::total_cmp);
        prop_assert_eq!(trend.exact.as_ref(), Some(&sorted));
        let Values::Counter { count } = of(HTTP_REQS).values else { panic!() };
        let sum: f64 = all.iter().sum();
        prop_assert!((count - sum).abs() <= sum * 1e-12);
        let Values::Rate { passes, fails } = of(CHECKS).values else { panic!() };
        prop_assert_eq!((passes, fails), (all.iter().filter(|v| **v != 0.0).count() as u64, all.iter().filter(|v| **v == 0.0).count() as u64));
    }
}

#[test]
fn sections_add_up_what_belongs_to_them_and_nothing_else() {
    let registry = Arc::new(Registry::new());
    let sub = crate::plan::Submetric {
        metric: HTTP_REQ_DURATION,
        suffix: "ok:1".to_owned(),
        tags: [("ok", "1")].into_iter().collect(),
    };
    let plan = AggregatePlan::new(registry, [sub]).with_sections();
    let mut aggregator = Aggregator::new(Arc::new(plan), Thresholds::default());
    let inside = [("scenario", "buy"), ("group", "::cart"), ("ok", "1")];
    add(&mut aggregator, HTTP_REQ_DURATION, &inside, &[10.0, 20.0]);
    let outside = [("scenario", "buy"), ("group", "")];
    add(&mut aggregator, HTTP_REQ_DURATION, &outside, &[60.0]);
    let other = [("scenario", "default"), ("group", "::cart")];
    add(&mut aggregator, HTTP_REQ_DURATION, &other, &[70.0]);
    let report = aggregator.report(SECOND, &Groups::default());
    let rows: Vec<(String, String, String, u64, f64)> = report
        .sections
        .iter()
        .flat_map(|it| it.totals.iter().map(move |totals| (&it.section, totals)))
        .map(|(section, totals)| {
            let Values::Trend(trend) = &totals.values else {
                panic!("a trend")
            };
            let (scenario, group) = (section.scenario.to_string(), section.group.to_string());
            (
                scenario,
                group,
                totals.full_name(),
                trend.count(),
                trend.max(),
            )
        })
        .collect();
    let row = |scenario: &str, group: &str, name: &str, count, max| {
        (
            scenario.to_owned(),
            group.to_owned(),
            name.to_owned(),
            count,
            max,
        )
    };
    assert_eq!(
        rows,
        [
            row("buy", "", "http_req_duration", 3, 60.0),
            row("buy", "", "http_req_duration{ok:1}", 2, 20.0),
            row("buy", "::cart", "http_req_duration", 2, 20.0),
            row("buy", "::cart", "http_req_duration{ok:1}", 2, 20.0),
            row("", "::cart", "http_req_duration", 1, 70.0),
        ]
    );
}
