//! From batches of samples to columns.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, TimestampNanosecondArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use brunt_metrics::{Interner, MetaId, MetricId, Registry, SampleBatch, SeriesId, TagSet};
use brunt_output::OutputContext;

use crate::maps::MapTable;
use crate::metadata::FileMetadata;
use crate::rows::Rows;
use crate::schema::SampleSchema;
use crate::table::{NULL, SeriesTable};

/// Rows of a record batch.
const BATCH_ROWS: usize = 64 * 1024;

/// Bytes of the maps' texts in a record batch.
const BATCH_TEXT: usize = 32 << 20;

/// Collects samples and makes record batches of them.
///
/// It grows with the samples and the different series that it has seen; whoever uses it looks at
/// [`Encoder::size`] and takes what there is when that is enough.
#[derive(Debug)]
pub struct Encoder {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
    schema: SampleSchema,
    arrow: SchemaRef,
    table: SeriesTable,
    metadata: MapTable,
    rows: Rows,
    /// Row of each overflow series of the batch at hand.
    overflow: Vec<Option<u32>>,
    /// Row in `metadata` of each row in the batch's own table.
    meta: Vec<Option<u32>>,
}

impl Encoder {
    /// An empty one for the series of this run.
    pub fn new(context: &OutputContext) -> Self {
        let schema = SampleSchema::new(context.system_tags);
        let metadata = FileMetadata::of(context).to_map();
        let arrow = Schema::new(schema.arrow().fields().clone()).with_metadata(metadata);
        Self {
            registry: Arc::clone(&context.registry),
            interner: Arc::clone(&context.interner),
            table: SeriesTable::new(&schema),
            schema,
            arrow: Arc::new(arrow),
            metadata: MapTable::default(),
            rows: Rows::default(),
            overflow: Vec::new(),
            meta: Vec::new(),
        }
    }

    /// The columns, with what [`FileMetadata`] says about the run.
    pub fn schema(&self) -> &SchemaRef {
        &self.arrow
    }

    /// Adds the samples of a batch; returns how many belong to no series that anybody knows, or came
    /// when there was no room for more text, and were left out.
    pub fn push(&mut self, batch: &SampleBatch) -> u64 {
        self.overflow.clear();
        self.meta.clear();
        let mut left_out = 0;
        let count = batch.samples.len();
        self.rows.series.reserve(count);
        self.rows.metadata.reserve(count);
        self.rows.time.reserve(count);
        self.rows.value.reserve(count);
        for sample in &batch.samples {
            let row = match self.table.row(sample.series.0) {
                Some(row) => Some(row),
                None => self.look_up(batch, sample.series),
            };
            let metadata = match sample.meta.0 {
                0 => Some(0),
                _ => self.metadata_row(batch, sample.meta),
            };
            let (Some(row), Some(metadata)) = (row, metadata) else {
                left_out += 1;
                continue;
            };
            self.rows.series.push(row);
            self.rows.metadata.push(metadata);
            self.rows.time.push(sample.time);
            self.rows.value.push(sample.value);
        }
        left_out
    }

    #[cold]
    fn look_up(&mut self, batch: &SampleBatch, id: SeriesId) -> Option<u32> {
        let Some(at) = id.overflow_row() else {
            let series = self.interner.resolve(id)?;
            let row = self.add(series.metric, &series.tags)?;
            self.table.remember(id.0, row);
            return Some(row);
        };
        if let Some(Some(row)) = self.overflow.get(at) {
            return Some(*row);
        }
        let series = batch.overflow.get(at)?;
        let row = self.add(series.metric, &series.tags)?;
        if self.overflow.len() <= at {
            self.overflow.resize(at + 1, None);
        }
        self.overflow[at] = Some(row);
        Some(row)
    }

    fn add(&mut self, metric: MetricId, tags: &TagSet) -> Option<u32> {
        // An id of another registry would be a panic there.
        if metric.0 as usize >= self.registry.len() {
            return None;
        }
        self.table.add(&self.registry.metric(metric), tags)
    }

    fn metadata_row(&mut self, batch: &SampleBatch, id: MetaId) -> Option<u32> {
        let at = id.0 as usize;
        if let Some(Some(row)) = self.meta.get(at) {
            return Some(*row);
        }
        // A row that the batch does not have means no metadata, as everywhere.
        let row = match batch.meta.get(id) {
            Some(pairs) => self.metadata.add(pairs.iter())?,
            None => 0,
        };
        if self.meta.len() <= at {
            self.meta.resize(at + 1, None);
        }
        self.meta[at] = Some(row);
        Some(row)
    }

    /// The samples that wait.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The series that were seen.
    pub fn table(&self) -> &SeriesTable {
        &self.table
    }

    /// The metadata that was seen.
    pub fn metadata(&self) -> &MapTable {
        &self.metadata
    }

    /// About what everything takes in memory, in bytes.
    pub fn size(&self) -> usize {
        self.rows.len() * Rows::SIZE + self.table_size()
    }

    /// What the series and the metadata alone take.
    pub fn table_size(&self) -> usize {
        self.table.size() + self.metadata.size()
    }

    /// How many rows a record batch may have. Maps are written out in it, so where they are long it has to
    /// have fewer rows.
    pub fn batch_rows(&self) -> usize {
        let longest = self.table.tags().longest() + self.metadata.longest();
        (BATCH_TEXT / longest.max(1)).clamp(1, BATCH_ROWS)
    }

    /// These rows as a record batch, at most [`Encoder::batch_rows`]. Dictionaries are the same arrays as in the batch
    /// before as long as nothing new was seen.
    ///
    /// # Errors
    /// If the text of the maps is more than a record batch can hold.
    pub fn batch(&mut self, rows: Range<usize>) -> Result<RecordBatch, ArrowError> {
        let end = rows.end.min(self.rows.len());
        let rows = rows.start.min(end)..end;
        let series = &self.rows.series[rows.clone()];
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.tags().len() + 7);
        for (at, column) in self.table.columns_mut().iter_mut().enumerate() {
            if at == 3 {
                let time = ScalarBuffer::from(self.rows.time[rows.clone()].to_vec());
                let time = TimestampNanosecondArray::new(time, None).with_timezone("UTC");
                columns.push(Arc::new(time));
                let value = ScalarBuffer::from(self.rows.value[rows.clone()].to_vec());
                columns.push(Arc::new(Float64Array::new(value, None)));
            }
            let texts = column.dictionary_mut().array()?;
            let of_series = column.keys();
            let keys: Vec<i32> = series.iter().map(|row| of_series[*row as usize]).collect();
            let nulls = column.is_nullable().then(|| {
                NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |at| {
                    keys[at] != NULL
                }))
            });
            let keys = Int32Array::try_new(ScalarBuffer::from(keys), nulls)?;
            columns.push(Arc::new(DictionaryArray::try_new(keys, texts)?));
        }
        let fields = self.schema.arrow().fields();
        let [.., tags, metadata] = &**fields else {
            return Err(ArrowError::SchemaError("no columns".to_owned()));
        };
        let maps = self.table.maps();
        let of_rows = series.iter().map(|row| maps[*row as usize]);
        columns.push(self.table.tags().array(of_rows, tags)?);
        let of_rows = self.rows.metadata[rows].iter().copied();
        columns.push(self.metadata.array(of_rows, metadata)?);
        RecordBatch::try_new(Arc::clone(&self.arrow), columns)
    }

    /// Forgets the samples and keeps the series.
    pub fn clear_rows(&mut self) {
        self.rows.clear();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.table.clear();
        self.metadata = MapTable::default();
    }
}

#[cfg(test)]
mod tests;
