//! Parquet's own part of a file: its properties and its footer.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use arrow_schema::Schema;
use brunt_arrow::{TIME, VALUE};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescPtr};

/// A Parquet file that is being written.
pub(crate) type Writer = SerializedFileWriter<File>;

/// The columns as Parquet has them.
pub(crate) fn schema(schema: &Schema) -> Result<SchemaDescPtr, ParquetError> {
    Ok(Arc::new(ArrowSchemaConverter::new().convert(schema)?))
}

/// Begins a file of samples; `schema` carries what [`brunt_arrow::FileMetadata`] says. `dictionaries`
/// is for texts that the library is to write.
pub(crate) fn begin(
    file: File,
    schema: &Schema,
    compression: Compression,
    dictionaries: bool,
) -> Result<Writer, ParquetError> {
    let descriptor = ArrowSchemaConverter::new().convert(schema)?;
    let column = |name: &str| ColumnPath::from(name);
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("brunt version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_compression(compression)
        .set_dictionary_enabled(dictionaries)
        .set_column_dictionary_enabled(column(TIME), false)
        .set_column_dictionary_enabled(column(VALUE), false)
        .set_column_encoding(column(TIME), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(column(VALUE), Encoding::BYTE_STREAM_SPLIT)
        .set_data_page_row_count_limit(128 * 1024)
        .set_data_page_size_limit(1024 * 1024)
        .set_write_batch_size(8 * 1024)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Indexes lie between row groups and footer; without them the footer is all that follows.
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(key_values(schema.metadata())))
        .build();
    // So that readers of Arrow see dictionaries. The metadata stands beside it, readable for all.
    let fields = Schema::new(schema.fields().clone());
    add_encoded_arrow_schema_to_metadata(&fields, &mut properties);
    SerializedFileWriter::new(file, descriptor.root_schema_ptr(), Arc::new(properties))
}

fn key_values(metadata: &HashMap<String, String>) -> Vec<KeyValue> {
    let sorted: BTreeMap<_, _> = metadata.iter().collect();
    sorted
        .into_iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect()
}

/// What makes a whole file of the row groups that were written so far.
pub(crate) fn footer(writer: &Writer, schema: &SchemaDescPtr) -> Result<Vec<u8>, ParquetError> {
    let row_groups = writer.flushed_row_groups().to_vec();
    let properties = writer.properties();
    let rows = row_groups.iter().map(RowGroupMetaData::num_rows).sum();
    let file = FileMetaData::new(
        properties.writer_version().as_num(),
        rows,
        Some(properties.created_by().to_owned()),
        properties.key_value_metadata().cloned(),
        Arc::clone(schema),
        None,
    );
    let metadata = ParquetMetaData::new(file, row_groups);
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, &metadata).finish()?;
    Ok(footer)
}

pub(crate) fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
