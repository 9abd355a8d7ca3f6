//! Makes a whole file of what a crash left.
//!
//! The side file says how much of the Parquet file counts and what its footer is, so finished row groups
//! are copied as they are; what the side file holds itself becomes one more row group. The originals stay
//! until the new file is on disk.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::serialized_reader::SerializedFileReader;

use crate::side::{self, Committed};
use crate::whole::{self, Writer};

/// Length and magic at a file's end.
const TAIL: usize = 8;

/// What came out of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The whole file.
    pub path: PathBuf,
    /// Samples in it.
    pub samples: u64,
    /// Those of them that only the side file had.
    pub from_side_file: u64,
    /// Whether the side file ended in the middle of something, which was left out.
    pub cut: bool,
}

/// Why a file cannot be repaired.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is nothing to repair it from.
    #[error("{whole} has no {what} beside it: there is nothing to repair it from")]
    Nothing {
        /// The file's name, once it is whole.
        whole: PathBuf,
        /// The file that is missing.
        what: String,
    },
    /// It is whole.
    #[error("{0} is whole already")]
    Whole(PathBuf),
    /// What is there cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The new file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Repairs the Parquet file of a run that was killed. `path` may name the file itself, as it would be
/// called, or either of the two files that there are instead.
///
/// The new file gets the name that it would have had; if there is another file of this name, of an
/// earlier run perhaps, `.repaired` comes before the ending.
pub fn repair(path: &Path) -> Result<Repaired, RepairError> {
    let whole = whole_name(path);
    let (temporary, side_path) = (side::temporary_of(&whole), side::path_of(&whole));
    let nothing = |what: &Path| RepairError::Nothing {
        whole: whole.clone(),
        what: what.display().to_string(),
    };
    if !side_path.exists() {
        return Err(if !temporary.exists() && is_whole(&whole) {
            RepairError::Whole(whole)
        } else {
            nothing(&side_path)
        });
    }
    let (open, committed, schema) = open_side(&side_path)?;
    if !temporary.exists() {
        // The file got its name, and the side file was all but gone.
        if is_whole(&whole) {
            remove(&side_path)?;
            return Err(RepairError::Whole(whole));
        }
        return Err(nothing(&temporary));
    }
    let unreadable = |error: &dyn std::fmt::Display| RepairError::Unreadable {
        path: temporary.clone(),
        reason: error.to_string(),
    };
    let old = File::open(&temporary).map_err(|error| unreadable(&error))?;
    let metadata = footer(&committed).map_err(|error| unreadable(&error))?;
    let length = old.metadata().map_err(|error| unreadable(&error))?.len();
    if length < committed.length {
        return Err(unreadable(&format!(
            "it has {length} bytes, and {} had been written",
            committed.length
        )));
    }

    let target = free_name(&whole);
    let new = side::with_ending(&whole, ".tmp.repair");
    let write = |error: ParquetError| RepairError::Write {
        path: new.clone(),
        source: whole::io_error(error),
    };
    let file = File::create(&new).map_err(|error| write(error.into()))?;
    let sync = file.try_clone().map_err(|error| write(error.into()))?;
    let compression = Compression::ZSTD(ZstdLevel::default());
    let mut writer = whole::begin(file, &schema, compression, true).map_err(write)?;
    copy(&mut writer, &old, &metadata).map_err(write)?;
    let (from_side_file, cut) = append(&mut writer, &schema, open).map_err(write)?;
    let written = writer.close().map_err(write)?;
    sync.sync_all().map_err(|error| write(error.into()))?;
    fs::rename(&new, &target).map_err(|error| write(error.into()))?;
    remove(&temporary)?;
    remove(&side_path)?;
    Ok(Repaired {
        path: target,
        samples: u64::try_from(written.file_metadata().num_rows()).unwrap_or_default(),
        from_side_file,
        cut,
    })
}

/// Whether this is a file that [`repair`] is for, or would be if it were not whole: by its name.
pub fn is_ours(path: &Path) -> bool {
    whole_name(path)
        .extension()
        .is_some_and(|ending| ending == "parquet")
        || side::path_of(&whole_name(path)).exists()
}

fn whole_name(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    let base = text
        .strip_suffix(".tmp.arrows")
        .or_else(|| text.strip_suffix(".tmp"));
    base.map_or_else(|| path.to_owned(), PathBuf::from)
}

fn free_name(whole: &Path) -> PathBuf {
    if whole.exists() {
        whole.with_extension("repaired.parquet")
    } else {
        whole.to_owned()
    }
}

fn remove(path: &Path) -> Result<(), RepairError> {
    fs::remove_file(path).map_err(|source| RepairError::Write {
        path: path.to_owned(),
        source,
    })
}

type SideStream = StreamReader<BufReader<File>>;

/// The rows, what the Parquet file has, and the schema without what only a side file says.
fn open_side(path: &Path) -> Result<(SideStream, Committed, SchemaRef), RepairError> {
    let unreadable = |error: &dyn std::fmt::Display| RepairError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut file = BufReader::new(file);
    if !brunt_arrow::is_stream(&mut file).map_err(|error| unreadable(&error))? {
        return Err(unreadable(&"it is no Arrow stream"));
    }
    let stream =
        StreamReader::try_new(file, None).map_err(|error: ArrowError| unreadable(&error))?;
    let schema = stream.schema();
    let committed = side::committed(schema.metadata())
        .ok_or_else(|| unreadable(&"it is no side file of a Parquet file"))?;
    let metadata = side::without_committed(schema.metadata());
    let schema = Schema::new(schema.fields().clone()).with_metadata(metadata);
    Ok((stream, committed, Arc::new(schema)))
}

/// Whether there is a Parquet file with all that belongs to it.
fn is_whole(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| SerializedFileReader::new(file).is_ok())
}

fn footer(committed: &Committed) -> Result<ParquetMetaData, ParquetError> {
    let length = committed.footer.len().saturating_sub(TAIL);
    ParquetMetaDataReader::decode_metadata(&committed.footer[..length])
}

/// Finished row groups, as they are.
fn copy(writer: &mut Writer, old: &File, metadata: &ParquetMetaData) -> Result<(), ParquetError> {
    for of in metadata.row_groups() {
        let mut group = writer.next_row_group()?;
        for column in of.columns() {
            let close = ColumnCloseResult {
                bytes_written: u64::try_from(column.compressed_size()).unwrap_or_default(),
                rows_written: u64::try_from(of.num_rows()).unwrap_or_default(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            group.append_column(old, close)?;
        }
        group.close()?;
    }
    Ok(())
}

/// The open row group, up to where the side file was cut. Tells how many rows there were, and whether it was.
fn append(
    writer: &mut Writer,
    schema: &SchemaRef,
    open: SideStream,
) -> Result<(u64, bool), ParquetError> {
    let factory = ArrowRowGroupWriterFactory::new(writer, Arc::clone(schema));
    let mut columns = factory.create_column_writers(writer.flushed_row_groups().len())?;
    let (mut rows, mut cut) = (0, false);
    for batch in open {
        // What follows a batch that was cut cannot be found.
        let Ok(batch) = batch else {
            cut = true;
            break;
        };
        let mut column = columns.iter_mut();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array)? {
                if let Some(column) = column.next() {
                    column.write(&leaf)?;
                }
            }
        }
        rows += batch.num_rows() as u64;
    }
    if rows == 0 {
        return Ok((0, cut));
    }
    let mut group = writer.next_row_group()?;
    for column in columns {
        column.close()?.append_to_row_group(&mut group)?;
    }
    group.close()?;
    Ok((rows, cut))
}
