//! Samples as an Arrow stream: `--out arrow=FILE`, and `--out exec=COMMAND` for plug-ins in any language.
//!
//! Both are the same bytes. A stream needs no footer, so it can be read while it is written, and what a
//! crash leaves can be read up to its last batch; that is also why plug-ins get it and not Parquet.

#![forbid(unsafe_code)]

mod exec;
mod output;
mod plugin;
mod repair;
mod stream;

use brunt_output::{ConfigError, Key, Output, OutputKind, Settings};

pub use exec::ExecOutput;
pub use output::ArrowOutput;
pub use repair::{RepairError, Repaired, repair};

/// The kind behind `--out arrow`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrow;

impl OutputKind for Arrow {
    fn names(&self) -> &'static [&'static str] {
        &["arrow"]
    }

    fn about(&self) -> &'static str {
        "Every sample as a row of an Arrow IPC stream; '-' or no target is the standard output."
    }

    fn example(&self) -> &'static str {
        "--out arrow=samples.arrows"
    }

    fn keys(&self) -> &'static [Key] {
        &[]
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        Ok(Box::new(ArrowOutput::new(&settings.target)))
    }
}

/// The kind behind `--out exec`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exec;

impl OutputKind for Exec {
    fn names(&self) -> &'static [&'static str] {
        &["exec"]
    }

    fn about(&self) -> &'static str {
        "A plug-in: a command that reads every sample as an Arrow IPC stream from its standard input."
    }

    fn example(&self) -> &'static str {
        "--out exec='python3 plugin.py'"
    }

    fn keys(&self) -> &'static [Key] {
        &[]
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        if settings.target.trim().is_empty() {
            return Err(settings.error(
                "say which command, such as --out exec='python3 plugin.py'; a comma in it is quoted: \
                 --out 'exec=\"tool --columns a,b\"'",
            ));
        }
        Ok(Box::new(ExecOutput::new(&settings.target)))
    }
}
