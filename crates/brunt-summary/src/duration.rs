//! Running time in progress lines: with a fixed length, so that lines do not jump.

use std::time::Duration;

use brunt_options::scenario::ENDLESS;

/// To the tenth of a second, cut off, with leading zeros up to the length of the longest duration
/// to come: `07.5s` of 10 s, `00m07.5s` of 10 minutes, `0h00m07.5s` of an hour.
pub(crate) fn counter(duration: Duration, longest: Duration) -> String {
    // What only ends when it is stopped has no length that could be known.
    let longest = if longest >= ENDLESS {
        duration
    } else {
        longest
    };
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
