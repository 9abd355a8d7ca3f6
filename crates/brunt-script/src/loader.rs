//! The loader: answers an engine's questions about modules and files, for all workers alike.
//!
//! The first init pass reads everything under a lock; afterwards the loader is sealed and every
//! answer comes from memory, so virtual users never wait for a disk or for each other.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use url::Url;

use crate::builtins::Builtins;
use crate::draft::{Code, Draft};
use crate::error::{ErrorKind, LoadError};
use crate::facade::WRAPPER;
use crate::files;
use crate::graph::{self, Disk};
use crate::option_place;
use crate::position::Position;
use crate::source::{Kind, Source};
use crate::specifier::{self, Specifier};
use crate::wanted::Wanted;

/// Where the main script is.
#[derive(Debug, Clone)]
pub enum Entry {
    /// In a file; a relative path starts at the process' working directory.
    Path(PathBuf),
    /// In a text, from standard input. It may be TypeScript.
    Text {
        /// The script.
        text: Vec<u8>,
        /// The directory that it counts as being in. Must be absolute.
        cwd: PathBuf,
    },
}

/// Finds and keeps scripts; shared by all workers of a process.
#[derive(Debug)]
pub struct Loader {
    entry: Specifier,
    entry_bytes: Vec<u8>,
    entry_is_text: bool,
    builtins: Builtins,
    builtin_exports: fn(&str) -> Option<&'static [&'static str]>,
    /// Nothing may be loaded any more that is not here.
    sealed: AtomicBool,
    /// Held while something is loaded.
    loading: Mutex<()>,
    modules: RwLock<Modules>,
    opened: RwLock<FxHashMap<PathBuf, Option<Arc<[u8]>>>>,
    warnings: Mutex<Vec<String>>,
}

#[derive(Debug, Default)]
struct Modules {
    sources: FxHashMap<Specifier, Arc<Source>>,
    codes: FxHashMap<Arc<str>, Arc<Code>>,
    wanted: Wanted,
}

impl Loader {
    /// A loader for this main script, which is read at once; `builtins` names the modules that the
    /// host provides.
    pub fn new(
        entry: Entry,
        builtins: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, LoadError> {
        let entry_is_text = matches!(entry, Entry::Text { .. });
        let (path, bytes) = match entry {
            Entry::Path(path) => {
                refuse_remote(&path)?;
                let bytes = files::read(&path, files::LONGEST_SCRIPT)
                    .map_err(|error| files::failure(ErrorKind::Entry, "script", &path, &error))?;
                refuse_archive(&path, &bytes)?;
                (path, bytes)
            }
            Entry::Text { text, cwd } => (cwd.join("-"), text),
        };
        let absolute = std::path::absolute(&path).ok();
        let entry = absolute
            .and_then(|path| Specifier::of_path(&path))
            .ok_or_else(|| {
                let message = format!("cannot tell where {} is", path.display());
                LoadError::new(ErrorKind::Entry, message).help("give its absolute path")
            })?;
        Ok(Self {
            entry,
            entry_bytes: bytes,
            entry_is_text,
            builtins: Builtins::new(builtins),
            builtin_exports: |_| None,
            sealed: AtomicBool::new(false),
            loading: Mutex::default(),
            modules: RwLock::default(),
            opened: RwLock::default(),
            warnings: Mutex::default(),
        })
    }

    /// Tells what built-in modules export besides `default`, so that a wrong import is found before
    /// anything runs.
    #[must_use]
    pub fn with_builtin_exports(
        mut self,
        exports: fn(&str) -> Option<&'static [&'static str]>,
    ) -> Self {
        self.builtin_exports = exports;
        self
    }

    /// The main script's name, such as `file:///home/me/script.js`; `file:///cwd/-` for a text.
    pub fn entry(&self) -> &Specifier {
        &self.entry
    }

    /// What a request, such as `./helper.js` or `k6/http`, means in module `base`. Does not look
    /// whether the file is there.
    pub fn resolve(&self, base: &Specifier, request: &str) -> Result<Specifier, LoadError> {
        specifier::resolve(base, request, &self.builtins)
    }

