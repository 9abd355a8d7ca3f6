//! Which totals a sample counts towards: its metric's, and those of the sub-metrics it matches.
//!
//! Every metric has a root aggregate whose id is the metric's own, so that a metric made after the
//! plan still counts. Sub-metrics are fixed once the options are known. The matching is done once
//! for each series and worker, never for each sample.

use std::sync::Arc;

use brunt_metrics::{Metric, MetricId, MetricKind, Registry, Sink, TagSet, ValueType};
use rustc_hash::FxHashMap;

use crate::sections::{SectionId, Sections};

/// The totals of a metric or of a sub-metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AggregateId {
    /// All samples of a metric.
    Root(MetricId),
    /// The samples of a sub-metric, by its place in the plan.
    Sub(u32),
    /// Those of the first kind that fall into a section of the summary.
    SectionRoot(SectionId, MetricId),
    /// Those of the second kind that fall into a section of the summary.
    SectionSub(SectionId, u32),
}

impl AggregateId {
    /// An empty sink of the size that fits it.
    pub fn sink(self, kind: MetricKind, contains: ValueType) -> Sink {
        match self {
            Self::Root(_) | Self::Sub(_) => Sink::for_metric(kind, contains),
            Self::SectionRoot(..) | Self::SectionSub(..) => Sink::for_section(kind, contains),
        }
    }

    /// The same of a section's samples only.
    fn within(self, section: SectionId) -> Self {
        match self {
            Self::Root(metric) | Self::SectionRoot(_, metric) => Self::SectionRoot(section, metric),
            Self::Sub(at) | Self::SectionSub(_, at) => Self::SectionSub(section, at),
        }
    }
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

/// All sub-metrics of a test, and its sections if the summary is to show them.
#[derive(Debug)]
pub struct AggregatePlan {
    registry: Arc<Registry>,
    sections: Option<Sections>,
    submetrics: Vec<Submetric>,
    of_metric: FxHashMap<MetricId, Vec<u32>>,
}

impl AggregatePlan {
    /// A plan with these sub-metrics; one that is given twice counts once.
    pub fn new(registry: Arc<Registry>, submetrics: impl IntoIterator<Item = Submetric>) -> Self {
        let mut plan = Self {
            registry,
            sections: None,
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

    /// The same plan, which also adds up the samples of each scenario and group on their own.
    #[must_use]
    pub fn with_sections(self) -> Self {
        Self {
            sections: Some(Sections::default()),
            ..self
        }
    }

    /// The sections so far, if they are added up.
    pub fn sections(&self) -> Option<&Sections> {
        self.sections.as_ref()
    }

    /// The aggregates that a series counts towards: its metric's own one first.
    pub fn matching(&self, metric: MetricId, tags: &TagSet) -> Vec<AggregateId> {
        let matched = self
            .submetrics_of(metric)
            .filter(|(_, sub)| tags.contains_all(&sub.tags));
        let mut ids = vec![AggregateId::Root(metric)];
        ids.extend(matched.map(|(id, _)| id));
        if let Some(sections) = &self.sections {
            let whole = ids.len();
            for section in sections.of(tags) {
                ids.extend_from_within(..whole);
                let start = ids.len() - whole;
                for id in &mut ids[start..] {
                    *id = id.within(section);
                }
            }
        }
        ids
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
            AggregateId::Root(metric) | AggregateId::SectionRoot(_, metric) => metric,
            AggregateId::Sub(at) | AggregateId::SectionSub(_, at) => {
                self.submetrics.get(at as usize)?.metric
            }
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
        let of = |metric, pairs: &[_]| plan.matching(metric, &tags(pairs));
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
    fn sections_repeat_what_a_series_counts_towards() {
        let registry = Arc::new(Registry::new());
        let plan = AggregatePlan::new(registry, [sub(HTTP_REQS, "a:1", &[("a", "1")])]);
        let plan = plan.with_sections();
        let of = |pairs: &[_]| plan.matching(HTTP_REQS, &tags(pairs));
        let (root, sub) = (AggregateId::Root(HTTP_REQS), AggregateId::Sub(0));
        assert_eq!(of(&[("scenario", "default"), ("group", "")]), [root]);
        let (first, second) = (SectionId(0), SectionId(1));
        assert_eq!(
            of(&[("scenario", "buy"), ("group", "::cart"), ("a", "1")]),
            [
                root,
                sub,
                AggregateId::SectionRoot(first, HTTP_REQS),
                AggregateId::SectionSub(first, 0),
                AggregateId::SectionRoot(second, HTTP_REQS),
                AggregateId::SectionSub(second, 0),
            ]
        );
        assert_eq!(
            of(&[("scenario", "buy")]),
            [root, AggregateId::SectionRoot(first, HTTP_REQS)]
        );
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
