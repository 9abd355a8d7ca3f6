//! The kinds of outputs that this binary has, and how `--out` arguments become instances of them.
//!
//! Only the binary knows every plug-in, so it fills the catalogue; everything about names, keys,
//! environment variables and secrets is the same for all outputs and is done here once.
//!
//! Precedence, lowest first: the output's default, environment variables, the command line.

mod argument;
mod environment;
mod foreign;
mod list;

use std::collections::{BTreeMap, BTreeSet};

use crate::nearest::nearest;
use crate::output::{ConfigError, Key, Output, OutputKind, Settings};

/// Environment variables by name. A map and not the process's own, so that tests and embedders
/// decide what an output sees.
pub type Environment = BTreeMap<String, String>;

/// The variable that holds outputs when the command line names none: `K6_OUT`.
pub const OUT_VARIABLE: &str = "K6_OUT";

/// Every kind of output that can be named in `--out`.
#[derive(Default)]
pub struct Catalogue {
    kinds: Vec<Box<dyn OutputKind>>,
}

/// An output that is ready to run.
pub struct Configured {
    /// Its name, unique among the run's outputs.
    pub instance: String,
    /// The output.
    pub output: Box<dyn Output>,
}

impl Catalogue {
    /// An empty catalogue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(mut self, kind: impl OutputKind + 'static) -> Self {
        self.kinds.push(Box::new(kind));
        self
    }

    /// The kinds, in the order in which they were added.
    pub fn kinds(&self) -> impl Iterator<Item = &dyn OutputKind> {
        self.kinds.iter().map(|kind| &**kind)
    }

    /// Makes the outputs that the arguments of `--out` name, or those of `K6_OUT` if there is no
    /// argument. The first thing that is not understood is the error: nothing is ignored.
    ///
    /// Instances of the same name are told apart by number: `mimir`, `mimir-2`. Giving the same
    /// name twice with `NAME@INSTANCE` is an error.
    pub fn configure(
        &self,
        arguments: &[String],
        environment: &Environment,
    ) -> Result<Vec<Configured>, ConfigError> {
        let from_environment;
        let arguments = if arguments.is_empty() {
            from_environment = self.split_variable(environment)?;
            &from_environment
        } else {
            arguments
        };
        let mut configured: Vec<Configured> = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let (kind, mut settings, named) = self.understand(&[], argument, environment)?;
            let taken = |name: &str| configured.iter().any(|other| other.instance == name);
            if taken(&settings.instance) {
                if named {
                    return Err(settings.error("another output has this name already"));
                }
                let numbered = (2..).map(|number| format!("{}-{number}", settings.instance));
                if let Some(free) = numbered.into_iter().find(|name| !taken(name)) {
                    settings.instance = free;
                }
            }
            let output = kind.configure(&settings)?;
            configured.push(Configured {
                instance: settings.instance,
                output,
            });
        }
        Ok(configured)
    }

    /// Parses one argument and layers it over the environment, without making the output.
    pub fn settings(
        &self,
        argument: &str,
        environment: &Environment,
    ) -> Result<Settings, ConfigError> {
        self.settings_with(&[], argument, environment)
    }

    /// The same, where every output may also be given these keys of the caller's, which it then has to take out of the
    /// settings before it configures the output.
    pub fn settings_with(
        &self,
        own: &[Key],
        argument: &str,
        environment: &Environment,
    ) -> Result<Settings, ConfigError> {
        self.understand(own, argument, environment)
            .map(|(_, settings, _)| settings)
    }

    /// What `brunt outputs` prints: each output with its keys, variables, defaults and an example.
    pub fn list(&self) -> String {
        list::render(self.kinds())
    }

    /// The kind, its settings, and whether the user named the instance.
    fn understand(
        &self,
        own: &[Key],
        text: &str,
        environment: &Environment,
    ) -> Result<(&dyn OutputKind, Settings, bool), ConfigError> {
        let parsed = argument::parse(text).map_err(|message| ConfigError {
            output: text.to_owned(),
            message,
        })?;
        let kind = self.find(&parsed.name)?;
        let named = parsed.instance.is_some();
        let mut settings = Settings {
            name: parsed.name.clone(),
            instance: parsed.instance.unwrap_or_else(|| parsed.name.clone()),
            target: parsed.target,
            keys: BTreeMap::new(),
        };
        let mut given = parsed.keys;
        // `csv=fileName=x` of k6 has no target: the first part is a key already.
        if let Some((key, value)) = settings.target.split_once('=')
            && find_key(kind.keys(), key).is_some()
        {
            given.insert(0, (key.to_owned(), value.to_owned()));
            settings.target = String::new();
        }
        environment::layer(kind.keys(), environment, &mut settings)?;
        let mut seen = BTreeSet::new();
        for (key, value) in given {
            if !seen.insert(key.clone()) {
                return Err(settings.error(format!("the key '{key}' is given twice")));
            }
            let is_own = own.iter().any(|it| it.name == key);
            let keys = if is_own { own } else { kind.keys() };
            set(keys, &mut settings, key, value)?;
        }
        Ok((kind, settings, named))
    }

    fn find(&self, name: &str) -> Result<&dyn OutputKind, ConfigError> {
        if let Some(kind) = self.kinds().find(|kind| kind.names().contains(&name)) {
            return Ok(kind);
        }
        let known: Vec<&str> = self.kinds().flat_map(OutputKind::names).copied().collect();
        let what =
            foreign::explain(name).unwrap_or_else(|| match nearest(name, known.iter().copied()) {
                Some(near) => format!("there is no output of this name; did you mean '{near}'?"),
                None => "there is no output of this name".to_owned(),
            });
        let message = format!("{what}. Outputs are: {}", known.join(", "));
        Err(ConfigError {
            output: name.to_owned(),
            message,
        })
    }

    /// `K6_OUT` holds several outputs, separated by commas, which also separate keys: a part that
    /// begins with an output's name begins an output.
    fn split_variable(&self, environment: &Environment) -> Result<Vec<String>, ConfigError> {
        let text = environment.get(OUT_VARIABLE).map_or("", |text| text.trim());
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let parts = argument::split(text).map_err(|message| ConfigError {
            output: OUT_VARIABLE.to_owned(),
            message,
        })?;
        let mut arguments: Vec<String> = Vec::new();
        for part in parts {
            let name = part.split(['=', '@']).next().unwrap_or_default().trim();
            let begins = foreign::explain(name).is_some()
                || self.kinds().any(|kind| kind.names().contains(&name));
            match arguments.last_mut() {
                Some(last) if !begins => {
                    last.push(',');
                    last.push_str(&part);
                }
                _ => arguments.push(part),
            }
        }
        Ok(arguments)
    }
}

