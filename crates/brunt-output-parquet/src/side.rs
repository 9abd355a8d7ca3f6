//! The side file: what the open row group holds, on disk within a second.
//!
//! An ordinary Arrow stream of the same columns. Its schema's metadata says how long the Parquet file
//! was when the row group was begun, and holds the footer that would make it whole at that length: so
//! one rename puts length, footer and stream into force together, and a crash at any moment finds a
//! side file that fits. Why: `docs/decisions/012`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Schema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const LENGTH: &str = "brunt.parquet-length";
const FOOTER: &str = "brunt.parquet-footer";

/// An open side file.
pub(crate) struct Side {
    path: PathBuf,
    stream: StreamWriter<BufWriter<File>>,
}

/// What of the Parquet file counts, as a side file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Committed {
    /// Bytes from its beginning.
    pub(crate) length: u64,
    /// What makes a whole file of them.
    pub(crate) footer: Vec<u8>,
}

/// The side file of the file that will have this name.
pub(crate) fn path_of(whole: &Path) -> PathBuf {
    with_ending(whole, ".tmp.arrows")
}

/// The name until it is whole.
pub(crate) fn temporary_of(whole: &Path) -> PathBuf {
    with_ending(whole, ".tmp")
}

/// A name for a file that only shows that there can be one.
pub(crate) fn probe_of(whole: &Path) -> PathBuf {
    with_ending(whole, ".tmp.probe")
}

pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Refuses to write over what an earlier run has left of the file of this name, which may be all that there is of
/// it.
///
/// # Errors
/// If there is something.
pub fn left_by_another(whole: &Path) -> io::Result<()> {
    let left = [temporary_of(whole), path_of(whole)];
    match left.iter().find(|path| path.exists()) {
        None => Ok(()),
        Some(found) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!(
                "{} is of a run that still writes it or was killed; save what is in it with 'brunt repair {}', \
                 or remove it",
                found.display(),
                whole.display()
            ),
        )),
    }
}

impl Side {
    /// Begins a new one in the place of the one before.
    pub(crate) fn begin(path: &Path, schema: &Schema, committed: &Committed) -> io::Result<Self> {
        let mut metadata = schema.metadata().clone();
        metadata.insert(LENGTH.to_owned(), committed.length.to_string());
        metadata.insert(FOOTER.to_owned(), STANDARD.encode(&committed.footer));
        let schema = Schema::new(schema.fields().clone()).with_metadata(metadata);
        // Dictionaries grow with each batch; only what is new is written.
        let options =
            IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
        let new = with_ending(path, ".new");
        let file = BufWriter::with_capacity(256 * 1024, File::create(&new)?);
        let mut stream =
            StreamWriter::try_new_with_options(file, &schema, options).map_err(io_error)?;
        stream.flush().map_err(io_error)?;
        if path.exists() {
            // It takes the place of one that could be read.
            stream.get_ref().get_ref().sync_data()?;
        }
        fs::rename(&new, path)?;
        Ok(Self {
            path: path.to_owned(),
            stream,
        })
    }

    /// Adds rows and hands them to the system.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.stream.write(batch).map_err(io_error)?;
        self.stream.flush().map_err(io_error)
    }

    /// Takes it away: the Parquet file is whole.
    pub(crate) fn remove(self) -> io::Result<()> {
        drop(self.stream);
        fs::remove_file(&self.path)
    }
}

/// What a side file's schema says.
pub(crate) fn committed(metadata: &HashMap<String, String>) -> Option<Committed> {
    Some(Committed {
        length: metadata.get(LENGTH)?.parse().ok()?,
        footer: STANDARD.decode(metadata.get(FOOTER)?).ok()?,
    })
}

/// The schema's metadata without what only a side file has.
pub(crate) fn without_committed(metadata: &HashMap<String, String>) -> HashMap<String, String> {
    let mut metadata = metadata.clone();
    metadata.remove(LENGTH);
    metadata.remove(FOOTER);
    metadata
}

pub(crate) fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other),
    }
}
