//! Samples and the batches in which they travel to outputs that want each one.

use std::sync::Arc;

use crate::series::SeriesId;
use crate::tags::TagSet;

/// A row of a batch's [`MetaTable`]; [`MetaId::NONE`] where a sample has no metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MetaId(pub u32);

impl MetaId {
    /// No metadata.
    pub const NONE: Self = Self(0);
}

/// One measured value. 24 bytes: the text around it was interned before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Metric and tags; an overflow id is resolved by the batch (see [`SampleBatch::overflow`]).
    pub series: SeriesId,
    /// Metadata that is not part of the series' identity, such as `vu` and `iter`.
    pub meta: MetaId,
    /// Nanoseconds since the Unix epoch.
    pub time: i64,
    /// Milliseconds for [`crate::ValueType::Time`], bytes for `Data`.
    pub value: f64,
}

/// The metadata rows of one batch. Row 0 is [`MetaId::NONE`] and is not stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetaTable(Vec<Arc<TagSet>>);

impl MetaTable {
    /// Adds a row unless the last one is the same; the usual case is many samples of one iteration.
    pub fn add(&mut self, meta: &Arc<TagSet>) -> MetaId {
        if meta.is_empty() {
            return MetaId::NONE;
        }
        if self
            .0
            .last()
            .is_none_or(|last| !Arc::ptr_eq(last, meta) && last != meta)
        {
            self.0.push(Arc::clone(meta));
        }
        MetaId(self.0.len() as u32)
    }

    /// The metadata of a sample of the same batch.
    pub fn get(&self, id: MetaId) -> Option<&TagSet> {
        (id.0 as usize)
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .map(|meta| &**meta)
    }

    /// Whether there is no metadata in the whole batch.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What one worker measured since its last batch, in the order it was measured.
#[derive(Debug, Clone, Default)]
pub struct SampleBatch {
    /// The samples.
    pub samples: Vec<Sample>,
    /// Their metadata.
    pub meta: MetaTable,
    /// Series beyond the interner's bound: `SeriesId::overflow(n)` is row `n` here. Raw outputs get
    /// exact tags this way, however many there are.
    pub overflow: Vec<crate::series::Series>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(iteration: &str) -> Arc<TagSet> {
        Arc::new([("iter", iteration)].into_iter().collect())
    }

    #[test]
    fn samples_of_one_iteration_share_a_row() {
        let mut table = MetaTable::default();
        assert!(table.is_empty());
        let first = tags("0");
        let ids = [
            table.add(&first),
            table.add(&first),
            table.add(&tags("0")),
            table.add(&tags("1")),
        ];
        assert_eq!(ids, [MetaId(1), MetaId(1), MetaId(1), MetaId(2)]);
        assert_eq!(
            table.get(ids[0]).and_then(|meta| meta.get("iter")),
            Some("0")
        );
        assert_eq!(
            table.get(ids[3]).and_then(|meta| meta.get("iter")),
            Some("1")
        );
        assert_eq!(table.get(MetaId(3)), None);
    }

    #[test]
    fn no_metadata_takes_no_row() {
        let mut table = MetaTable::default();
        assert_eq!(table.add(&Arc::default()), MetaId::NONE);
        assert!(table.is_empty());
        assert_eq!(table.get(MetaId::NONE), None);
    }

    #[test]
    fn a_sample_is_small() {
        assert_eq!(size_of::<Sample>(), 24);
    }
}
