//! Tells load generators apart whose files do not: a tag for all samples of a file.
//!
//! Behind the readers and not in them: each format makes series in its own way, and here they are numbers already.

use std::sync::Arc;

use brunt_metrics::{Interner, SampleBatch, Series, SeriesId, TagSet};
use rustc_hash::FxHashMap;

use crate::series::Known;

/// The tag that outputs know as the generator's.
const TAG: &str = "instance";

/// Gives the samples of one file its tag.
#[derive(Debug)]
pub(crate) struct Retag {
    interner: Arc<Interner>,
    value: String,
    /// What became of the series that were seen.
    series: FxHashMap<SeriesId, SeriesId>,
}

impl Retag {
    pub(crate) fn new(known: &Known, value: &str) -> Self {
        Self {
            interner: Arc::clone(&known.interner),
            value: value.to_owned(),
            series: FxHashMap::default(),
        }
    }

    /// Adds the tag to all samples that have none of that name.
    pub(crate) fn batch(&mut self, batch: &mut SampleBatch) {
        for series in &mut batch.overflow {
            series.tags = self.tags(&series.tags);
        }
        // Those of this batch only, whose tags the interner has no room for.
        let mut beyond: FxHashMap<SeriesId, SeriesId> = FxHashMap::default();
        for at in 0..batch.samples.len() {
            let old = batch.samples[at].series;
            if old.overflow_row().is_some() {
                continue;
            }
            let known = self.series.get(&old).or_else(|| beyond.get(&old)).copied();
            let Some(new) = known.or_else(|| self.series(old, batch, &mut beyond)) else {
                continue;
            };
            batch.samples[at].series = new;
        }
    }

    #[cold]
    fn series(
        &mut self,
        old: SeriesId,
        batch: &mut SampleBatch,
        beyond: &mut FxHashMap<SeriesId, SeriesId>,
    ) -> Option<SeriesId> {
        let Series { metric, tags } = self.interner.resolve(old)?;
        let tags = self.tags(&tags);
        let interned = self.interner.tag_set(&tags);
        if let Some(new) = interned.and_then(|tags| self.interner.series(metric, tags)) {
            self.series.insert(old, new);
            return Some(new);
        }
        let new = SeriesId::overflow(batch.overflow.len() as u32);
        batch.overflow.push(Series { metric, tags });
        beyond.insert(old, new);
        Some(new)
    }

    fn tags(&self, tags: &Arc<TagSet>) -> Arc<TagSet> {
        if tags.get(TAG).is_some() {
            return Arc::clone(tags);
        }
        let mut tagged = TagSet::clone(tags);
        tagged.set(TAG, self.value.as_str());
        Arc::new(tagged)
    }
}

#[cfg(test)]
mod tests {
    use brunt_metrics::{MetaId, Registry, Sample, builtin};

    use super::*;

    /// The tags of each sample, by the batch.
    fn tags(known: &Known, batch: &SampleBatch) -> Vec<String> {
        let of = |sample: &Sample| {
            let series = match sample.series.overflow_row() {
                Some(row) => batch.overflow[row].clone(),
                None => known.interner.resolve(sample.series).unwrap(),
            };
            let tags = series
                .tags
                .iter()
                .map(|(name, value)| format!("{name}={value} "));
            tags.collect::<String>()
        };
        batch.samples.iter().map(of).collect()
    }

    #[test]
    fn every_sample_has_the_tag_and_its_own_wins_also_where_the_interner_is_full() {
        for room in [100, 3] {
            let known = Known {
                registry: Arc::new(Registry::new()),
                interner: Arc::new(Interner::new(room)),
            };
            let mut batch = SampleBatch::default();
            for pairs in [
                vec![("a", "1")],
                vec![("b", "2"), (TAG, "mine")],
                vec![("a", "1")],
            ] {
                let tags: TagSet = pairs.into_iter().collect();
                let tags = known.interner.tag_set(&tags).unwrap();
                batch.samples.push(Sample {
                    series: known.interner.series(builtin::VUS, tags).unwrap(),
                    meta: MetaId::NONE,
                    time: 1,
                    value: 1.0,
                });
            }
            let metric = builtin::VUS;
            let own = Arc::new([("c", "3")].into_iter().collect::<TagSet>());
            batch.overflow.push(Series { metric, tags: own });
            let beyond = Sample {
                series: SeriesId::overflow(0),
                ..batch.samples[0]
            };
            batch.samples.push(beyond);
            Retag::new(&known, "gen-1").batch(&mut batch);
            assert_eq!(
                tags(&known, &batch),
                [
                    "a=1 instance=gen-1 ",
                    "b=2 instance=mine ",
                    "a=1 instance=gen-1 ",
                    "c=3 instance=gen-1 "
                ],
                "room for {room}"
            );
        }
    }
}
