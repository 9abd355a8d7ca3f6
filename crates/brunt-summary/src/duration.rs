//! Durations in banner and progress: as Go writes them, and with a fixed length for counters.

use std::fmt::Write as _;
use std::time::Duration;

/// As short as it is exact: `2s`, `1.5s`, `500ms`, `10m0s`.
pub(crate) fn short(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    let nanos = u64::from(duration.subsec_nanos());
    let seconds = duration.as_secs();
    if seconds == 0 {
        return match nanos {
            0..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => decimal(nanos / 1_000, nanos % 1_000, 3) + "µs",
            _ => decimal(nanos / 1_000_000, nanos % 1_000_000, 6) + "ms",
        };
    }
    let mut text = String::new();
    // Writing to a string cannot fail.
    if seconds >= 3600 {
        let _ = write!(text, "{}h", seconds / 3600);
    }
    if seconds >= 60 {
        let _ = write!(text, "{}m", seconds / 60 % 60);
    }
    text + &decimal(seconds % 60, nanos, 9) + "s"
}

fn decimal(whole: u64, part: u64, digits: usize) -> String {
    let text = format!("{whole}.{part:0digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// To the tenth of a second, cut off, with leading zeros up to the length of the longest duration
/// to come: `07.5s` of 10 s, `00m07.5s` of 10 minutes, `0h00m07.5s` of an hour.
pub(crate) fn counter(duration: Duration, longest: Duration) -> String {
    let longest = longest.max(duration).as_secs();
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let rest = format!("{:02}.{}s", seconds % 60, duration.subsec_millis() / 100);
    if longest >= 3600 {
        let digits = (longest / 3600).to_string().len();
        format!("{hours:0digits$}h{minutes:02}m{rest}")
    } else if longest >= 60 {
        let digits = (longest / 60).to_string().len();
        format!("{minutes:0digits$}m{rest}")
    } else if longest >= 10 {
        rest
    } else {
        rest.strip_prefix('0').unwrap_or(&rest).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_durations_are_gos() {
        for (nanos, text) in [
            (0, "0s"),
            (999, "999ns"),
            (1_500, "1.5µs"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (630_000_000_000, "10m30s"),
            (3_661_250_000_000, "1h1m1.25s"),
        ] {
            assert_eq!(short(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn counters_keep_their_length() {
        for (millis, longest, text) in [
            (1_000, 2, "1.0s"),
            (1_099, 2, "1.0s"),
            (7_580, 10, "07.5s"),
            (1_000, 60, "0m01.0s"),
            (1_000, 630, "00m01.0s"),
            (61_900, 3600, "0h01m01.9s"),
            (61_900, 36_000, "00h01m01.9s"),
            (61_900, 5, "1m01.9s"),
        ] {
            let longest = Duration::from_secs(longest);
            assert_eq!(counter(Duration::from_millis(millis), longest), text);
        }
    }
}
