//! Thresholds: which there are, how they went when they were last judged, and whether one of them
//! ends the test.

use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::{Metric, MetricKind, Registry, TagSet};

use crate::expression::{Aggregation, Expression};
use crate::key::{KeyError, MetricKey};
use crate::plan::Submetric;
use crate::totals::{ThresholdResult, Totals};

/// A threshold as the options give it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThresholdSpec {
    /// The expression, such as `p(95)<300`.
    pub expression: String,
    /// Whether a broken threshold ends the test.
    pub abort_on_fail: bool,
    /// How long the test has to run before it may be ended.
    pub delay_abort_eval: Duration,
}

/// The thresholds of the options make no sense; the test does not start (exit code 104).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// The key is malformed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no metric of this name.
    #[error(
        "there is no metric named '{name}'; a metric of your own has to be created in the init context"
    )]
    UnknownMetric {
        /// The key as it was given.
        key: String,
        /// The metric's name in it.
        name: String,
    },
    /// The expression is malformed.
    #[error("malformed threshold '{expression}': {reason}")]
    Expression {
        /// The key as it was given.
        key: String,
        /// The expression.
        expression: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The metric does not have the aggregation.
    #[error("'{aggregation}' in '{expression}' does not exist for a {kind}, which has {choices}")]
    Aggregation {
        /// The key as it was given.
        key: String,
        /// The expression.
        expression: String,
        /// The aggregation in it.
        aggregation: String,
        /// What kind of metric it is.
        kind: MetricKind,
        /// What that kind has.
        choices: &'static str,
    },
}

impl ThresholdError {
    /// The key in `options.thresholds` that is wrong or holds what is wrong.
    pub fn key(&self) -> &str {
        match self {
            Self::Key(error) => &error.key,
            Self::UnknownMetric { key, .. }
            | Self::Expression { key, .. }
            | Self::Aggregation { key, .. } => key,
        }
    }
}

/// The threshold that ended the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// `name` or `name{suffix}`.
    pub metric: String,
    /// The expression as the user wrote it.
    pub expression: String,
}

/// All thresholds of a test.
#[derive(Debug, Clone, Default)]
pub struct Thresholds {
    targets: Vec<Target>,
}

/// The thresholds on one metric or sub-metric.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) metric: Arc<Metric>,
    pub(crate) submetric: Option<(String, TagSet)>,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    expression: Expression,
    abort_on_fail: bool,
    delay: Duration,
    value: f64,
    ok: bool,
}

impl Thresholds {
    /// Reads the thresholds of the options, after the script's init so that its metrics are known.
    pub fn parse<'a>(
        specs: impl IntoIterator<Item = (&'a str, &'a [ThresholdSpec])>,
        registry: &Registry,
    ) -> Result<Self, ThresholdError> {
        let mut targets: Vec<Target> = Vec::new();
        for (text, specs) in specs {
            let key = MetricKey::parse(text)?;
            let Some(metric) = registry.get(&key.name) else {
                return Err(ThresholdError::UnknownMetric {
                    key: text.to_owned(),
                    name: key.name,
                });
            };
            let rules = specs
                .iter()
                .map(|spec| Rule::parse(text, &metric, spec))
                .collect::<Result<Vec<_>, _>>()?;
            let suffix =
                |target: &Option<(String, TagSet)>| target.as_ref().map(|(text, _)| text.clone());
            let known = targets.iter_mut().find(|target| {
                target.metric.id == metric.id && suffix(&target.submetric) == suffix(&key.submetric)
            });
            match known {
                Some(target) => target.rules.extend(rules),
                None => targets.push(Target {
                    metric,
                    submetric: key.submetric,
                    rules,
                }),
            }
        }
        Ok(Self { targets })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.targets.iter().all(|target| target.rules.is_empty())
    }

    /// The sub-metrics that the plan needs for these thresholds.
    pub fn submetrics(&self) -> impl Iterator<Item = Submetric> {
        self.targets.iter().filter_map(|target| {
            let (suffix, tags) = target.submetric.clone()?;
            Some(Submetric {
                metric: target.metric.id,
                suffix,
                tags,
            })
        })
    }

    /// The expressions on each metric and sub-metric, in the user's order: metric, text between the
    /// braces, expressions.
    pub fn sources(&self) -> impl Iterator<Item = (&Arc<Metric>, Option<&str>, Vec<&str>)> {
        self.targets.iter().map(|target| {
            let sources = target
                .rules
                .iter()
                .map(|rule| rule.expression.source.as_str());
            (
                &target.metric,
                target.submetric.as_ref().map(|(text, _)| text.as_str()),
                sources.collect(),
            )
        })
    }

    pub(crate) fn targets_mut(&mut self) -> &mut [Target] {
        &mut self.targets
    }

    pub(crate) fn target(&self, metric: &Metric, suffix: Option<&str>) -> Option<&Target> {
        self.targets.iter().find(|target| {
            target.metric.id == metric.id
                && target.submetric.as_ref().map(|(text, _)| text.as_str()) == suffix
        })
    }
}

