//! From columns back to batches of samples.
//!
//! Files come from other programs too (a query that filtered, a script that joined), so texts may be
//! plain or dictionaries of any width, and a column that the schema does not know is a tag.

mod maps;
mod texts;

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use brunt_metrics::{
    Interner, MetaId, MetaTable, Metric, Registry, RegistryError, Sample, SampleBatch, Series,
    SeriesId, TagSet, ValueType,
};
use rustc_hash::{FxBuildHasher, FxHashMap};

use self::maps::Maps;
use self::texts::Texts;
use crate::metadata::kind;
use crate::schema::{METADATA, METRIC, TAGS, TIME, TYPE, UNIT, VALUE};

/// Columns that are not those of samples.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is no such column.
    #[error("there is no column '{0}'")]
    Missing(&'static str),
    /// The column holds something else.
    #[error("the column '{name}' is of the type {found}, not {expected}")]
    Type {
        /// The column.
        name: String,
        /// Its type.
        found: String,
        /// What can be read.
        expected: &'static str,
    },
    /// A value is missing or means nothing.
    #[error("row {row}: the column '{name}' has no {expected}")]
    Value {
        /// The row in its batch, from 0.
        row: usize,
        /// The column.
        name: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A metric is of two kinds.
    #[error(transparent)]
    Metric(#[from] RegistryError),
}

/// Reads record batches into a registry and an interner.
#[derive(Debug)]
pub struct Decoder {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
}

/// Series of one batch that were seen already, by their keys in all columns.
struct Seen {
    by_hash: FxHashMap<u64, Vec<(usize, SeriesId)>>,
    overflow: Vec<Series>,
}

impl Decoder {
    /// Metrics and series that are read will be in these.
    pub fn new(registry: Arc<Registry>, interner: Arc<Interner>) -> Self {
        Self { registry, interner }
    }

    /// The samples of a record batch, in its order.
    pub fn decode(&self, batch: &RecordBatch) -> Result<SampleBatch, DecodeError> {
        let metric = Texts::of(batch, METRIC)?;
        let of_type = Texts::of(batch, TYPE)?;
        let unit = Texts::optional(batch, UNIT)?;
        let times = times(column(batch, TIME)?)?;
        let values = column(batch, VALUE)?;
        let values = values
            .as_primitive_opt::<Float64Type>()
            .ok_or_else(|| wrong(VALUE, values, "a 64-bit float"))?;
        let mut tags: Vec<(String, Texts<'_>)> = Vec::new();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let fixed = [METRIC, TYPE, UNIT, TIME, VALUE, TAGS, METADATA];
            if !fixed.contains(&field.name().as_str()) {
                tags.push((field.name().clone(), Texts::read(field.name(), array)?));
            }
        }
        let others = Maps::of(batch, TAGS)?;
        let metadata = Maps::of(batch, METADATA)?;

        let mut seen = Seen {
            by_hash: FxHashMap::default(),
            overflow: Vec::new(),
        };
        let mut meta = MetaTable::default();
        let mut last_meta: Option<(usize, MetaId)> = None;
        let mut samples = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let key = |row: usize| {
                let of_tags = tags.iter().map(move |(_, texts)| texts.key(row));
                [metric.key(row), of_type.key(row), unit.key(row)]
                    .into_iter()
                    .chain(of_tags)
            };
            let mut hash = 0;
            for key in key(row) {
                hash = FxBuildHasher.hash_one((hash, key));
            }
            let candidates = seen.by_hash.entry(hash).or_default();
            let same = candidates
                .iter()
                .find(|(other, _)| key(*other).eq(key(row)) && others.same(*other, row));
            let series = if let Some((_, series)) = same {
                *series
            } else {
                let metric = self.metric(row, &metric, &of_type, &unit)?;
                let own = tags
                    .iter()
                    .filter_map(|(name, texts)| Some((name.as_str(), texts.get(row)?)));
                let tags: TagSet = others.entries(row).chain(own).collect();
                let series = self.series(&metric, tags, &mut seen.overflow);
                candidates.push((row, series));
                series
            };
            let meta = match last_meta {
                Some((before, id)) if metadata.same(before, row) => id,
                _ => meta.add(&Arc::new(metadata.entries(row).collect())),
            };
            last_meta = Some((row, meta));
            if times.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                return Err(missing(row, TIME, "time"));
            }
            if values.is_null(row) {
                return Err(missing(row, VALUE, "number"));
            }
            samples.push(Sample {
                series,
                meta,
                time: times.at(row),
                value: values.value(row),
            });
        }
        Ok(SampleBatch {
            samples,
            meta,
            overflow: seen.overflow,
        })
    }

    fn metric(
        &self,
        row: usize,
        name: &Texts<'_>,
        of_type: &Texts<'_>,
        unit: &Texts<'_>,
    ) -> Result<Arc<Metric>, DecodeError> {
        let name = name.get(row).ok_or_else(|| missing(row, METRIC, "name"))?;
        let kind = of_type
            .get(row)
            .and_then(kind)
            .ok_or_else(|| missing(row, TYPE, "kind of metric: counter, gauge, rate or trend"))?;
        let contains = match unit.get(row) {
            Some("ms") => ValueType::Time,
            Some("bytes") => ValueType::Data,
            _ => ValueType::Default,
        };
        Ok(self.registry.register(name, kind, contains)?)
    }

    fn series(&self, metric: &Metric, tags: TagSet, overflow: &mut Vec<Series>) -> SeriesId {
        let set = self.interner.tag_set(&tags);
        let known = set.and_then(|set| self.interner.series(metric.id, set));
        known.unwrap_or_else(|| {
            overflow.push(Series {
                metric: metric.id,
                tags: Arc::new(tags),
            });
            SeriesId::overflow(overflow.len() as u32 - 1)
        })
    }
}

/// A column of times, in whatever unit.
struct Times {
    values: arrow_buffer::ScalarBuffer<i64>,
    nulls: Option<arrow_buffer::NullBuffer>,
    nanoseconds: i64,
}

impl Times {
    fn at(&self, row: usize) -> i64 {
        self.values[row].saturating_mul(self.nanoseconds)
    }
}

fn times(array: &ArrayRef) -> Result<Times, DecodeError> {
    macro_rules! read {
        ($of:ty, $nanoseconds:expr) => {{
            let array = array.as_primitive::<$of>();
            Times {
                values: array.values().clone(),
                nulls: array.nulls().cloned(),
                nanoseconds: $nanoseconds,
            }
        }};
    }
    Ok(match array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => read!(TimestampNanosecondType, 1),
        DataType::Timestamp(TimeUnit::Microsecond, _) => read!(TimestampMicrosecondType, 1_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) => read!(TimestampMillisecondType, 1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => read!(TimestampSecondType, 1_000_000_000),
        _ => return Err(wrong(TIME, array, "a timestamp")),
    })
}

fn column<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a ArrayRef, DecodeError> {
    batch.column_by_name(name).ok_or(DecodeError::Missing(name))
}

fn wrong(name: &str, array: &ArrayRef, expected: &'static str) -> DecodeError {
    DecodeError::Type {
        name: name.to_owned(),
        found: array.data_type().to_string(),
        expected,
    }
}

fn missing(row: usize, name: &'static str, expected: &'static str) -> DecodeError {
    DecodeError::Value {
        row,
        name,
        expected,
    }
}

#[cfg(test)]
mod tests;
