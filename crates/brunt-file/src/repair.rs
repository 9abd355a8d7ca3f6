//! A whole file of one that was cut off, because the process or the machine that wrote it was.
//!
//! The new file is made beside the old one, is whole and on disk before it gets its name, and only then may
//! take the old one's place.

mod records;
mod text;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// How much of a file's beginning tells what it is.
const HEAD: u64 = 4096;

/// What is added to a file's name for the new one.
const SUFFIX: &str = ".repaired";

/// What a file was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What its records are called, such as `lines`.
    pub records: &'static str,
    /// How many whole ones there are; the new file has them.
    pub kept: u64,
    /// Bytes of records that are not whole, unpacked; the new file lacks them.
    pub cut: u64,
    /// What else is wrong, in words; `None` if nothing is.
    pub damage: Option<String>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// What it was.
    pub found: Found,
    /// The new file; `None` if the old one is whole, so that there is none.
    pub written: Option<PathBuf>,
}

/// Where the whole file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To a file of the same name with `.repaired` behind it.
    Beside,
    /// In place of the old one.
    Instead,
}

/// A file could not be repaired. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// No kind of file that is known.
    #[error("{path} is no file that brunt writes, or nothing of it is left: known are {known}")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Kinds.
        known: &'static str,
    },
    /// The new file's name is taken.
    #[error("{path} is there already: remove it, or use --in-place")]
    Taken {
        /// That name.
        path: PathBuf,
    },
    /// The old file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The new file cannot be written.
    #[error("cannot write the repaired file beside {path}: {source}")]
    Write {
        /// The old file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl Place {
    /// The name of the new file, which no other file may have.
    pub fn of(self, path: &Path) -> Result<PathBuf, RepairError> {
        if self == Self::Instead {
            return Ok(path.to_owned());
        }
        let mut name = path.as_os_str().to_owned();
        name.push(SUFFIX);
        let path = PathBuf::from(name);
        if path.exists() {
            return Err(RepairError::Taken { path });
        }
        Ok(path)
    }
}

impl Found {
    /// Whether there is nothing to repair.
    pub fn is_whole(&self) -> bool {
        self.cut == 0 && self.damage.is_none()
    }
}

/// What can be repaired, for [`RepairError::Unknown`].
const KNOWN: &str = "JSON lines, CSV (also as .gz or .zst), Parquet and Arrow";

/// Repairs JSON lines or CSV, packed or not. Blocks.
pub fn repair(path: &Path, place: Place) -> Result<Repaired, RepairError> {
    let read = |source| RepairError::Read {
        path: path.to_owned(),
        source,
    };
    let write = |source| RepairError::Write {
        path: path.to_owned(),
        source,
    };
    let target = place.of(path)?;
    let old = File::open(path).map_err(read)?;
    let about = old.metadata().map_err(read)?;
    if !about.is_file() {
        let message = "it is no regular file";
        return Err(read(io::Error::new(io::ErrorKind::InvalidInput, message)));
    }
    let mut head = Vec::new();
    old.take(HEAD).read_to_end(&mut head).map_err(read)?;
    if !text::knows(path, &head) {
        return Err(RepairError::Unknown {
            path: path.to_owned(),
            known: KNOWN,
        });
    }
    // A bare name has an empty parent.
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let new = tempfile::Builder::new()
        .prefix(".brunt-repair-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(write)?;
    let found = text::repair(path, new.as_file())?;
    if found.is_whole() {
        return Ok(Repaired {
            found,
            written: None,
        });
    }
    new.as_file()
        .set_permissions(about.permissions())
        .and_then(|()| new.as_file().sync_all())
        .map_err(write)?;
    let named = match place {
        Place::Instead => new.persist(&target),
        Place::Beside => new.persist_noclobber(&target),
    };
    named.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => RepairError::Taken {
            path: target.clone(),
        },
        _ => write(error.error),
    })?;
    Ok(Repaired {
        found,
        written: Some(target),
    })
}

#[cfg(test)]
mod tests;