impl Target {
    /// Judges the thresholds; the first broken one that may end the test now is the answer. Before
    /// the end a metric without data is not judged.
    pub(crate) fn judge(
        &mut self,
        totals: &Totals,
        elapsed: Duration,
        last: bool,
    ) -> Option<Breach> {
        if !totals.seen && !last {
            return None;
        }
        let mut breach = None;
        for rule in &mut self.rules {
            rule.judge(totals, elapsed);
            if !rule.ok && rule.abort_on_fail && elapsed >= rule.delay && breach.is_none() {
                let expression = rule.expression.source.clone();
                breach = Some(Breach {
                    metric: totals.full_name(),
                    expression,
                });
            }
        }
        breach
    }

    pub(crate) fn results(&self) -> Vec<ThresholdResult> {
        self.rules
            .iter()
            .map(|rule| ThresholdResult {
                source: rule.expression.source.clone(),
                aggregation: rule.expression.aggregation.to_string(),
                value: rule.value,
                ok: rule.ok,
            })
            .collect()
    }
}

impl Rule {
    fn parse(key: &str, metric: &Metric, spec: &ThresholdSpec) -> Result<Self, ThresholdError> {
        let expression = Expression::parse(&spec.expression).map_err(|reason| {
            let (key, expression) = (key.to_owned(), spec.expression.clone());
            ThresholdError::Expression {
                key,
                expression,
                reason,
            }
        })?;
        if !expression.aggregation.fits(metric.kind) {
            return Err(ThresholdError::Aggregation {
                key: key.to_owned(),
                expression: spec.expression.clone(),
                aggregation: expression.aggregation.to_string(),
                kind: metric.kind,
                choices: Aggregation::names_for(metric.kind),
            });
        }
        let (abort_on_fail, delay) = (spec.abort_on_fail, spec.delay_abort_eval);
        Ok(Self {
            expression,
            abort_on_fail,
            delay,
            value: 0.0,
            ok: true,
        })
    }

    fn judge(&mut self, totals: &Totals, elapsed: Duration) {
        self.value = self
            .expression
            .aggregation
            .of(&totals.values, elapsed.as_secs_f64())
            .unwrap_or(0.0);
        let empty_rate = !totals.seen && totals.metric.kind == MetricKind::Rate;
        self.ok = empty_rate || self.expression.holds(self.value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(key: &str, expression: &str) -> Result<Thresholds, ThresholdError> {
        let spec = ThresholdSpec {
            expression: expression.to_owned(),
            ..ThresholdSpec::default()
        };
        Thresholds::parse([(key, &[spec][..])], &Registry::new())
    }

    #[test]
    fn errors_name_the_key_and_the_remedy() {
        for (key, expression, parts) in [
            (
                "nope",
                "count>1",
                &["no metric named 'nope'", "init context"][..],
            ),
            (
                "iterations",
                "p(95)<1",
                &["'p(95)'", "counter", "count, rate"],
            ),
            (
                "http_req_duration{a:b}",
                "value<1",
                &["trend", "avg, min, med, max, p(N)"],
            ),
            ("vus", "rate<1", &["gauge, which has value"]),
            ("checks", "count<1", &["rate, which has rate"]),
            (
                "iterations",
                "count is high",
                &["malformed threshold 'count is high'"],
            ),
            ("checks{a}", "rate<1", &["malformed metric 'checks{a}'"]),
        ] {
            let error = parse(key, expression).unwrap_err();
            assert_eq!(error.key(), key);
            let message = error.to_string();
            for part in parts {
                assert!(message.contains(part), "{key} {expression}: {message}");
            }
        }
    }

    #[test]
    fn one_submetric_for_each_text_between_braces() {
        let spec = |text: &str| ThresholdSpec {
            expression: text.to_owned(),
            ..ThresholdSpec::default()
        };
        let (one, two) = ([spec("count>1")], [spec("count>2")]);
        let thresholds = Thresholds::parse(
            [
                ("http_reqs{a:b}", &one[..]),
                ("http_reqs", &one),
                ("http_reqs{a:b} ", &two),
            ],
            &Registry::new(),
        )
        .unwrap();
        assert_eq!(
            thresholds
                .submetrics()
                .map(|sub| sub.suffix)
                .collect::<Vec<_>>(),
            ["a:b"]
        );
        let sources: Vec<_> = thresholds
            .sources()
            .map(|(_, suffix, sources)| (suffix, sources))
            .collect();
        assert_eq!(
            sources,
            [
                (Some("a:b"), vec!["count>1", "count>2"]),
                (None, vec!["count>1"])
            ]
        );
    }
}
