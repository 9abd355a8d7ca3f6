//! Durations as users write them and as they are shown.
//!
//! The syntax is Go's (`1h2m3.5s`, `500ms`), with days besides; a bare number is milliseconds where
//! scripts write it, and an error on the command line, where nobody could tell what was meant. All of
//! it is integer arithmetic, so `0.1s` is a hundred milliseconds and not a little less.

use std::fmt::Write;
use std::time::Duration;

use thiserror::Error;

const NANOS_PER_MS: u128 = 1_000_000;

/// The longest duration: what fits into 64 bits of nanoseconds with a sign, 292 years.
pub const MAX_DURATION: Duration = Duration::from_nanos(i64::MAX as u64);

/// Units with their nanoseconds; longer names first where one begins with another.
const UNITS: [(&str, u128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", NANOS_PER_MS),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Why a text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DurationError {
    /// Not numbers with units.
    #[error("it is not a row of numbers with units (ns, us, ms, s, m, h, d)")]
    Malformed,
    /// A number without a unit where one is needed.
    #[error("the number has no unit (ns, us, ms, s, m, h, d)")]
    NoUnit,
    /// Below zero.
    #[error("it must not be negative")]
    Negative,
    /// More than [`MAX_DURATION`].
    #[error("it is longer than 292 years")]
    TooLong,
}

/// Reads numbers with units: `1d2h3m4.5s`. Zero needs no unit.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(DurationError::Negative);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let length = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, behind) = rest.split_at(length);
        let unit = behind
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .map_or(behind, |length| behind.split_at(length).0);
        rest = behind.strip_prefix(unit).unwrap_or_default();
        let scale = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, scale)| *scale);
        let scale = match scale {
            Some(scale) => scale,
            None if unit.is_empty() && rest.is_empty() && nanos == 0 => {
                return match scaled(number, NANOS_PER_MS)? {
                    0 => Ok(Duration::ZERO),
                    _ => Err(DurationError::NoUnit),
                };
            }
            None => return Err(DurationError::Malformed),
        };
        nanos = nanos
            .checked_add(scaled(number, scale)?)
            .ok_or(DurationError::TooLong)?;
    }
    duration(nanos)
}

/// Reads what [`parse_duration`] does, or a bare number of milliseconds.
pub fn parse_duration_or_ms(text: &str) -> Result<Duration, DurationError> {
    match parse_duration(text) {
        Err(DurationError::NoUnit) => {
            let number = text.trim();
            duration(scaled(
                number.strip_prefix('+').unwrap_or(number),
                NANOS_PER_MS,
            )?)
        }
        result => result,
    }
}

/// Milliseconds as a script's number gives them.
pub fn from_millis(millis: f64) -> Result<Duration, DurationError> {
    if millis.is_nan() {
        return Err(DurationError::Malformed);
    }
    if millis < 0.0 {
        return Err(DurationError::Negative);
    }
    // Beyond 2^53 a float has no nanoseconds any more; the cast saturates.
    duration((millis * NANOS_PER_MS as f64).round() as u128)
}

/// The form that Go prints: `0s`, `1.5ms`, `2m0s`, `1h0m0.25s`.
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let mut text = String::new();
    let second = 1_000_000_000;
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos < second {
        let (unit, scale) = match nanos {
            0..1_000 => ("ns", 1),
            1_000..NANOS_PER_MS => ("µs", 1_000),
            _ => ("ms", NANOS_PER_MS),
        };
        write_decimal(&mut text, nanos, scale);
        text.push_str(unit);
        return text;
    }
    let (hours, minutes) = (nanos / (3_600 * second), nanos / (60 * second) % 60);
    // Writing to a string does not fail.
    if hours > 0 {
        let _ = write!(text, "{hours}h");
    }
    if hours > 0 || minutes > 0 {
        let _ = write!(text, "{minutes}m");
    }
    write_decimal(&mut text, nanos % (60 * second), second);
    text.push('s');
    text
}

fn duration(nanos: u128) -> Result<Duration, DurationError> {
    let nanos = u64::try_from(nanos).map_err(|_| DurationError::TooLong)?;
    let duration = Duration::from_nanos(nanos);
    if duration > MAX_DURATION {
        return Err(DurationError::TooLong);
    }
    Ok(duration)
}

