//! Which files are read: names, patterns, folders and the standard input, looked at before anything is
//! written.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_output::Pattern;
use tempfile::TempPath;

use crate::format::{Format, Found, Packing};

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or folder cannot be read.
    #[error("cannot read {name}: {source}")]
    Read {
        /// As it was given.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file holds something else.
    #[error(
        "{0} is no result file: brunt reads k6's JSON lines and CSV, JMeter's JTL, Gatling's simulation.log and Locust's history (plain, .gz or .zst), and Parquet files and Arrow streams that brunt wrote"
    )]
    Unknown(String),
    /// A file of another program from which no samples can be made.
    #[error("{name} {instead}")]
    Refused {
        /// As it was given.
        name: String,
        /// What it is, and what to do instead.
        instead: &'static str,
    },
    /// A file holds nothing.
    #[error("{0} is empty")]
    Empty(String),
    /// A folder holds no results.
    #[error("there is no result file in the folder {0}")]
    Folder(String),
    /// A pattern fits no file.
    #[error("no file is named like {0}")]
    Pattern(String),
    /// Files of several kinds.
    #[error("{one} is {of_one}, but {other} is {of_other}: convert one kind of files at a time")]
    Mixed {
        /// The first file.
        one: String,
        /// What it is.
        of_one: Format,
        /// The first that is something else.
        other: String,
        /// What that is.
        of_other: Format,
    },
}

/// Files of one format.
#[derive(Debug)]
pub struct Inputs {
    pub(crate) files: Vec<Input>,
    format: Format,
    read: Arc<AtomicU64>,
}

/// One file.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    /// What tells its load generator from those of the other files: the file's name without endings, or, where two
    /// have the same, with folders and endings.
    pub(crate) instance: String,
    source: Source,
    packing: Packing,
    bytes: u64,
}

#[derive(Debug)]
enum Source {
    Path(PathBuf),
    /// What came from the standard input, which can be read only once.
    Kept(File),
    /// What came from a bucket.
    #[cfg_attr(not(feature = "s3"), allow(dead_code))]
    Fetched(TempPath),
}

impl Inputs {
    /// Looks at the files of these names. A folder stands for the results in it and below it, by their
    /// names in order, as does `s3://BUCKET/PREFIX`; `-` for the standard input. Both are kept in temporary files.
    /// `*` and `?` in a file's name are for shells that leave them alone.
    pub fn find(names: &[String]) -> Result<Self, InputError> {
        let mut found: Vec<(Input, Format)> = Vec::new();
        for name in names {
            let path = Path::new(name);
            if name == "-" {
                found.push(look(name, Source::Kept(keep(name)?))?);
            } else if name.starts_with(crate::SCHEME) {
                add_bucket(name, &mut found)?;
            } else if path.is_dir() {
                let before = found.len();
                let refused = add_folder(path, &mut found)?;
                if found.len() == before {
                    return Err(refused.unwrap_or_else(|| InputError::Folder(name.clone())));
                }
            } else if name.contains(['*', '?']) && !path.exists() {
                let before = found.len();
                for path in like(path).map_err(|source| failed(name, source))? {
                    found.push(look(
                        &path.display().to_string(),
                        Source::Path(path.clone()),
                    )?);
                }
                if found.len() == before {
                    return Err(InputError::Pattern(name.clone()));
                }
            } else {
                found.push(look(name, Source::Path(path.to_owned()))?);
            }
        }
        let Some((first, format)) = found.first() else {
            return Err(InputError::Pattern(String::new()));
        };
        if let Some((other, of_other)) = found.iter().find(|(_, other)| other != format) {
            return Err(InputError::Mixed {
                one: first.name.clone(),
                of_one: *format,
                other: other.name.clone(),
                of_other: *of_other,
            });
        }
        let format = *format;
        name_instances(&mut found);
        Ok(Self {
            format,
            files: found.into_iter().map(|(input, _)| input).collect(),
            read: Arc::default(),
        })
    }

    /// Each file for itself; what is read of them is counted together.
    pub(crate) fn each(self) -> Vec<Self> {
        let (format, read) = (self.format, self.read);
        let one = |file| Self {
            files: vec![file],
            format,
            read: Arc::clone(&read),
        };
        self.files.into_iter().map(one).collect()
    }

    /// What all of them are.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// The files that were named or found, without what came from the standard input.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().filter_map(|file| match &file.source {
            Source::Path(path) => Some(path.as_path()),
            Source::Kept(_) | Source::Fetched(_) => None,
        })
    }

    /// Bytes of all files, packed as they are.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// How many of [`Inputs::bytes`] were read by [`crate::read`], for whoever shows progress.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl Input {
    /// The file itself, from its beginning.
    pub(crate) fn file(&self) -> io::Result<File> {
        match &self.source {
            Source::Path(path) => File::open(path),
            Source::Fetched(path) => File::open(path),
            Source::Kept(file) => {
                let mut file = file.try_clone()?;
                file.rewind()?;
                Ok(file)
            }
        }
    }

    /// How long it is; `None` if it is packed.
    pub(crate) fn plain_bytes(&self) -> Option<u64> {
        matches!(self.packing, Packing::Plain).then_some(self.bytes)
    }

    /// What is in it, unpacked.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self.packing.unpack(self.file()?)
    }

    /// The same, where what is read is counted.
    pub(crate) fn open_counted(&self, inputs: &Inputs) -> io::Result<Box<dyn Read + Send>> {
        self.packing.unpack(Counted {
            file: self.file()?,
            read: inputs.bytes_read(),
        })
    }
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn failed(name: &str, source: io::Error) -> InputError {
    InputError::Read {
        name: name.to_owned(),
        source,
    }
}

