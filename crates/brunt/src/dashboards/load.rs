//! Dashboards that a command is given: files, folders, and names of bundled ones.

use std::path::{Path, PathBuf};

use brunt_grafana::{boards, classic};
use serde_json::Value;

use super::usage;
use crate::exit::Failure;

/// The largest file that is read: Grafana itself takes no more than this by far.
const MAX_FILE: u64 = 64 << 20;
/// How deep folders are searched.
const DEEPEST: usize = 8;

/// What a file holds.
pub(super) fn read(path: &Path) -> Result<Value, Failure> {
    let of_file = |what: String| usage(format!("{}: {what}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| of_file(error.to_string()))?;
    if size.len() > MAX_FILE {
        return Err(of_file("larger than 64 MiB, so no dashboard".to_owned()));
    }
    let text = std::fs::read(path).map_err(|error| of_file(error.to_string()))?;
    serde_json::from_slice(&text)
        .map_err(|error| of_file(format!("not JSON, so no dashboard: {error}")))
}

/// A file, or else the bundled dashboard of this name.
pub(super) fn named(argument: &Path) -> Result<Value, Failure> {
    if argument.exists() {
        return read(argument);
    }
    let bundled = argument.to_str().and_then(boards::find);
    bundled.map(|it| classic(&it)).ok_or_else(|| {
        usage(format!(
            "{}: neither a file nor a bundled dashboard; `brunt dashboards list` names those",
            argument.display()
        ))
    })
}

/// The JSON files at a path: itself, or those below it, by name.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    if path.is_dir() {
        search(path, 0, &mut found)
            .map_err(|error| usage(format!("{}: {error}", path.display())))?;
        if found.is_empty() {
            return Err(usage(format!("{}: no .json file in it", path.display())));
        }
        found.sort();
    } else {
        found.push(path.to_owned());
    }
    Ok(found)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // Links are not followed: they may lead back.
        if entry.file_type()?.is_dir() {
            if depth < DEEPEST {
                search(&path, depth + 1, found)?;
            }
        } else if path.extension().is_some_and(|it| it == "json") {
            found.push(path);
        }
    }
    Ok(())
}