    /// A module's code, with all that it imports read and checked. From memory after the first time.
    pub fn load(&self, specifier: &Specifier) -> Result<Arc<Source>, LoadError> {
        if let Some(source) = self.modules.read().sources.get(specifier) {
            return Ok(Arc::clone(source));
        }
        if self.sealed.load(Ordering::Acquire) {
            return Err(sealed(&format!("module {specifier}")));
        }
        let _loading = self.loading.lock();
        // Another worker may have loaded it while this one waited.
        if let Some(source) = self.modules.read().sources.get(specifier) {
            return Ok(Arc::clone(source));
        }
        let loaded = graph::load(specifier, self)?;
        self.warnings.lock().extend(loaded.warnings);
        let mut modules = self.modules.write();
        modules.wanted.add(loaded.wanted);
        for code in loaded.codes {
            modules
                .codes
                .insert(Arc::clone(code.specifier.text()), Arc::new(code));
        }
        for source in loaded.sources {
            modules
                .sources
                .insert(source.specifier.clone(), Arc::new(source));
        }
        let source = modules.sources.get(specifier).map(Arc::clone);
        source.ok_or_else(|| {
            LoadError::new(
                ErrorKind::Internal,
                format!("{specifier} was lost while loading"),
            )
        })
    }

    /// Whether a module that is loaded may look at this export of a built-in module.
    pub fn wants(&self, builtin: &str, name: &str) -> bool {
        (self.builtin_exports)(builtin).is_none() || self.modules.read().wanted.has(builtin, name)
    }

    /// Loads the main script and all that it imports.
    pub fn preload(&self) -> Result<(), LoadError> {
        self.load(&self.entry).map(drop)
    }

    /// Ends loading: what was not asked for by now is an error from now on.
    pub fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    /// A file for `open()`, from memory after the first time that it was to be kept. A relative
    /// path starts at the directory of `base`, which is the main script in k6: not the module that
    /// calls `open()`.
    ///
    /// A file that is not kept is read again whenever it is asked for, also once no new file may be
    /// opened: large lists are read once and live on in another form.
    pub fn open(&self, base: &Specifier, path: &str, keep: bool) -> Result<Arc<[u8]>, LoadError> {
        let path = file_to_open(base, path)?;
        let known = self.opened.read().get(&path).cloned();
        if let Some(Some(bytes)) = known {
            return Ok(bytes);
        }
        if known.is_none() && self.sealed.load(Ordering::Acquire) {
            return Err(sealed(&format!("file {}", path.display())));
        }
        let _loading = self.loading.lock();
        if let Some(Some(bytes)) = self.opened.read().get(&path) {
            return Ok(Arc::clone(bytes));
        }
        let bytes = files::read(&path, files::LONGEST_FILE)
            .map_err(|error| files::failure(ErrorKind::Open, "file", &path, &error))?;
        let bytes: Arc<[u8]> = Arc::from(bytes);
        let kept = keep.then(|| Arc::clone(&bytes));
        self.opened.write().insert(path, kept);
        Ok(bytes)
    }

    /// The same file for somebody who reads it in pieces, and its length; none if it is in memory, if
    /// it is no ordinary file, or if [`open`](Self::open) would refuse it, and so say why.
    pub fn open_in_pieces(&self, base: &Specifier, path: &str) -> Option<(File, u64)> {
        let path = file_to_open(base, path).ok()?;
        let known = self.opened.read().get(&path).map(Option::is_some);
        if known == Some(true) || known.is_none() && self.sealed.load(Ordering::Acquire) {
            return None;
        }
        let file = File::open(&path).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > files::LONGEST_FILE {
            return None;
        }
        self.opened.write().entry(path).or_insert(None);
        Some((file, metadata.len()))
    }

    /// The user's place of one in the code that an engine runs. Line and column are as `QuickJS`
    /// tells them in a stack: from 1, the column in bytes, but from 0 in the first line.
    pub fn map(&self, specifier: &str, line: u32, column: u32) -> Position {
        let modules = self.modules.read();
        let Some(code) = modules.codes.get(specifier).map(Arc::clone) else {
            return Position {
                file: Arc::from(specifier),
                line,
                column,
            };
        };
        let source = modules.sources.get(&code.specifier);
        let wrapped = line == 1 && source.is_some_and(|source| source.kind == Kind::CommonJs);
        drop(modules);
        let before = if wrapped { WRAPPER.len() as u32 } else { 0 };
        let mut column = column.saturating_sub(before);
        // It tells 1 for the first column too.
        if line == 1 && (wrapped || column > 1) {
            column = column.saturating_add(1);
        }
        code.map(line, column.max(1))
    }

