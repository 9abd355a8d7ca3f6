//! A column as Parquet's pages: a dictionary, levels and values.
//!
//! Pages are of the first version, because those of the second leave levels as they are: a column that has
//! nothing in every ninth row would take as much room as its levels, which compress to nearly nothing.

use brunt_arrow::Dictionary;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use crate::hybrid::{Hybrid, width};

/// Texts that are longer say little about what is in a column.
const STATISTICS: usize = 64;

/// Compresses pages; keeps its memory.
pub(crate) struct Compressor {
    zstd: zstd::bulk::Compressor<'static>,
    level: ZstdLevel,
}

/// A column chunk, ready to be appended to a row group.
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Levels and values of one data page.
pub(crate) struct PageContent {
    /// Repetition and definition levels, encoded; `None` for those that the column does not have.
    pub(crate) levels: [Option<Vec<u8>>; 2],
    /// Values that are there, encoded.
    pub(crate) values: Vec<u8>,
    pub(crate) encoding: Encoding,
    /// How many levels there are, or values in a column without.
    pub(crate) count: usize,
    /// How many of them stand for nothing.
    pub(crate) nulls: usize,
    pub(crate) rows: usize,
}

/// Builds the pages of one column chunk.
pub(crate) struct ChunkWriter<'a> {
    column: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    compressor: &'a mut Compressor,
    has_dictionary: bool,
    encoding: Encoding,
    first_data: Option<u64>,
    uncompressed: usize,
    count: usize,
    nulls: usize,
    rows: usize,
}

impl Compressor {
    pub(crate) fn new(level: i32) -> Result<Self> {
        Ok(Self {
            zstd: zstd::bulk::Compressor::new(level).map_err(ParquetError::from)?,
            level: ZstdLevel::try_new(level)?,
        })
    }

    pub(crate) fn codec(&self) -> Compression {
        Compression::ZSTD(self.level)
    }
}

/// Begins the encoded keys of a page: their width stands before them.
pub(crate) fn keys(dictionary: &Dictionary) -> Hybrid {
    let width = width(dictionary.len());
    Hybrid::new(vec![width as u8], width)
}

/// The keys of a page; nothing at all where there is no key.
pub(crate) fn keyed(keys: Option<Hybrid>) -> (Vec<u8>, Encoding) {
    match keys {
        Some(keys) => (keys.finish(), Encoding::RLE_DICTIONARY),
        None => (Vec::new(), Encoding::PLAIN),
    }
}

/// Bounds and gaps of a column of texts. All texts of the dictionary are in it somewhere.
pub(crate) fn bounds(dictionary: &Dictionary, nulls: usize) -> Statistics {
    let texts = || (0..dictionary.len()).map(|key| dictionary.text(key as i32));
    let bound = |text: Option<&[u8]>| {
        let text = text.filter(|text| text.len() <= STATISTICS)?;
        Some(ByteArray::from(text.to_vec()))
    };
    let (min, max) = (bound(texts().min()), bound(texts().max()));
    Statistics::ByteArray(ValueStatistics::new(
        min,
        max,
        None,
        Some(nulls as u64),
        false,
    ))
}

impl<'a> ChunkWriter<'a> {
    /// Without a dictionary.
    pub(crate) fn plain(column: ColumnDescPtr, compressor: &'a mut Compressor) -> Self {
        Self {
            column,
            sink: TrackedWrite::new(Vec::new()),
            compressor,
            has_dictionary: false,
            encoding: Encoding::PLAIN,
            first_data: None,
            uncompressed: 0,
            count: 0,
            nulls: 0,
            rows: 0,
        }
    }

    /// Begins with the page of the dictionary, unless there is no text at all.
    pub(crate) fn new(
        column: ColumnDescPtr,
        dictionary: &Dictionary,
        compressor: &'a mut Compressor,
    ) -> Result<Self> {
        let mut this = Self::plain(column, compressor);
        if !dictionary.is_empty() {
            this.has_dictionary = true;
            let mut plain = Vec::with_capacity(dictionary.size());
            for text in (0..dictionary.len()).map(|key| dictionary.text(key as i32)) {
                plain.extend_from_slice(&(text.len() as u32).to_le_bytes());
                plain.extend_from_slice(text);
            }
            let page = Page::DictionaryPage {
                buf: this.compressor.zstd.compress(&plain)?.into(),
                num_values: dictionary.len() as u32,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            this.write(CompressedPage::new(page, plain.len()))?;
        }
        Ok(this)
    }

    /// Adds a data page.
    pub(crate) fn page(&mut self, content: PageContent) -> Result<()> {
        let PageContent {
            levels,
            mut values,
            encoding,
            count,
            nulls,
            rows,
        } = content;
        let body = if levels.iter().any(Option::is_some) {
            let mut body = Vec::with_capacity(values.len() + 64);
            for levels in levels.iter().flatten() {
                body.extend_from_slice(&(levels.len() as u32).to_le_bytes());
                body.extend_from_slice(levels);
            }
            body.append(&mut values);
            body
        } else {
            values
        };
        let page = Page::DataPage {
            buf: self.compressor.zstd.compress(&body)?.into(),
            num_values: count as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let offset = self.write(CompressedPage::new(page, body.len()))?;
        self.first_data.get_or_insert(offset);
        if encoding != Encoding::RLE_DICTIONARY {
            self.encoding = encoding;
        }
        self.count += count;
        self.nulls += nulls;
        self.rows += rows;
        Ok(())
    }

    /// How many values of all pages stand for nothing.
    pub(crate) fn nulls(&self) -> usize {
        self.nulls
    }

    /// How long it is so far, compressed.
    pub(crate) fn len(&self) -> usize {
        self.sink.bytes_written()
    }

    fn write(&mut self, page: CompressedPage) -> Result<u64> {
        let written = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.uncompressed += written.uncompressed_size;
        Ok(written.offset)
    }

    /// The whole chunk.
    pub(crate) fn finish(self, statistics: Statistics) -> Result<Chunk> {
        let bytes = self.sink.into_inner()?;
        let mut encodings = vec![Encoding::RLE, self.encoding];
        if self.has_dictionary {
            encodings.extend([Encoding::PLAIN, Encoding::RLE_DICTIONARY]);
        }
        let metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(self.compressor.codec())
            .set_encodings(encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.count as i64)
            .set_data_page_offset(self.first_data.unwrap_or_default() as i64)
            .set_dictionary_page_offset(self.has_dictionary.then_some(0))
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk {
            bytes: bytes.into(),
            close,
        })
    }
}
