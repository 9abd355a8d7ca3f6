//! The keys of `--out csv` and what their values mean.

use std::time::Duration;

use brunt_file::Target;
use brunt_output::{ConfigError, Key, Settings, key};

/// k6's name of the file where nobody names one.
const FILE: &str = "file.csv";

/// k6 has 1 s. Written sooner, a run that is killed loses less, for the same work.
const SAVE_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) static KEYS: &[Key] = &[
    key(
        "fileName",
        &["K6_CSV_FILENAME"],
        "file.csv",
        "The file, where the target names none.",
    ),
    key(
        "saveInterval",
        &["K6_CSV_SAVE_INTERVAL"],
        "200ms",
        "How long a sample waits at most until it is written.",
    ),
    key(
        "timeFormat",
        &["K6_CSV_TIME_FORMAT"],
        "unix",
        "The column `timestamp`: unix (whole seconds), unix_milli, unix_micro, unix_nano, rfc3339 or rfc3339_nano (local time).",
    ),
    key(
        "precision",
        &["BRUNT_CSV_PRECISION"],
        "full",
        "Digits of `metric_value`: full (the shortest that read back as the same number) or k6 (six decimals, which makes 0 of 4e-7).",
    ),
    key(
        "compat",
        &["BRUNT_CSV_COMPAT"],
        "",
        "k6 writes the maps in `extra_tags` and `metadata` without escapes and leaves out tags that have the name of a system tag that is off.",
    ),
];

/// How `timestamp` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TimeFormat {
    /// A number of units of this many nanoseconds since the Unix epoch, rounded down.
    Unix(i64),
    Rfc3339,
    #[default]
    Rfc3339Nano,
}

/// How `metric_value` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Precision {
    #[default]
    Full,
    SixDecimals,
}

/// How a row looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowConfig {
    pub(crate) time: TimeFormat,
    pub(crate) precision: Precision,
    /// Maps as k6 writes them.
    pub(crate) k6_maps: bool,
}

/// Everything that the keys say.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) target: Target,
    pub(crate) save_interval: Duration,
    pub(crate) rows: RowConfig,
}

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let target = match settings.target.as_str() {
            "" => settings.get("fileName").unwrap_or(FILE),
            named => named,
        };
        Ok(Self {
            target: Target::parse(target),
            save_interval: settings.duration("saveInterval")?.unwrap_or(SAVE_INTERVAL),
            rows: RowConfig {
                time: time_format(settings)?,
                precision: precision(settings)?,
                k6_maps: k6_maps(settings)?,
            },
        })
    }
}

fn time_format(settings: &Settings) -> Result<TimeFormat, ConfigError> {
    Ok(match settings.get("timeFormat").unwrap_or("unix") {
        "unix" => TimeFormat::Unix(1_000_000_000),
        "unix_milli" => TimeFormat::Unix(1_000_000),
        "unix_micro" => TimeFormat::Unix(1_000),
        "unix_nano" => TimeFormat::Unix(1),
        "rfc3339" => TimeFormat::Rfc3339,
        "rfc3339_nano" => TimeFormat::Rfc3339Nano,
        other => {
            let expected = "unix, unix_milli, unix_micro, unix_nano, rfc3339 or rfc3339_nano";
            return Err(settings.invalid("timeFormat", other, expected));
        }
    })
}

fn precision(settings: &Settings) -> Result<Precision, ConfigError> {
    match settings.get("precision").unwrap_or("full") {
        "full" => Ok(Precision::Full),
        "k6" => Ok(Precision::SixDecimals),
        other => Err(settings.invalid("precision", other, "full or k6")),
    }
}

fn k6_maps(settings: &Settings) -> Result<bool, ConfigError> {
    match settings.get("compat") {
        None => Ok(false),
        Some("k6") => Ok(true),
        Some(other) => Err(settings.invalid("compat", other, "k6, or leave it out")),
    }
}
