//! Files that get their name once they are whole. Outputs of a run write at once, because what was
//! measured cannot be measured again; a conversion can, and half a file would pass for a whole one.

use std::fs;
use std::path::{Path, PathBuf};

use brunt_output::{Catalogue, ConfigError, Configured, OutputKind, Pace, Settings};

/// The outputs that write one file.
const ONE_FILE: [&str; 4] = ["json", "csv", "arrow", "parquet"];

/// Keys of theirs with which they write several, each whole in itself.
const SEVERAL: [&str; 3] = ["roll-size", "roll-interval", "partition"];

/// A file under the name that it has until it is whole. Unless it is kept, it goes.
#[derive(Debug)]
pub(crate) struct Whole {
    instance: String,
    until: PathBuf,
    name: PathBuf,
}

impl Whole {
    /// What of it is there until then: the file, and what outputs write beside theirs.
    pub(crate) fn until(&self) -> [PathBuf; 2] {
        let mut beside = self.until.clone().into_os_string();
        beside.push(".tmp");
        [self.until.clone(), beside.into()]
    }

    /// Gives the file its name.
    pub(crate) fn keep(self) -> Result<(), String> {
        let synced = fs::File::open(&self.until).and_then(|file| file.sync_all());
        synced
            .and_then(|()| fs::rename(&self.until, &self.name))
            .map_err(|error| format!("cannot write {}: {error}", self.name.display()))
    }

    /// The output that writes it.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // Nothing is there any more once it was kept.
        let _ = fs::remove_file(&self.until);
    }
}

/// What was asked for with `--out`.
pub(crate) struct Outs {
    pub(crate) configured: Vec<Configured>,
    /// Of each of them.
    pub(crate) paces: Vec<Pace>,
    /// Those that get their names later.
    pub(crate) files: Vec<Whole>,
}

/// The outputs that these arguments name.
pub(crate) fn configure(catalogue: &Catalogue, arguments: &[String]) -> Result<Outs, ConfigError> {
    let environment = std::env::vars().collect();
    let mut configured: Vec<Configured> = Vec::new();
    let (mut paces, mut files) = (Vec::new(), Vec::new());
    for argument in arguments {
        let mut settings = catalogue.settings_with(&[Pace::KEY], argument, &environment)?;
        let pace = Pace::take(&mut settings)?;
        let asked = settings.instance.clone();
        let mut number = 2;
        while configured.iter().any(|it| it.instance == settings.instance) {
            settings.instance = format!("{asked}-{number}");
            number += 1;
        }
        let kind = catalogue
            .kinds()
            .find(|kind| kind.names().contains(&settings.name.as_str()));
        let Some(kind) = kind else { continue };
        files.extend(defer(kind, &mut settings));
        let output = kind.configure(&settings)?;
        configured.push(Configured {
            instance: settings.instance,
            output,
        });
        paces.push(pace);
    }
    Ok(Outs {
        configured,
        paces,
        files,
    })
}

/// Lets an output that writes one file write it beside its target, unless that is no regular file.
fn defer(kind: &dyn OutputKind, settings: &mut Settings) -> Option<Whole> {
    if !kind.names().iter().any(|name| ONE_FILE.contains(name)) {
        return None;
    }
    if settings.target.is_empty() {
        let key = kind.keys().iter().find(|key| key.name == "fileName")?;
        let named = settings.keys.get("fileName").cloned();
        settings.target = named.unwrap_or_else(|| key.default.to_owned());
    }
    let key = |name: &&str| {
        let value = settings.keys.get(*name);
        value.is_some_and(|value| !value.is_empty())
    };
    let is_file = settings.target != "-" && !settings.target.contains("://");
    if !is_file || SEVERAL.iter().any(key) {
        return None;
    }
    let name = PathBuf::from(&settings.target);
    // The output refuses it under that name, and says why.
    if kind.names().contains(&"parquet") && brunt_output_parquet::left_by_another(&name).is_err() {
        return None;
    }
    if fs::metadata(&name).is_ok_and(|found| !found.is_file()) {
        return None;
    }
    let until = beside(&name)?;
    until.to_str()?.clone_into(&mut settings.target);
    Some(Whole {
        instance: settings.instance.clone(),
        until,
        name,
    })
}

/// Hidden, of this process, and with the same ending, which says how it is packed.
fn beside(name: &Path) -> Option<PathBuf> {
    let file = name.file_name()?.to_str()?;
    Some(name.with_file_name(format!(".brunt-{}-{file}", std::process::id())))
}