fn keep(name: &str) -> Result<File, InputError> {
    let keep = || {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        Ok(file)
    };
    keep().map_err(|source| {
        failed(
            if name == "-" {
                "the standard input"
            } else {
                name
            },
            source,
        )
    })
}

fn look(name: &str, source: Source) -> Result<(Input, Format), InputError> {
    let mut input = Input {
        name: if name == "-" { "standard input" } else { name }.to_owned(),
        source,
        packing: Packing::Plain,
        bytes: 0,
        instance: String::new(),
    };
    let found = identify(&mut input).map_err(|source| failed(&input.name, source))?;
    if input.bytes == 0 {
        return Err(InputError::Empty(input.name));
    }
    match found {
        Found::Results(format) => Ok((input, format)),
        Found::Refused(instead) => Err(InputError::Refused {
            name: input.name,
            instead,
        }),
        Found::Nothing => Err(InputError::Unknown(input.name)),
    }
}

fn identify(input: &mut Input) -> io::Result<Found> {
    let file = input.file()?;
    input.bytes = file.metadata()?.len();
    let mut first = Vec::new();
    file.take(4).read_to_end(&mut first)?;
    input.packing = Packing::of(&first);
    Format::of(&mut BufReader::with_capacity(1 << 16, input.open()?))
}

/// Results in a bucket; as in a folder, everything else is left alone.
#[cfg(feature = "s3")]
fn add_bucket(url: &str, found: &mut Vec<(Input, Format)>) -> Result<(), InputError> {
    let fetched = crate::bucket::fetch(url).map_err(|source| failed(url, source))?;
    let (before, is_one) = (found.len(), fetched.len() == 1);
    let mut refused = None;
    for object in fetched {
        match look(&object.name, Source::Fetched(object.file)) {
            Ok(input) => found.push(input),
            Err(error) if is_one => return Err(error),
            Err(InputError::Unknown(_) | InputError::Empty(_)) => {}
            Err(error @ InputError::Refused { .. }) => refused = refused.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    if found.len() == before {
        return Err(refused.unwrap_or_else(|| InputError::Folder(url.to_owned())));
    }
    Ok(())
}

#[cfg(not(feature = "s3"))]
fn add_bucket(url: &str, _: &mut Vec<(Input, Format)>) -> Result<(), InputError> {
    let message = "this brunt was built without S3: fetch it with aws s3 cp, and name the file";
    Err(failed(
        url,
        io::Error::new(io::ErrorKind::Unsupported, message),
    ))
}

/// Says which file is which load generator's.
fn name_instances(found: &mut [(Input, Format)]) {
    let stem = |name: &str| {
        let name = name.rsplit('/').next().unwrap_or(name);
        // What stands behind the first dot says what is in it.
        let stem = name.split('.').find(|part| !part.is_empty());
        stem.unwrap_or(name).to_owned()
    };
    let stems: Vec<String> = found.iter().map(|(input, _)| stem(&input.name)).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for stem in &stems {
        *count.entry(stem).or_default() += 1;
    }
    for ((input, _), stem) in found.iter_mut().zip(&stems) {
        let is_alone = count.get(stem.as_str()) == Some(&1);
        let own = if is_alone { stem } else { &input.name };
        input.instance.clone_from(own);
    }
}

/// Results below a folder; everything else in it is left alone. The answer is the first file of another program from
/// which no samples can be made, to be told where there is nothing else.
fn add_folder(
    folder: &Path,
    found: &mut Vec<(Input, Format)>,
) -> Result<Option<InputError>, InputError> {
    let name = folder.display().to_string();
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|source| failed(&name, source))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut refused = None;
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        // A link to a folder above would never end.
        let kind = entry.file_type().map_err(|source| failed(&name, source))?;
        if kind.is_dir() && !is_hidden {
            refused = refused.or(add_folder(&path, found)?);
        } else if path.is_file() && !is_hidden {
            match look(&path.display().to_string(), Source::Path(path.clone())) {
                Ok(input) => found.push(input),
                Err(InputError::Unknown(_) | InputError::Empty(_)) => {}
                Err(error @ InputError::Refused { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(refused)
}

/// The files beside which this pattern stands, in the order of their names.
fn like(path: &Path) -> io::Result<Vec<PathBuf>> {
    let pattern = path.file_name().unwrap_or_default().to_string_lossy();
    let pattern = Pattern::new(&pattern);
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let name = entry?.file_name();
        if pattern.matches(&name.to_string_lossy()) {
            paths.push(path.with_file_name(name));
        }
    }
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}
