//! How long the test took, from the times of its samples: files do not tell it, and every rate is divided by it.

use std::time::Duration;

use brunt_metrics::{MetricId, TagSet, builtin};

/// What a series' samples tell of the time that the test took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tells {
    /// Whether it is tagged with a scenario: setup and teardown are not, and do not count.
    in_scenario: bool,
    /// Whether its samples are taken at the end of what their values say took that long.
    is_end: bool,
}

impl Tells {
    /// What samples of a metric with these tags tell.
    pub(crate) fn of(metric: MetricId, tags: &TagSet) -> Self {
        let ends = [
            builtin::ITERATION_DURATION,
            builtin::GROUP_DURATION,
            builtin::HTTP_REQ_DURATION,
        ];
        Self {
            in_scenario: tags.get("scenario").is_some_and(|name| !name.is_empty()),
            is_end: ends.contains(&metric),
        }
    }
}

/// The first beginning and the last end so far, in nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default)]
struct Range(Option<(i64, i64)>);

impl Range {
    fn add(&mut self, begin: i64, end: i64) {
        let (first, last) = self.0.unwrap_or((begin, end));
        self.0 = Some((first.min(begin), last.max(end)));
    }

    fn length(self) -> Option<Duration> {
        let (first, last) = self.0?;
        Some(Duration::from_nanos(last.abs_diff(first)))
    }
}

/// The time that all samples so far took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    scenarios: Range,
    all: Range,
}

impl Span {
    /// Takes in a sample; its value is in milliseconds where it is the end of something.
    #[inline]
    pub(crate) fn add(&mut self, tells: Tells, time: i64, value: f64) {
        let took = if tells.is_end {
            (value * 1e6) as i64
        } else {
            0
        };
        let begin = time.saturating_sub(took.max(0));
        if tells.in_scenario {
            self.scenarios.add(begin, time);
        }
        self.all.add(begin, time);
    }

    /// From the beginning of the first to the end of the last: of what scenarios did where samples are tagged with
    /// them, else of everything.
    pub(crate) fn length(&self) -> Duration {
        let known = self.scenarios.length().or(self.all.length());
        known.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> TagSet {
        pairs.iter().copied().collect()
    }

    #[test]
    fn a_test_takes_from_its_first_iterations_begin_to_the_last_sample_of_a_scenario() {
        let mut span = Span::default();
        assert_eq!(span.length(), Duration::ZERO);
        let setup = Tells::of(builtin::HTTP_REQ_DURATION, &tags(&[("group", "::setup")]));
        span.add(setup, 1_000_000_000, 500.0);
        assert_eq!(span.length(), Duration::from_millis(500));
        let scenario = tags(&[("scenario", "default")]);
        let iteration = Tells::of(builtin::ITERATION_DURATION, &scenario);
        span.add(iteration, 3_000_000_000, 1000.0);
        span.add(
            Tells::of(builtin::DATA_SENT, &scenario),
            4_500_000_000,
            9000.0,
        );
        assert_eq!(span.length(), Duration::from_millis(2500));
    }

    #[test]
    fn no_value_and_no_time_is_too_large() {
        let mut span = Span::default();
        let tells = Tells::of(builtin::ITERATION_DURATION, &TagSet::new());
        for (time, value) in [
            (i64::MIN, 1e300),
            (i64::MAX, -1e300),
            (0, f64::NAN),
            (5, f64::INFINITY),
        ] {
            span.add(tells, time, value);
        }
        assert_eq!(span.length(), Duration::from_nanos(u64::MAX));
    }
}
