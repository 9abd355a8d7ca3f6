//! What a user names as the place of a file output.
//!
//! A type of its own, so that all file outputs read `-`, an empty target and the endings of names in
//! the same way.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::packing::Packing;

/// A file, packed as its name says, or the standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    path: Option<PathBuf>,
}

impl Target {
    /// Reads a target: empty or `-` is the standard output, everything else a file.
    pub fn parse(text: &str) -> Self {
        let path = (!matches!(text, "" | "-")).then(|| text.into());
        Self { path }
    }

    /// The file; `None` for the standard output.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How the file is packed, by the ending of its name; the standard output never is.
    pub fn packing(&self) -> Packing {
        self.path().map_or(Packing::Plain, Packing::of)
    }

    /// Whether opening it may wait for somebody else: a named pipe without a reader.
    pub(crate) fn is_pipe(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt as _;
            let kind = self.path().map(std::fs::metadata);
            kind.is_some_and(|found| found.is_ok_and(|found| found.file_type().is_fifo()))
        }
        #[cfg(not(unix))]
        false
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => path.display().fmt(f),
            None => f.write_str("stdout"),
        }
    }
}

/// Opens a file to be written from its beginning. A regular file is locked as long as it is open: two
/// outputs that write one file would garble it, and neither would notice.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    if file.metadata()?.is_file() {
        // A file system without locks is no reason not to write.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let message = "another output or another brunt writes to it: name a file of its own";
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
        }
        // Only now: what the other one has written stays.
        file.set_len(0)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_where_and_how() {
        let table = [
            ("", "stdout", Packing::Plain),
            ("-", "stdout", Packing::Plain),
            ("a.json", "a.json", Packing::Plain),
            ("a/b.csv.gz", "a/b.csv.gz", Packing::Gzip),
            ("b.json.zst", "b.json.zst", Packing::Zstd),
            ("gz", "gz", Packing::Plain),
        ];
        for (text, shown, packing) in table {
            let target = Target::parse(text);
            assert_eq!(
                (target.to_string().as_str(), target.packing()),
                (shown, packing)
            );
        }
    }

    #[test]
    fn a_file_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "old").unwrap();
        let first = create(&path).unwrap();
        io::Write::write_all(&mut &first, b"mine").unwrap();
        let error = create(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        drop(first);
        create(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }
}
