//! The files of the folder `dashboards/`: what `cargo xtask dashboards` writes, and what a test compares.

use std::path::Path;

use serde_json::Value;

use crate::boards;
use crate::form::{classic, v2};

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Below the folder, with `/`.
    pub path: String,
    /// Everything in it.
    pub text: String,
}

/// JSON as it stands in files: indented, with a line feed at the end.
pub fn pretty(json: &Value) -> String {
    format!("{json:#}\n")
}

/// Every generated file below `dashboards/`.
pub fn files() -> Vec<GeneratedFile> {
    let mut files = Vec::new();
    for dashboard in boards::all() {
        files.push(GeneratedFile {
            path: format!("{}.json", dashboard.file),
            text: pretty(&classic(&dashboard)),
        });
        files.push(GeneratedFile {
            path: format!("v2/{}.json", dashboard.file),
            text: pretty(&v2(&dashboard)),
        });
    }
    files
}

/// JSON files of the folder that none of these is: of dashboards that there are no more.
pub fn left_over(folder: &Path, files: &[GeneratedFile]) -> Vec<String> {
    let mut left = Vec::new();
    for (below, prefix) in [("", ""), ("v2", "v2/")] {
        let entries = std::fs::read_dir(folder.join(below));
        for entry in entries.into_iter().flatten().flatten() {
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let json = Path::new(&path).extension().is_some_and(|it| it == "json");
            if json && files.iter().all(|file| file.path != path) {
                left.push(path);
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_repository_are_what_the_model_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards");
        let hint = "run `cargo xtask dashboards`";
        for file in files() {
            let there = std::fs::read_to_string(folder.join(&file.path));
            let there = there.unwrap_or_else(|error| panic!("{}: {error}; {hint}", file.path));
            assert!(there == file.text, "{} is stale; {hint}", file.path);
        }
        assert_eq!(left_over(&folder, &files()), [""; 0], "remove these");
    }
}
