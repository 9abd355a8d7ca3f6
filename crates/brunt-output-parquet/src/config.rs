//! The keys of `--out parquet`.

use std::path::PathBuf;
use std::time::Duration;

use brunt_output::{ConfigError, Key, Settings};

use crate::bucket::Place;

/// What the keys say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// A file, or with a partition a folder.
    pub(crate) target: PathBuf,
    /// Where in a bucket files go when they are whole; the target is staged then.
    pub(crate) place: Option<Place>,
    /// Bytes of memory that an open row group may take.
    pub(crate) row_group: usize,
    /// A file that is at least so long is ended, and another one begun.
    pub(crate) roll_size: Option<u64>,
    /// So is one that has been open so long.
    pub(crate) roll_interval: Option<Duration>,
    /// One file for each scenario.
    pub(crate) by_scenario: bool,
    /// Of zstd.
    pub(crate) level: i32,
}

const fn key(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> Key {
    Key {
        name,
        env,
        default,
        help,
        secret: false,
    }
}

pub(crate) const KEYS: &[Key] = &[
    key(
        "row-group-size",
        &["BRUNT_PARQUET_ROW_GROUP_SIZE"],
        "32MiB",
        "Memory that samples may take until they are written as a row group.",
    ),
    key(
        "roll-size",
        &["BRUNT_PARQUET_ROLL_SIZE"],
        "",
        "Begins another file when one has this size: NAME-00000.parquet and so on.",
    ),
    key(
        "roll-interval",
        &["BRUNT_PARQUET_ROLL_INTERVAL"],
        "",
        "Begins another file after this time.",
    ),
    key(
        "partition",
        &["BRUNT_PARQUET_PARTITION"],
        "",
        "'scenario' makes a folder for each scenario, TARGET/scenario=NAME/, as Hive names them.",
    ),
    key(
        "level",
        &["BRUNT_PARQUET_LEVEL"],
        "3",
        "How hard zstd compresses, 1 to 22.",
    ),
    #[cfg(feature = "s3")]
    key(
        "endpoint",
        &["BRUNT_PARQUET_ENDPOINT"],
        "",
        "For s3://: the URL of a server that is not Amazon's. AWS_ENDPOINT_URL does it too.",
    ),
    #[cfg(feature = "s3")]
    key(
        "region",
        &["BRUNT_PARQUET_REGION"],
        "",
        "For s3://: the bucket's region. AWS_REGION does it too, us-east-1 is the last resort.",
    ),
    #[cfg(feature = "s3")]
    key(
        "staging",
        &["BRUNT_PARQUET_STAGING"],
        "",
        "For s3://: the folder for files that are not sent yet, else that of --spool.",
    ),
];

/// A smaller row group would be mostly its own description.
const SMALLEST: u64 = 64 * 1024;
const LARGEST: u64 = 1 << 30;

pub(crate) fn read(settings: &Settings) -> Result<Config, ConfigError> {
    if matches!(settings.target.as_str(), "" | "-") {
        return Err(settings.error(
            "say which file, such as --out parquet=samples.parquet: Parquet has its index at the end, \
             so it cannot be a stream. For one, use --out arrow=-",
        ));
    }
    let row_group = settings.size("row-group-size")?.unwrap_or(32 << 20);
    if !(SMALLEST..=LARGEST).contains(&row_group) {
        let value = settings.get("row-group-size").unwrap_or_default();
        return Err(settings.invalid("row-group-size", value, "a size from 64KiB to 1GiB"));
    }
    let level = settings.positive("level")?.unwrap_or(3);
    if level > 22 {
        return Err(settings.invalid("level", &level.to_string(), "a number from 1 to 22"));
    }
    let by_scenario = match settings.get("partition") {
        None => false,
        Some("scenario") => true,
        Some(other) => return Err(settings.invalid("partition", other, "scenario")),
    };
    let roll_interval = settings.duration("roll-interval")?;
    if roll_interval.is_some_and(|interval| interval < Duration::from_secs(1)) {
        let value = settings.get("roll-interval").unwrap_or_default();
        return Err(settings.invalid("roll-interval", value, "at least 1s"));
    }
    let roll_size = settings.size("roll-size")?;
    // A row group can be longer than the file is to be: then it is the file.
    let row_group = roll_size.map_or(row_group, |roll| row_group.min(roll.max(SMALLEST)));
    Ok(Config {
        target: PathBuf::from(&settings.target),
        place: Place::of(settings)?,
        row_group: row_group as usize,
        roll_size,
        roll_interval,
        by_scenario,
        level: level as i32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(target: &str, keys: &[(&str, &str)]) -> Result<Config, String> {
        let pairs = keys.iter();
        let settings = Settings {
            name: "parquet".to_owned(),
            instance: "parquet".to_owned(),
            target: target.to_owned(),
            keys: pairs
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        read(&settings).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_read() {
        let keys = [
            ("roll-size", "1MiB"),
            ("roll-interval", "1m"),
            ("partition", "scenario"),
            ("level", "9"),
        ];
        let config = with("out", &keys).unwrap();
        assert_eq!(config.row_group, 1 << 20, "no larger than a file");
        assert_eq!((config.roll_size, config.level), (Some(1 << 20), 9));
        assert!(config.by_scenario && config.roll_interval == Some(Duration::from_mins(1)));
        assert_eq!(with("a.parquet", &[]).unwrap().row_group, 32 << 20);
    }

    #[test]
    fn what_cannot_be_is_told() {
        for (target, key, value) in [
            ("-", "level", "3"),
            ("a", "level", "23"),
            ("a", "row-group-size", "1"),
            ("a", "row-group-size", "2GiB"),
            ("a", "partition", "url"),
            ("a", "roll-interval", "10ms"),
            ("a", "roll-size", "many"),
        ] {
            let error = with(target, &[(key, value)]).unwrap_err();
            assert!(target == "-" || error.contains(key), "{error}");
        }
    }
}
