//! Reading the values of [`Settings`]: durations, switches and numbers with errors that name the
//! key.

use std::time::Duration;

use crate::output::{ConfigError, Key, Settings};

impl Settings {
    /// The value of a key, `None` if it is not set or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.keys
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// How `--out` names this instance: `NAME`, or `NAME@INSTANCE` where that differs.
    pub fn out_name(&self) -> String {
        if self.name.is_empty() || self.name == self.instance {
            self.instance.clone()
        } else {
            format!("{}@{}", self.name, self.instance)
        }
    }

    /// The same with the default of each key that is not set. The table that `brunt outputs` prints is
    /// where defaults are, so that both cannot differ.
    #[must_use]
    pub fn with_defaults(&self, keys: &[Key]) -> Self {
        let mut all = self.clone();
        for key in keys.iter().filter(|key| !key.default.is_empty()) {
            all.keys
                .entry(key.name.to_owned())
                .or_insert_with(|| key.default.to_owned());
        }
        all
    }

    /// The members of a family `header.*`: what stands after the dot, and the value.
    pub fn family<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.keys.iter().filter_map(move |(key, value)| {
            let name = key.strip_prefix(prefix)?.strip_prefix('.')?;
            Some((name, value.as_str()))
        })
    }

    /// A duration such as `5s`, `500ms` or `1m30s`; a bare number means milliseconds.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>, ConfigError> {
        let parse = |value| {
            parse_duration(value)
                .ok_or_else(|| self.invalid(key, value, "a duration such as 5s, 500ms or 1m30s"))
        };
        self.get(key).map(parse).transpose()
    }

    /// The time between two snapshots, the key `interval`.
    pub fn interval(&self, default: Duration) -> Result<Duration, ConfigError> {
        let interval = self.duration("interval")?.unwrap_or(default);
        if interval < Duration::from_millis(100) {
            let given = self.get("interval").unwrap_or_default();
            return Err(self.invalid("interval", given, "at least 100ms"));
        }
        Ok(interval)
    }

    /// A switch: `true`, `false`, and the usual words for them.
    pub fn switch(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        let parse = |value: &str| match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" => Ok(true),
            "false" | "0" | "no" | "off" | "f" => Ok(false),
            _ => Err(self.invalid(key, value, "true or false")),
        };
        self.get(key).map(parse).transpose()
    }

    /// A whole number of at least 1.
    pub fn positive(&self, key: &str) -> Result<Option<usize>, ConfigError> {
        let parse = |value: &str| match value.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(self.invalid(key, value, "a whole number of at least 1")),
        };
        self.get(key).map(parse).transpose()
    }

    /// A size such as `64MiB`, `10MB` or a number of bytes, at least 1.
    pub fn size(&self, key: &str) -> Result<Option<u64>, ConfigError> {
        let parse = |value| {
            let size = parse_size(value).filter(|size| *size > 0);
            size.ok_or_else(|| {
                self.invalid(
                    key,
                    value,
                    "a size such as 64MiB, 10MB or a number of bytes",
                )
            })
        };
        self.get(key).map(parse).transpose()
    }

    /// An error about the value of a key: what it is, and what it should be.
    pub fn invalid(&self, key: &str, value: &str, expected: &str) -> ConfigError {
        self.error(format!(
            "'{value}' is no value for the key '{key}': write {expected}"
        ))
    }

    /// An error about this instance.
    pub fn error(&self, message: impl Into<String>) -> ConfigError {
        ConfigError {
            output: self.instance.clone(),
            message: message.into(),
        }
    }
}

/// A duration as Go and k6 write it: a sum of numbers with the units ns, us, ms, s, m, h and d. A
/// bare number is milliseconds. `None` for anything else, and for what does not fit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if let Ok(milliseconds) = text.parse::<u64>() {
        return Some(Duration::from_millis(milliseconds));
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[end..];
    }
    if text.is_empty() {
        None
    } else {
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// A size in bytes: a whole number with the units B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB
/// (powers of 1024), in any case. `None` for anything else, and for what does not fit.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" | "ki" => 1 << 10,
        "mib" | "mi" => 1 << 20,
        "gib" | "gi" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let table = [
            ("5s", Some(Duration::from_secs(5))),
            ("500ms", Some(Duration::from_millis(500))),
            ("1m30s", Some(Duration::from_secs(90))),
            ("1.5h", Some(Duration::from_mins(90))),
            ("250", Some(Duration::from_millis(250))),
            ("", None),
            ("s", None),
            ("5", Some(Duration::from_millis(5))),
            ("5 s", None),
            ("-5s", None),
            ("5x", None),
            ("1..5s", None),
            ("99999999999999999999999h", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1000_or_1024() {
        let table = [
            ("4096", Some(4_096)),
            ("10kB", Some(10_000)),
            ("500MB", Some(500_000_000)),
            ("2 GiB", Some(2 << 30)),
            ("1mib", Some(1 << 20)),
            ("", None),
            ("MB", None),
            ("-1", None),
            ("1.5GB", None),
            ("1 parsec", None),
            ("99999999999999GiB", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key() {
        let settings = Settings {
            instance: "mimir".to_owned(),
            keys: [("interval".to_owned(), "soon".to_owned())].into(),
            ..Settings::default()
        };
        let error = settings.duration("interval").unwrap_err().to_string();
        assert!(
            error.contains("mimir") && error.contains("'interval'") && error.contains("'soon'")
        );
    }
}
