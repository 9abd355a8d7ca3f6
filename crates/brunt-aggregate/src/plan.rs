//! Which totals a sample counts towards: its metric's, and those of the sub-metrics it matches.
//!
//! Every metric has a root aggregate whose id is the metric's own, so that a metric made after the
//! plan still counts. Sub-metrics are fixed once the options are known. The matching is done once
//! for each series and worker, never for each sample.

use std::sync::Arc;

use brunt_metrics::{Metric, MetricId, Registry, TagSet};
use rustc_hash::FxHashMap;

/// The totals of a metric or of a sub-metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AggregateId {
    /// All samples of a metric.
    Root(MetricId),
    /// The samples of a sub-metric, by its place in the plan.
    Sub(u32),
}

/// A sub-metric: the samples of a metric that carry certain tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submetric {
    /// The metric.
    pub metric: MetricId,
    /// The text between the braces, as the user wrote it.
    pub suffix: String,
    /// The tags that a sample must have.
    pub tags: TagSet,
}

/// All sub-metrics of a test.
#[derive(Debug)]
pub struct AggregatePlan {
    registry: Arc<Registry>,
    submetrics: Vec<Submetric>,
    of_metric: FxHashMap<MetricId, Vec<u32>>,
}

impl AggregatePlan {
    /// A plan with these sub-metrics; one that is given twice counts once.
    pub fn new(registry: Arc<Registry>, submetrics: impl IntoIterator<Item = Submetric>) -> Self {
        let mut plan = Self {
            registry,
            submetrics: Vec::new(),
            of_metric: FxHashMap::default(),
        };
        for submetric in submetrics {
            if plan.find(submetric.metric, &submetric.suffix).is_none() {
                let at = plan.submetrics.len() as u32;
                plan.of_metric.entry(submetric.metric).or_default().push(at);
                plan.submetrics.push(submetric);
            }
        }
        plan
    }

    /// The aggregates that a series counts towards: its metric's own one first.
    pub fn matching(&self, metric: MetricId, tags: &TagSet) -> impl Iterator<Item = AggregateId> {
        let matched = self
            .submetrics_of(metric)
            .filter(|(_, sub)| tags.contains_all(&sub.tags));
        std::iter::once(AggregateId::Root(metric)).chain(matched.map(|(id, _)| id))
    }

    /// The sub-metrics of a metric in the order in which they were given.
    pub fn submetrics_of(
        &self,
        metric: MetricId,
    ) -> impl Iterator<Item = (AggregateId, &Submetric)> {
        let places = self.of_metric.get(&metric).map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .map(|&at| (AggregateId::Sub(at), &self.submetrics[at as usize]))
    }

    /// The sub-metric with this text between the braces.
    pub fn find(&self, metric: MetricId, suffix: &str) -> Option<AggregateId> {
        self.submetrics_of(metric)
            .find(|(_, sub)| sub.suffix == suffix)
            .map(|(id, _)| id)
    }

    /// The metric that an aggregate belongs to; `None` for a sub-metric of another plan.
    pub fn metric_of(&self, id: AggregateId) -> Option<Arc<Metric>> {
        let metric = match id {
            AggregateId::Root(metric) => metric,
            AggregateId::Sub(at) => self.submetrics.get(at as usize)?.metric,
        };
        ((metric.0 as usize) < self.registry.len()).then(|| self.registry.metric(metric))
    }

    /// All sub-metrics, by their place.
    pub fn submetrics(&self) -> &[Submetric] {
        &self.submetrics
    }

    /// The metrics that the plan is for.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }
}

#[cfg(test)]
mod tests {
    use brunt_metrics::builtin::{CHECKS, HTTP_REQS};

    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> TagSet {
        pairs.iter().copied().collect()
    }

    fn sub(metric: MetricId, suffix: &str, pairs: &[(&str, &str)]) -> Submetric {
        Submetric {
            metric,
            suffix: suffix.to_owned(),
            tags: tags(pairs),
        }
    }

    #[test]
    fn a_series_counts_towards_its_metric_and_every_submetric_whose_tags_it_has() {
        let plan = AggregatePlan::new(
            Arc::new(Registry::new()),
            [
                sub(HTTP_REQS, "a:1", &[("a", "1")]),
                sub(HTTP_REQS, "a:1,b:2", &[("a", "1"), ("b", "2")]),
                sub(CHECKS, "a:1", &[("a", "1")]),
                sub(HTTP_REQS, "a:1", &[("a", "1")]),
            ],
        );
        let of = |metric, pairs: &[_]| plan.matching(metric, &tags(pairs)).collect::<Vec<_>>();
        let (root, checks) = (AggregateId::Root(HTTP_REQS), AggregateId::Root(CHECKS));
        assert_eq!(of(HTTP_REQS, &[]), [root]);
        assert_eq!(
            of(HTTP_REQS, &[("a", "1"), ("z", "")]),
            [root, AggregateId::Sub(0)]
        );
        assert_eq!(
            of(HTTP_REQS, &[("b", "2"), ("a", "1")]),
            [root, AggregateId::Sub(0), AggregateId::Sub(1)]
        );
        assert_eq!(
            of(CHECKS, &[("a", "1"), ("b", "2")]),
            [checks, AggregateId::Sub(2)]
        );
        assert_eq!(plan.submetrics().len(), 3);
    }

    #[test]
    fn a_metric_made_after_the_plan_has_its_root() {
        let registry = Arc::new(Registry::new());
        let plan = AggregatePlan::new(Arc::clone(&registry), []);
        let late = registry
            .register(
                "late",
                brunt_metrics::MetricKind::Gauge,
                brunt_metrics::ValueType::Default,
            )
            .unwrap();
        assert_eq!(
            plan.metric_of(AggregateId::Root(late.id)).unwrap().name,
            late.name
        );
        assert_eq!(plan.metric_of(AggregateId::Root(MetricId(999))), None);
        assert_eq!(plan.metric_of(AggregateId::Sub(0)), None);
    }
}
