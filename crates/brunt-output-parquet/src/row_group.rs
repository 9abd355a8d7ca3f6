//! The columns of a row group, from an encoder's rows.
//!
//! Times go through the library. Texts do not: their keys are known, and a column in which all series agree
//! is one run (see [`crate::hybrid`]). Nor do values, for which there are two encodings (`values.rs`).

use std::io::Write;

use brunt_arrow::{Encoder, MapTable, Rows, SeriesTable};
use parquet::data_type::Int64Type;
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::SchemaDescriptor;

use crate::column::{Chunk, ChunkWriter, Compressor, PageContent, bounds, keyed, keys};
use crate::hybrid::Hybrid;
use crate::values;

/// Rows of a page: enough that compression finds what repeats.
const PAGE: usize = 128 * 1024;

/// Text columns that stand before time and value.
const BEFORE: usize = 3;

/// Writes all rows of the encoder as one row group.
pub(crate) fn write<W: Write + Send>(
    encoder: &Encoder,
    schema: &SchemaDescriptor,
    group: &mut SerializedRowGroupWriter<'_, W>,
    compressor: &mut Compressor,
) -> Result<()> {
    let (rows, table) = (encoder.rows(), encoder.table());
    let append = |group: &mut SerializedRowGroupWriter<'_, W>, chunk: Chunk| {
        group.append_column(&chunk.bytes, chunk.close)
    };
    let texts = table.columns().len();
    for at in 0..texts {
        if at == BEFORE {
            times(&rows.time, group)?;
            let chunk = values::write(&rows.value, schema.column(at + 1), compressor)?;
            append(group, chunk)?;
        }
        let of = at + if at < BEFORE { 0 } else { 2 };
        let chunk = text(rows, table, at, schema.column(of), compressor)?;
        append(group, chunk)?;
    }
    let maps = table.maps();
    let tags = |row: usize| maps[rows.series[row] as usize];
    let metadata = |row: usize| rows.metadata[row];
    for (at, value) in [(0, false), (1, true)] {
        let column = schema.column(texts + 2 + at);
        let chunk = map(rows.len(), tags, table.tags(), value, column, compressor)?;
        append(group, chunk)?;
    }
    for (at, value) in [(2, false), (3, true)] {
        let column = schema.column(texts + 2 + at);
        let chunk = map(
            rows.len(),
            metadata,
            encoder.metadata(),
            value,
            column,
            compressor,
        )?;
        append(group, chunk)?;
    }
    Ok(())
}

fn times<W: Write + Send>(
    times: &[i64],
    group: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<()> {
    let missing = || ParquetError::General("the schema has no more columns".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<Int64Type>().write_batch(times, None, None)?;
    column.close()
}

/// First row and number of rows of each page; one empty page where there is no row.
pub(crate) fn pages(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..rows.div_ceil(PAGE).max(1)).map(move |page| page * PAGE..((page + 1) * PAGE).min(rows))
}

/// A column of texts, some of them perhaps missing.
fn text(
    rows: &Rows,
    table: &SeriesTable,
    at: usize,
    column: parquet::schema::types::ColumnDescPtr,
    compressor: &mut Compressor,
) -> Result<Chunk> {
    let text = &table.columns()[at];
    let (dictionary, of_series) = (text.dictionary(), text.keys());
    let same = of_series
        .first()
        .filter(|first| of_series.iter().all(|key| key == *first));
    let mut chunk = ChunkWriter::new(column, dictionary, compressor)?;
    for page in pages(rows.len()) {
        let mut present = Hybrid::new(Vec::new(), 1);
        let mut values = keys(dictionary);
        let mut nulls = 0;
        let mut put = |key: i32, count: usize| {
            if key < 0 {
                present.put(0, count);
                nulls += count;
            } else {
                present.put(1, count);
                values.put(key as u32, count);
            }
        };
        let series = &rows.series[page.clone()];
        if let Some(key) = same {
            put(*key, series.len());
        } else {
            let (mut last, mut count) = (0, 0);
            for row in series {
                let key = of_series[*row as usize];
                if key != last {
                    if count > 0 {
                        put(last, count);
                    }
                    (last, count) = (key, 0);
                }
                count += 1;
            }
            put(last, count);
        }
        let definition = text.is_nullable().then(|| present.finish());
        let (values, encoding) = keyed((nulls < page.len()).then_some(values));
        chunk.page(PageContent {
            levels: [None, definition],
            values,
            encoding,
            count: page.len(),
            nulls,
            rows: page.len(),
        })?;
    }
    let nulls = chunk.nulls();
    chunk.finish(bounds(dictionary, nulls))
}

/// The keys or the values of a column of maps. Neither map nor entry is ever null, so a level of 0
/// stands for a map without entries.
fn map(
    rows: usize,
    of_row: impl Fn(usize) -> u32,
    maps: &MapTable,
    value: bool,
    column: parquet::schema::types::ColumnDescPtr,
    compressor: &mut Compressor,
) -> Result<Chunk> {
    let dictionary = if value { maps.values() } else { maps.keys() };
    let mut chunk = ChunkWriter::new(column, dictionary, compressor)?;
    for page in pages(rows) {
        let mut repeated = Hybrid::new(Vec::new(), 1);
        let mut present = Hybrid::new(Vec::new(), 1);
        let mut values = keys(dictionary);
        let (mut levels, mut nulls) = (0, 0);
        if maps.is_empty() {
            repeated.put(0, page.len());
            present.put(0, page.len());
            (levels, nulls) = (page.len(), page.len());
        } else {
            for row in page.clone() {
                let entries = maps.entries(of_row(row));
                repeated.put(0, 1);
                if entries.is_empty() {
                    present.put(0, 1);
                    (levels, nulls) = (levels + 1, nulls + 1);
                    continue;
                }
                repeated.put(1, entries.len() - 1);
                present.put(1, entries.len());
                levels += entries.len();
                for (key, of_key) in entries {
                    values.put(*(if value { of_key } else { key }) as u32, 1);
                }
            }
        }
        let (values, encoding) = keyed((nulls < levels).then_some(values));
        chunk.page(PageContent {
            levels: [Some(repeated.finish()), Some(present.finish())],
            values,
            encoding,
            count: levels,
            nulls,
            rows: page.len(),
        })?;
    }
    let nulls = chunk.nulls();
    chunk.finish(bounds(dictionary, nulls))
}