/// The key of this name; a family `header.*` takes every name that begins with `header.`.
fn find_key<'a>(keys: &'a [Key], name: &str) -> Option<&'a Key> {
    keys.iter().find(|key| match key.name.strip_suffix('*') {
        Some(prefix) => name
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty()),
        None => key.name == name,
    })
}

/// Sets a key that stands on the command line, over what the environment said.
fn set(
    keys: &[Key],
    settings: &mut Settings,
    name: String,
    value: String,
) -> Result<(), ConfigError> {
    if find_key(keys, &name).is_some() {
        settings.keys.insert(name, value);
        return Ok(());
    }
    let secret = name
        .strip_suffix("-file")
        .filter(|secret| find_key(keys, secret).is_some_and(|key| key.secret));
    if let Some(secret) = secret {
        let secret = secret.to_owned();
        let text = environment::read_secret(&settings.instance, &name, &value)?;
        settings.keys.insert(secret, text);
        return Ok(());
    }
    let names: Vec<String> = keys.iter().flat_map(list::spellings).collect();
    let hint = match nearest(&name, names.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean '{near}'?"),
        None => ".".to_owned(),
    };
    let known = if names.is_empty() {
        "This output has no keys".to_owned()
    } else {
        format!("Keys are: {}", names.join(", "))
    };
    Err(settings.error(format!("unknown key '{name}'{hint} {known}")))
}

#[cfg(test)]
mod tests;
