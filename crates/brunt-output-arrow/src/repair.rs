//! Makes a whole stream of what a crash left.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;

use crate::stream::io_error;

/// What came out of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The whole file.
    pub path: PathBuf,
    /// Samples in it.
    pub samples: u64,
    /// Whether the stream ended in the middle of a batch, which was left out.
    pub cut: bool,
}

/// Why a stream cannot be repaired.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
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

/// Copies the batches that are whole to `to` and ends the stream there; the original stays.
pub fn repair(path: &Path, to: &Path) -> Result<Repaired, RepairError> {
    let unreadable = |error: &dyn std::fmt::Display| RepairError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let write = |source: io::Error| RepairError::Write {
        path: to.to_owned(),
        source,
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut file = BufReader::new(file);
    if !brunt_arrow::is_stream(&mut file).map_err(|error| unreadable(&error))? {
        return Err(unreadable(&"it is no Arrow stream"));
    }
    let stream = StreamReader::try_new(file, None).map_err(|error| unreadable(&error))?;
    let mut name = OsString::from(to);
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    let new = File::create(&temporary).map_err(write)?;
    let mut writer = StreamWriter::try_new(BufWriter::new(new), &stream.schema())
        .map_err(|error| write(io_error(error)))?;
    let (mut samples, mut cut) = (0, false);
    for batch in stream {
        // What follows a batch that was cut cannot be found.
        let Ok(batch) = batch else {
            cut = true;
            break;
        };
        samples += batch.num_rows() as u64;
        writer
            .write(&batch)
            .map_err(|error| write(io_error(error)))?;
    }
    writer.finish().map_err(|error| write(io_error(error)))?;
    let written = writer
        .into_inner()
        .map_err(|error| write(io_error(error)))?;
    let file = written
        .into_inner()
        .map_err(|error| write(error.into_error()))?;
    file.sync_all().map_err(write)?;
    fs::rename(&temporary, to).map_err(write)?;
    Ok(Repaired {
        path: to.to_owned(),
        samples,
        cut,
    })
}