/// A decimal number times `scale`, rounded down; digits beyond the nanosecond are dropped.
fn scaled(number: &str, scale: u128) -> Result<u128, DurationError> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.contains('.') {
        return Err(DurationError::Malformed);
    }
    let mut nanos = 0_u128;
    for byte in whole.bytes() {
        let digit = digit(byte)?;
        nanos = nanos
            .checked_mul(10)
            .and_then(|nanos| nanos.checked_add(digit))
            .ok_or(DurationError::TooLong)?;
    }
    nanos = nanos.checked_mul(scale).ok_or(DurationError::TooLong)?;
    // The smallest fraction of a day in nanoseconds has 14 digits.
    let (mut above, mut below) = (0_u128, 1_u128);
    for (position, byte) in part.bytes().enumerate() {
        let digit = digit(byte)?;
        if position < 18 {
            above = above * 10 + digit;
            below *= 10;
        }
    }
    nanos
        .checked_add(above * scale / below)
        .ok_or(DurationError::TooLong)
}

fn digit(byte: u8) -> Result<u128, DurationError> {
    if byte.is_ascii_digit() {
        Ok(u128::from(byte - b'0'))
    } else {
        Err(DurationError::Malformed)
    }
}

/// `value / scale` without trailing zeros; `scale` is a power of ten.
fn write_decimal(text: &mut String, value: u128, scale: u128) {
    let _ = write!(text, "{}", value / scale);
    let part = value % scale;
    if part > 0 {
        let width = scale.ilog10() as usize;
        let digits = format!("{part:0width$}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_and_shown() {
        for (text, nanos, shown) in [
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
            ("1m2.5s", 62_500_000_000, "1m2.5s"),
            ("2m", 120_000_000_000, "2m0s"),
            ("1500us", 1_500_000, "1.5ms"),
            ("1d2h3m4.5s", 93_784_500_000_000, "26h3m4.5s"),
            ("1h", 3_600_000_000_000, "1h0m0s"),
            ("90s", 90_000_000_000, "1m30s"),
            (".5s", 500_000_000, "500ms"),
            ("0.1s", 100_000_000, "100ms"),
            ("7ns", 7, "7ns"),
            ("1.5µs", 1_500, "1.5µs"),
            ("1s1s", 2_000_000_000, "2s"),
            (" +3s ", 3_000_000_000, "3s"),
            ("1.0000000001s", 1_000_000_000, "1s"),
        ] {
            let duration = parse_duration(text).unwrap();
            assert_eq!(duration, Duration::from_nanos(nanos), "{text}");
            assert_eq!(format_duration(duration), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        use DurationError::{Malformed, Negative, NoUnit, TooLong};
        for (text, error) in [
            ("", Malformed),
            ("s", Malformed),
            ("ten", Malformed),
            ("1x", Malformed),
            ("1s2", Malformed),
            ("1..5s", Malformed),
            (".s", Malformed),
            ("1 s", Malformed),
            ("5", NoUnit),
            ("1.5", NoUnit),
            ("-1s", Negative),
            ("300000h0d9999999h", TooLong),
            ("99999999999999999999999999999999999999999s", TooLong),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    #[test]
    fn scripts_may_leave_the_unit_out() {
        assert_eq!(
            parse_duration_or_ms("1500"),
            Ok(Duration::from_millis(1_500))
        );
        assert_eq!(parse_duration_or_ms("0.5"), Ok(Duration::from_micros(500)));
        assert_eq!(from_millis(1_500.25), Ok(Duration::from_micros(1_500_250)));
        assert_eq!(from_millis(-1.0), Err(DurationError::Negative));
        assert_eq!(from_millis(f64::NAN), Err(DurationError::Malformed));
        assert_eq!(from_millis(f64::INFINITY), Err(DurationError::TooLong));
    }

    proptest! {
        #[test]
        fn text_and_duration_go_round(nanos in 0..=i64::MAX as u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn short_ones_go_round_too(nanos in 0_u64..10_000_000_000) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.nuµmshd ]{0,30}") {
            let _ = parse_duration_or_ms(&text);
        }

        #[test]
        fn units_add_up(h in 0_u64..1_000, m in 0_u64..1_000, s in 0_u64..1_000) {
            let text = format!("{h}h{m}m{s}s");
            prop_assert_eq!(
                parse_duration(&text),
                Ok(Duration::from_secs(h * 3_600 + m * 60 + s))
            );
        }
    }
}