    /// The main script's text as it is in its file; none before it is loaded.
    pub fn entry_text(&self) -> Option<Arc<str>> {
        let modules = self.modules.read();
        let code = modules.codes.get(self.entry.text())?;
        Some(Arc::clone(code.text()))
    }

    /// Where the main script writes the option of this path, such as `scenarios.buy.rate`, or at least
    /// what holds it; none if its options are not a literal of its own. Slow: for errors only.
    pub fn place_of_option(&self, path: &str) -> Option<Position> {
        let code = {
            let modules = self.modules.read();
            modules.codes.get(self.entry.text()).map(Arc::clone)?
        };
        let offset = option_place::in_script(code.javascript(), path)?;
        Some(code.map_offset(offset))
    }

    /// The source line of a position, with a caret below the column; none if it is not known.
    pub fn excerpt(&self, position: &Position) -> Option<String> {
        let codes: Vec<Arc<Code>> = {
            let modules = self.modules.read();
            match modules.codes.get(&position.file) {
                Some(code) => vec![Arc::clone(code)],
                None => modules.codes.values().map(Arc::clone).collect(),
            }
        };
        codes.iter().find_map(|code| code.excerpt(position))
    }

    /// What the user should know although it is no error, such as a missing source map; each is
    /// given once.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock())
    }
}

impl Disk for Loader {
    fn resolve(&self, base: &Specifier, request: &str) -> Result<Specifier, LoadError> {
        Self::resolve(self, base, request)
    }

    fn draft(&self, specifier: &Specifier) -> Result<Draft, LoadError> {
        let Some(path) = specifier.to_path() else {
            let message = format!("{specifier} is no name of a file");
            return Err(LoadError::new(ErrorKind::Specifier, message));
        };
        let typescript = is_typescript_name(&path);
        if *specifier == self.entry {
            return Draft::new(
                specifier,
                self.entry_bytes.clone(),
                typescript || self.entry_is_text,
            );
        }
        let bytes = files::read(&path, files::LONGEST_SCRIPT)
            .map_err(|error| files::failure(ErrorKind::Missing, "module", &path, &error))?;
        Draft::new(specifier, bytes, typescript)
    }

    fn known(&self, specifier: &Specifier) -> Option<Kind> {
        self.modules
            .read()
            .sources
            .get(specifier)
            .map(|source| source.kind)
    }

    fn builtin_exports(&self, specifier: &Specifier) -> Option<&'static [&'static str]> {
        (self.builtin_exports)(specifier.as_str())
    }
}

fn is_typescript_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ts")
}

/// A main script that has to be fetched.
fn refuse_remote(path: &Path) -> Result<(), LoadError> {
    let Some(name) = path.to_str().filter(|name| name.contains("://")) else {
        return Ok(());
    };
    let message = format!("cannot run {name}: scripts are not loaded over the network");
    Err(LoadError::new(ErrorKind::Entry, message)
        .help("download it and run the file, or pipe it in: curl … | brunt run -"))
}

/// What `k6 archive` writes; told by its content, as k6 does.
fn refuse_archive(path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
    // The magic of the tar format (POSIX.1-1988, ustar header) stands at this offset.
    if bytes.get(257..262) != Some(b"ustar") {
        return Ok(());
    }
    let message = format!(
        "{} is an archive, which brunt cannot run yet",
        path.display()
    );
    Err(LoadError::new(ErrorKind::Entry, message)
        .help("unpack it with tar and run the script from the folder that results"))
}

fn sealed(what: &str) -> LoadError {
    LoadError::new(
        ErrorKind::Sealed,
        format!("{what} was not previously resolved during initialization"),
    )
    .help("load it in the first init pass too, where __VU is 0: do not let it depend on __VU")
}

fn file_to_open(base: &Specifier, path: &str) -> Result<PathBuf, LoadError> {
    if path.is_empty() {
        return Err(LoadError::new(
            ErrorKind::Open,
            "open() needs the name of a file",
        ));
    }
    let no_file = || {
        LoadError::new(
            ErrorKind::Open,
            format!("open(): \"{path}\" is no name of a local file"),
        )
        .help("open() reads local files only; use k6/http for anything remote")
    };
    if path.contains("://") {
        let url = Url::parse(path).ok().filter(|url| url.scheme() == "file");
        return url
            .and_then(|url| url.to_file_path().ok())
            .ok_or_else(no_file);
    }
    let base = base.to_path().ok_or_else(no_file)?;
    let directory = base.parent().unwrap_or(Path::new("/"));
    Ok(directory.join(path))
}
