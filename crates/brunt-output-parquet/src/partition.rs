//! Which samples belong to which partition.

use brunt_metrics::{SampleBatch, TagSet};
use brunt_output::OutputContext;

const UNKNOWN: u16 = u16::MAX;

/// Files that may be open at once. Scenarios are few; more values come from a script that sets the tag
/// itself.
const MOST: usize = 256;

/// Partitions by the value of a tag.
#[derive(Debug)]
pub(crate) struct Partitions {
    key: &'static str,
    values: Vec<Option<String>>,
    /// How many of them were told.
    told: usize,
    /// Partition by interned series.
    of_series: Vec<u16>,
}

impl Partitions {
    pub(crate) fn new(key: &'static str) -> Self {
        Self {
            key,
            values: Vec::new(),
            told: 0,
            of_series: Vec::new(),
        }
    }

    /// Values that are new since the last call, in the order of their partitions.
    pub(crate) fn new_values(&mut self) -> Vec<Option<String>> {
        let new = self.values[self.told..].to_vec();
        self.told = self.values.len();
        new
    }

    /// The samples of each partition. Those for which there are too many partitions are rejected.
    pub(crate) fn split(
        &mut self,
        batch: &SampleBatch,
        context: &OutputContext,
    ) -> Vec<(usize, SampleBatch)> {
        let mut parts: Vec<(usize, SampleBatch)> = Vec::new();
        let mut refused = 0;
        for sample in &batch.samples {
            let partition = match sample.series.overflow_row() {
                Some(row) => {
                    let series = batch.overflow.get(row);
                    self.of_tags(series.map(|series| &*series.tags))
                }
                None => self.of_series(sample.series.0, context),
            };
            let Some(partition) = partition else {
                refused += 1;
                continue;
            };
            let at = parts.iter().position(|(other, _)| *other == partition);
            let at = at.unwrap_or_else(|| {
                let part = SampleBatch {
                    samples: Vec::new(),
                    meta: batch.meta.clone(),
                    overflow: batch.overflow.clone(),
                };
                parts.push((partition, part));
                parts.len() - 1
            });
            parts[at].1.samples.push(*sample);
        }
        if refused > 0 {
            let reason = format!("the tag '{}' has more than {MOST} values", self.key);
            context.account.rejected(refused, &reason);
        }
        parts
    }

    fn of_series(&mut self, series: u32, context: &OutputContext) -> Option<usize> {
        let at = series as usize;
        match self.of_series.get(at) {
            Some(&UNKNOWN) | None => {}
            Some(known) => return Some(usize::from(*known)),
        }
        let resolved = context.interner.resolve(brunt_metrics::SeriesId(series));
        let partition = self.of_tags(resolved.as_ref().map(|series| &*series.tags))?;
        if self.of_series.len() <= at {
            self.of_series.resize(at + 1, UNKNOWN);
        }
        self.of_series[at] = partition as u16;
        Some(partition)
    }

    fn of_tags(&mut self, tags: Option<&TagSet>) -> Option<usize> {
        let value = tags.and_then(|tags| tags.get(self.key));
        let known = self
            .values
            .iter()
            .position(|other| other.as_deref() == value);
        if known.is_some() || self.values.len() == MOST {
            return known;
        }
        self.values.push(value.map(str::to_owned));
        Some(self.values.len() - 1)
    }
}
