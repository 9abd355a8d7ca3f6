//! Grafana's units: how a number is written, in tables and tiles by us, in charts by the page's script.
//!
//! Only those that dashboards of load tests and clusters use; of any other one the number is shown with
//! the unit's name behind it, which is still right. Both sides follow one description, so that a tile and
//! the chart below it say the same.

use serde_json::{Value, json};

/// How numbers of a unit are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unit {
    /// A duration; so many seconds are one of it.
    Time(f64),
    /// Seconds since the epoch times this.
    Date(f64),
    /// A number with a prefix that says how large it is.
    Scaled {
        /// What the value is multiplied with first.
        factor: f64,
        /// From one name to the next.
        step: f64,
        /// What stands behind the number.
        names: &'static [&'static str],
        /// What stands behind that.
        after: String,
    },
}

const PLAIN: &[&str] = &[""];
const SHORT: &[&str] = &["", " k", " M", " G", " T"];
const SI_BYTES: &[&str] = &[" B", " kB", " MB", " GB", " TB"];
const IEC_BYTES: &[&str] = &[" B", " KiB", " MiB", " GiB", " TiB"];
const BITS: &[&str] = &[" b", " kb", " Mb", " Gb", " Tb"];

impl Unit {
    /// The unit with this id of Grafana's.
    pub(crate) fn of(id: &str) -> Self {
        let scaled =
            |factor: f64, step: f64, names: &'static [&'static str], after: &str| Self::Scaled {
                factor,
                step,
                names,
                after: after.to_owned(),
            };
        match id {
            "" | "none" | "string" => scaled(1.0, 1000.0, PLAIN, ""),
            "short" | "sishort" | "locale" => scaled(1.0, 1000.0, SHORT, ""),
            "percent" => scaled(1.0, 1000.0, PLAIN, " %"),
            "percentunit" => scaled(100.0, 1000.0, PLAIN, " %"),
            "ns" => Self::Time(1e-9),
            "µs" => Self::Time(1e-6),
            "ms" | "dtdurationms" | "clockms" => Self::Time(1e-3),
            "s" | "dtdurations" | "clocks" => Self::Time(1.0),
            "m" => Self::Time(60.0),
            "h" => Self::Time(3600.0),
            "d" => Self::Time(86_400.0),
            it if it.starts_with("dateTime") => Self::Date(1e-3),
            "bytes" => scaled(1.0, 1024.0, IEC_BYTES, ""),
            "decbytes" => scaled(1.0, 1000.0, SI_BYTES, ""),
            "kbytes" => scaled(1024.0, 1024.0, IEC_BYTES, ""),
            "mbytes" => scaled(1_048_576.0, 1024.0, IEC_BYTES, ""),
            "binBps" => scaled(1.0, 1024.0, IEC_BYTES, "/s"),
            "Bps" => scaled(1.0, 1000.0, SI_BYTES, "/s"),
            "bps" => scaled(1.0, 1000.0, BITS, "/s"),
            "reqps" => scaled(1.0, 1000.0, SHORT, " req/s"),
            "cps" => scaled(1.0, 1000.0, SHORT, " c/s"),
            "pps" => scaled(1.0, 1000.0, SHORT, " p/s"),
            "ops" => scaled(1.0, 1000.0, SHORT, " ops/s"),
            "rps" => scaled(1.0, 1000.0, SHORT, " rd/s"),
            "wps" => scaled(1.0, 1000.0, SHORT, " wr/s"),
            "iops" => scaled(1.0, 1000.0, SHORT, " io/s"),
            other => {
                // `suffix:…` and units that are not known here.
                let after = other.strip_prefix("suffix:").unwrap_or(other);
                scaled(1.0, 1000.0, SHORT, &format!(" {after}"))
            }
        }
    }

    /// As the page's script wants it.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Time(_) => json!("s"),
            Self::Date(_) => json!({ "factor": 1, "step": 1000, "names": SHORT, "after": "" }),
            Self::Scaled {
                factor,
                step,
                names,
                after,
            } => json!({ "factor": factor, "step": step, "names": names, "after": after }),
        }
    }

    /// What values of charts are multiplied with before the script gets them.
    pub(crate) fn chart_factor(&self) -> f64 {
        match self {
            Self::Time(factor) => *factor,
            Self::Date(_) | Self::Scaled { .. } => 1.0,
        }
    }

    /// A number with its unit.
    pub(crate) fn show(&self, value: f64) -> String {
        if !value.is_finite() {
            return value.to_string();
        }
        match self {
            Self::Time(factor) => time(value * factor),
            Self::Date(factor) => crate::time::shown(value * factor),
            Self::Scaled {
                factor,
                step,
                names,
                after,
            } => {
                let (mut value, mut at) = (value * factor, 0);
                while at + 1 < names.len() && value.abs() >= *step {
                    value /= step;
                    at += 1;
                }
                let name = names.get(at).copied().unwrap_or_default();
                format!("{}{name}{after}", digits(value))
            }
        }
    }
}

/// A duration in seconds.
fn time(seconds: f64) -> String {
    let size = seconds.abs();
    let (factor, name) = if size == 0.0 {
        return "0".to_owned();
    } else if size < 1e-3 {
        (1e6, "µs")
    } else if size < 1.0 {
        (1e3, "ms")
    } else if size < 120.0 {
        (1.0, "s")
    } else if size < 7200.0 {
        (1.0 / 60.0, "min")
    } else if size < 172_800.0 {
        (1.0 / 3600.0, "h")
    } else {
        (1.0 / 86_400.0, "d")
    };
    format!("{} {name}", digits(seconds * factor))
}

/// Three digits, or all of a whole number.
fn digits(value: f64) -> String {
    let size = value.abs();
    let places = if size >= 100.0 || value.fract() == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else if size >= 0.01 {
        3
    } else if size >= 1e-9 {
        // Two digits of what is very small.
        1 - size.log10().floor() as i32
    } else {
        return "0".to_owned();
    };
    let places = usize::try_from(places).unwrap_or_default();
    let text = format!("{value:.places$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        for (unit, value, text) in [
            ("s", 0.012_345, "12.3 ms"),
            ("s", 0.0, "0"),
            ("ms", 1500.0, "1.5 s"),
            ("s", 1800.0, "30 min"),
            ("s", 0.000_042, "42 µs"),
            ("percentunit", 0.1667, "16.7 %"),
            ("percentunit", 1.0, "100 %"),
            ("bytes", 104_857_600.0, "100 MiB"),
            ("Bps", 1500.0, "1.5 kB/s"),
            ("reqps", 49.96, "50 req/s"),
            ("reqps", 12_345.0, "12.3 k req/s"),
            ("short", 1234.0, "1.23 k"),
            ("none", 1234.0, "1234"),
            ("short", 0.000_12, "0.00012"),
            ("furlong", 3.0, "3 furlong"),
            ("dateTimeAsIso", 1_795_305_600_000.0, "2026-11-22 00:00:00"),
        ] {
            assert_eq!(Unit::of(unit).show(value), text, "{value} {unit}");
        }
    }

    proptest! {
        #[test]
        fn three_digits_are_close(value in -1e6..1e6f64) {
            let shown: f64 = digits(value).parse().unwrap();
            prop_assert!((shown - value).abs() <= 0.006 * value.abs() + 0.0006, "{} {}", value, shown);
        }
    }
}
