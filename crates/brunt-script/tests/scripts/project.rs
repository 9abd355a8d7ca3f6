//! A directory of scripts with a loader for one of them.

use std::path::Path;
use std::sync::Arc;

use brunt_script::{Entry, LoadError, Loader, Source, Specifier};
use tempfile::TempDir;

pub(crate) const BUILTINS: [&str; 3] = ["k6", "k6/http", "k6/metrics"];

pub(crate) struct Project {
    pub(crate) dir: TempDir,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self {
            dir: tempfile::tempdir().expect("a directory"),
        };
        for (name, text) in files {
            project.write(name, text.as_bytes());
        }
        project
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(path, bytes).expect("written");
    }

    pub(crate) fn open(&self, entry: &str) -> Result<Loader, LoadError> {
        Loader::new(Entry::Path(self.dir.path().join(entry)), BUILTINS)
    }

    pub(crate) fn loader(&self, entry: &str) -> Loader {
        self.open(entry).expect("a loader")
    }

    pub(crate) fn specifier(&self, name: &str) -> Specifier {
        Specifier::from(format!("file://{}", self.path(name)).as_str())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir
            .path()
            .join(name)
            .to_str()
            .expect("UTF-8")
            .to_owned()
    }
}

/// Loads a text as standard input gives it.
pub(crate) fn from_text(text: impl Into<Vec<u8>>) -> Result<(Loader, Arc<Source>), LoadError> {
    let entry = Entry::Text {
        text: text.into(),
        cwd: Path::new("/dir").to_owned(),
    };
    let loader = Loader::new(entry, BUILTINS)?;
    let source = loader.load(loader.entry())?;
    Ok((loader, source))
}

/// Where some text is: line and column, both from 1; the column in bytes.
pub(crate) fn place_of(code: &str, text: &str) -> (u32, u32) {
    let offset = code
        .find(text)
        .unwrap_or_else(|| panic!("no {text:?} in:\n{code}"));
    let line = code[..offset].matches('\n').count() as u32 + 1;
    let column = offset - code[..offset].rfind('\n').map_or(0, |end| end + 1);
    (line, column as u32 + 1)
}

/// Where the engine says that some text is: in the first line, it counts columns from 0.
pub(crate) fn engine_place_of(code: &str, text: &str) -> (u32, u32) {
    let (line, column) = place_of(code, text);
    (
        line,
        if line == 1 {
            (column - 1).max(1)
        } else {
            column
        },
    )
}
