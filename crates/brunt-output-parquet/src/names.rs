//! What files are called.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::side;

/// Where files go that share a target.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// One file.
    One(PathBuf),
    /// `NAME-00000.parquet` and so on.
    Numbered {
        folder: PathBuf,
        stem: String,
        next: u32,
    },
}

impl Names {
    /// The same with this after the stem of numbered files: what tells one run from others where nobody
    /// can look which numbers are taken.
    #[must_use]
    pub(crate) fn of_run(mut self, run: &str) -> Self {
        if let Self::Numbered { stem, .. } = &mut self {
            *stem = format!("{stem}-{}", escaped(run));
        }
        self
    }

    /// Of the target itself, numbered if files are rolled.
    pub(crate) fn of(target: &Path, numbered: bool) -> Self {
        if !numbered {
            return Self::One(target.to_owned());
        }
        let stem = target.file_stem().unwrap_or_default();
        Self::Numbered {
            folder: target.parent().unwrap_or(Path::new("")).to_owned(),
            stem: stem.to_string_lossy().into_owned(),
            next: 0,
        }
    }

    /// Of a partition in the folder `target`; always numbered, because runs may share the folder.
    pub(crate) fn of_partition(target: &Path, key: &str, value: Option<&str>) -> Self {
        let value = value.map_or_else(|| "__HIVE_DEFAULT_PARTITION__".to_owned(), escaped);
        Self::Numbered {
            folder: target.join(format!("{key}={value}")),
            stem: "samples".to_owned(),
            next: 0,
        }
    }

    /// The folder that has to be there.
    pub(crate) fn folder(&self) -> Option<&Path> {
        let folder = match self {
            Self::One(path) => path.parent(),
            Self::Numbered { folder, .. } => Some(folder.as_path()),
        };
        folder.filter(|folder| !folder.as_os_str().is_empty())
    }

    /// The next file's name: a number that no file has, so that an earlier run's files stay.
    pub(crate) fn next(&mut self) -> PathBuf {
        match self {
            Self::One(path) => path.clone(),
            Self::Numbered { folder, stem, next } => loop {
                let path = folder.join(format!("{stem}-{next:05}.parquet"));
                *next += 1;
                if !path.exists() && !side::temporary_of(&path).exists() {
                    return path;
                }
            },
        }
    }
}

/// A value in a folder's name: what means something to a file system or in a name is escaped.
fn escaped(value: &str) -> String {
    let mut name = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_where_an_earlier_run_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = Names::of(&folder.path().join("run.parquet"), true);
        assert!(names.next().ends_with("run-00000.parquet"));
        std::fs::write(folder.path().join("run-00001.parquet"), "").unwrap();
        std::fs::write(folder.path().join("run-00002.parquet.tmp"), "").unwrap();
        assert!(names.next().ends_with("run-00003.parquet"));
    }

    #[test]
    fn runs_can_be_told_apart() {
        let target = Path::new("out/run.parquet");
        let mut names = Names::of(target, true).of_run("host-1a2b");
        assert!(names.next().ends_with("out/run-host-1a2b-00000.parquet"));
        assert_eq!(Names::of(target, false).of_run("host").next(), target);
    }

    #[test]
    fn partitions_are_named_as_hive_does() {
        let mut buy = Names::of_partition(Path::new("out"), "scenario", Some("buy/é"));
        assert_eq!(
            buy.next(),
            Path::new("out/scenario=buy%2F%C3%A9/samples-00000.parquet")
        );
        let none = Names::of_partition(Path::new("out"), "scenario", None);
        assert!(
            none.folder()
                .unwrap()
                .ends_with("scenario=__HIVE_DEFAULT_PARTITION__")
        );
    }
}
