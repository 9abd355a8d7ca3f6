//! What a request must keep to by itself, whatever came before (OTLP specification and the comments of
//! `metrics.proto`).

use super::message::{Kind, Metric, Point};

/// No exponential histogram has more buckets on one side (the SDK specification's default).
const MOST_BUCKETS: usize = 160;

/// What is wrong with the metrics of a request.
pub(super) fn check(metrics: &[Metric]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    names.sort_unstable();
    let mut twice = names.iter().zip(names.iter().skip(1));
    if let Some((name, _)) = twice.find(|(one, other)| one == other) {
        problems.push(format!("the metric {name} is there twice"));
    }
    for metric in metrics {
        metric_is_fine(metric, &mut problems);
        for point in &metric.points {
            if let Err(problem) = point_is_fine(metric.kind, point) {
                problems.push(format!("{} {:?}: {problem}", metric.name, point.attributes));
            }
        }
    }
    problems
}

fn metric_is_fine(metric: &Metric, problems: &mut Vec<String>) {
    let mut check = |fine: bool, problem: &str| {
        if !fine {
            problems.push(format!("{}: {problem}", metric.name));
        }
    };
    for key in ["service.name", "service.version", "service.instance.id"] {
        let there = metric.resource.get(key).is_some_and(|v| !v.is_empty());
        check(there, &format!("the resource has no {key}"));
    }
    check(!metric.scope.0.is_empty(), "the scope has no name");
    check(
        metric.twice.is_none(),
        &format!("the attribute {:?} is there twice", metric.twice),
    );
    let begins = metric.name.starts_with(|c: char| c.is_ascii_alphabetic());
    check(begins && metric.name.len() <= 255, "this is no name");
    check(!metric.points.is_empty(), "there are no data points");
    check(metric.kind != Kind::None, "there are no data");
    if let Some(temporality) = metric.kind.temporality() {
        check(matches!(temporality, 1 | 2), "the temporality is missing");
    }
}

fn point_is_fine(kind: Kind, point: &Point) -> Result<(), String> {
    let check = |fine: bool, problem: &str| {
        if fine {
            Ok(())
        } else {
            Err(problem.to_owned())
        }
    };
    check(
        point.attributes.keys().all(|key| !key.is_empty()),
        "an attribute has no name",
    )?;
    check(point.time > 0, "there is no time")?;
    if kind != Kind::Gauge {
        check(point.start > 0, "there is no start time")?;
        check(point.start < point.time, "the interval is empty")?;
    }
    match kind {
        Kind::None => {}
        Kind::Gauge => check(
            point.value.is_some_and(f64::is_finite),
            "the value is no number",
        )?,
        Kind::Sum { monotonic, .. } => {
            let value = point.value.unwrap_or(f64::NAN);
            check(value.is_finite(), "the value is no number")?;
            check(!monotonic || value >= 0.0, "a monotonic sum is negative")?;
        }
        Kind::Histogram { .. } => {
            check(
                point.buckets.len() == point.bounds.len() + 1,
                "bounds and buckets do not fit",
            )?;
            check(
                point.bounds.windows(2).all(|pair| pair[0] < pair[1]),
                "bounds do not ascend",
            )?;
            check(
                point.buckets.iter().sum::<u64>() == point.count,
                "buckets do not add up to the count",
            )?;
            distribution_is_fine(point)?;
        }
        Kind::Exponential { .. } => {
            let all = point.buckets.iter().chain(&point.negative).sum::<u64>();
            check(
                all + point.zero_count == point.count,
                "buckets do not add up to the count",
            )?;
            check((-10..=20).contains(&point.scale), "there is no such scale")?;
            for side in [&point.buckets, &point.negative] {
                check(side.len() <= MOST_BUCKETS, "there are too many buckets")?;
                let ends = [side.first(), side.last()];
                check(!ends.contains(&Some(&0)), "an outer bucket is empty")?;
            }
            check(
                point.zero_threshold >= 0.0,
                "the zero threshold is negative",
            )?;
            check(
                point.negative.is_empty() || point.sum.is_none(),
                "there is a sum although values are negative",
            )?;
            distribution_is_fine(point)?;
        }
    }
    Ok(())
}

fn distribution_is_fine(point: &Point) -> Result<(), String> {
    if point.count == 0 {
        return Err("there are no values".to_owned());
    }
    if let (Some(min), Some(max)) = (point.min, point.max)
        && min > max
    {
        return Err("the smallest value is larger than the largest".to_owned());
    }
    if point.sum.is_some_and(|sum| !sum.is_finite()) {
        return Err("the sum is no number".to_owned());
    }
    Ok(())
}
