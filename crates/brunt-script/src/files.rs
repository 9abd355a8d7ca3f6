//! Reading files: whole, with a limit, and with errors that say what to do.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{ErrorKind, LoadError};

/// The most that a script may weigh, in bytes; the biggest bundles weigh a few million.
pub(crate) const LONGEST_SCRIPT: u64 = 32 << 20;

/// The most that a source map may weigh, in bytes.
pub(crate) const LONGEST_MAP: u64 = 128 << 20;

/// The most that `open()` reads, in bytes: what an `ArrayBuffer` can hold.
pub(crate) const LONGEST_FILE: u64 = (1 << 31) - 1;

/// A file's bytes, if it is one and not longer than `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory",
        ));
    }
    let expected = metadata.len().min(limit);
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(usize::try_from(expected).unwrap_or(0) + 1)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    // Pipes and devices tell no length, so the limit is kept while reading.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("it is longer than {} MiB", (limit + 1) >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// What to say about a file that could not be read.
pub(crate) fn failure(kind: ErrorKind, what: &str, path: &Path, error: &io::Error) -> LoadError {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    let failed = LoadError::new(
        kind,
        format!("cannot read {what} {}: {reason}", path.display()),
    );
    match error.kind() {
        io::ErrorKind::NotFound => match relative(path) {
            Some(name) => failed.help(format!("did you mean {name}? The full name is needed")),
            None => failed,
        },
        io::ErrorKind::IsADirectory => match nearby(path) {
            Some(name) => failed.help(format!("did you mean {name}? The full name is needed")),
            None => failed.help("give the name of a file"),
        },
        _ => failed,
    }
}

/// The file that Node.js or a bundler would have taken for a missing one.
fn relative(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = name
        .strip_suffix(".js")
        .or_else(|| name.strip_suffix(".ts"));
    let candidates = [
        format!("{name}.js"),
        format!("{name}.ts"),
        format!("{}.ts", stem.unwrap_or(name)),
        format!("{}.js", stem.unwrap_or(name)),
    ];
    candidates
        .into_iter()
        .find(|candidate| path.with_file_name(candidate).is_file())
}

fn nearby(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let index = ["index.js", "index.ts"]
        .into_iter()
        .find(|index| path.join(index).is_file());
    index
        .map(|index| format!("{name}/{index}"))
        .or_else(|| relative(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_files_suggest_what_is_there() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("lib")).expect("lib");
        std::fs::write(dir.path().join("lib/index.ts"), "").expect("index");
        std::fs::write(dir.path().join("helper.ts"), "").expect("helper");
        let table = [
            ("helper", "no such file", Some("helper.ts")),
            ("helper.js", "no such file", Some("helper.ts")),
            ("lib", "it is a directory", Some("lib/index.ts")),
            ("other", "no such file", None),
        ];
        for (name, reason, hint) in table {
            let path = dir.path().join(name);
            let error = read(&path, 10).expect_err(name);
            let error = failure(ErrorKind::Missing, "module", &path, &error);
            assert!(error.message.contains(reason), "{error}");
            let help = error.help.unwrap_or_default();
            assert_eq!(hint.is_some(), !help.is_empty(), "{help}");
            assert!(help.contains(hint.unwrap_or_default()), "{help}");
        }
    }

    #[test]
    fn the_limit_holds() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("data");
        std::fs::write(&path, "12345").expect("data");
        assert_eq!(read(&path, 5).expect("fits"), b"12345");
        let error = read(&path, 4).expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    #[cfg(unix)]
    fn an_endless_device_ends_at_the_limit() {
        let error = read(Path::new("/dev/zero"), 1 << 20).expect_err("endless");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
