//! A column of texts as Parquet's pages: a dictionary, and keys with their levels.

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

/// Levels and keys of one data page.
pub(crate) struct PageContent {
    /// Repetition levels, encoded; empty where there are none.
    pub(crate) repetition: Vec<u8>,
    /// Definition levels, encoded; empty where there are none.
    pub(crate) definition: Vec<u8>,
    /// Keys of those that are there, encoded; `None` where nothing is there.
    pub(crate) keys: Option<Vec<u8>>,
    /// How many levels there are.
    pub(crate) levels: usize,
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
    first_data: Option<u64>,
    uncompressed: usize,
    levels: usize,
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

impl<'a> ChunkWriter<'a> {
    /// Begins with the page of the dictionary, unless there is no text at all.
    pub(crate) fn new(
        column: ColumnDescPtr,
        dictionary: &Dictionary,
        compressor: &'a mut Compressor,
    ) -> Result<Self> {
        let mut this = Self {
            column,
            sink: TrackedWrite::new(Vec::new()),
            compressor,
            has_dictionary: !dictionary.is_empty(),
            first_data: None,
            uncompressed: 0,
            levels: 0,
            nulls: 0,
            rows: 0,
        };
        if !dictionary.is_empty() {
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
    pub(crate) fn page(&mut self, page: PageContent) -> Result<()> {
        let PageContent {
            repetition,
            definition,
            keys,
            levels,
            nulls,
            rows,
        } = page;
        let encoding = match keys {
            Some(_) => Encoding::RLE_DICTIONARY,
            None => Encoding::PLAIN,
        };
        let keys = keys.unwrap_or_default();
        let compressed = self.compressor.zstd.compress(&keys)?;
        let is_compressed = compressed.len() < keys.len();
        let before = repetition.len() + definition.len();
        let mut buffer = Vec::with_capacity(before + keys.len());
        buffer.extend_from_slice(&repetition);
        buffer.extend_from_slice(&definition);
        buffer.extend_from_slice(if is_compressed { &compressed } else { &keys });
        let page = Page::DataPageV2 {
            buf: buffer.into(),
            num_values: levels as u32,
            encoding,
            num_nulls: nulls as u32,
            num_rows: rows as u32,
            def_levels_byte_len: definition.len() as u32,
            rep_levels_byte_len: repetition.len() as u32,
            is_compressed,
            statistics: None,
        };
        let offset = self.write(CompressedPage::new(page, before + keys.len()))?;
        self.first_data.get_or_insert(offset);
        self.levels += levels;
        self.nulls += nulls;
        self.rows += rows;
        Ok(())
    }

    fn write(&mut self, page: CompressedPage) -> Result<u64> {
        let written = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.uncompressed += written.uncompressed_size;
        Ok(written.offset)
    }

    /// The whole chunk. All texts of the dictionary are in it somewhere, so they give its bounds.
    pub(crate) fn finish(self, dictionary: &Dictionary) -> Result<Chunk> {
        let bytes = self.sink.into_inner()?;
        let texts = || (0..dictionary.len()).map(|key| dictionary.text(key as i32));
        let bound = |text: Option<&[u8]>| {
            let text = text.filter(|text| text.len() <= STATISTICS)?;
            Some(ByteArray::from(text.to_vec()))
        };
        let (min, max) = (bound(texts().min()), bound(texts().max()));
        let statistics = ValueStatistics::new(min, max, None, Some(self.nulls as u64), false);
        let mut encodings = vec![Encoding::RLE];
        encodings.push(Encoding::PLAIN);
        if self.has_dictionary {
            encodings.push(Encoding::RLE_DICTIONARY);
        }
        let metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(self.compressor.codec())
            .set_encodings(encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.levels as i64)
            .set_data_page_offset(self.first_data.unwrap_or_default() as i64)
            .set_dictionary_page_offset(self.has_dictionary.then_some(0))
            .set_statistics(Statistics::ByteArray(statistics))
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
