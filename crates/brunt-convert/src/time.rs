//! Times as text. Consecutive samples share their second, so the calendar is asked once for a second and
//! only the fraction is read each time.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const NANOS: i64 = 1_000_000_000;

/// Reads times, remembering the last second.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// `2026-11-22T10:24:49`, and what it is if it were UTC.
    last: Option<([u8; 19], i64)>,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Nanoseconds since the Unix epoch.
    pub(crate) nanos: i64,
    /// Seconds that the clock that wrote it was ahead of UTC, where the text says so.
    pub(crate) offset: Option<i32>,
}

impl Times {
    /// RFC 3339, with up to nine digits of a second.
    pub(crate) fn rfc3339(&mut self, text: &[u8]) -> Option<Time> {
        let (civil, rest) = text.split_first_chunk::<19>()?;
        let second = match self.last {
            Some((known, second)) if known == *civil => second,
            _ => self.turn_to(civil)?,
        };
        let (fraction, zone) = match rest.strip_prefix(b".") {
            None => (0, rest),
            Some(rest) => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if !(1..=9).contains(&digits) {
                    return None;
                }
                let number = rest[..digits]
                    .iter()
                    .fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
                let scale = 10_i64.pow(9 - digits as u32);
                (number * scale, &rest[digits..])
            }
        };
        let offset = offset(zone)?;
        let nanos = second
            .checked_sub(offset.into())?
            .checked_mul(NANOS)?
            .checked_add(fraction)?;
        Some(Time {
            nanos,
            offset: Some(offset),
        })
    }

    /// Any of k6's `timeFormat`s. Units are told by the number of digits, from September 2001, when seconds
    /// got their tenth, to the year 2286. A number of digits that no unit has then is no time: a guess would be
    /// wrong by a factor of a thousand.
    pub(crate) fn any(&mut self, text: &[u8]) -> Option<Time> {
        if text.get(10) == Some(&b'T') {
            return self.rfc3339(text);
        }
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let unit = match digits.len() {
            ..=10 => NANOS,
            13 => 1_000_000,
            16 => 1_000,
            19 => 1,
            _ => return None,
        };
        let number = digits.iter().try_fold(0_i64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
        })?;
        let number = if digits.len() < text.len() {
            -number
        } else {
            number
        };
        Some(Time {
            nanos: number.checked_mul(unit)?,
            offset: None,
        })
    }

    #[cold]
    fn turn_to(&mut self, civil: &[u8; 19]) -> Option<i64> {
        if civil[10] != b'T' {
            return None;
        }
        let civil_time: DateTime = std::str::from_utf8(civil).ok()?.parse().ok()?;
        let second = civil_time
            .to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second();
        self.last = Some((*civil, second));
        Some(second)
    }
}

/// `Z` or `+01:00`, in seconds.
fn offset(zone: &[u8]) -> Option<i32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    match *zone {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let minutes = (digit(a)? * 10 + digit(b)?) * 60 + digit(c)? * 10 + digit(d)?;
            Some(if sign == b'-' {
                -minutes * 60
            } else {
                minutes * 60
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_time_format_of_k6_is_understood() {
        let mut times = Times::default();
        let nanos = 1_795_345_141_150_490_939;
        let table = [
            ("1795345141", 1_795_345_141 * NANOS),
            ("1795345141150", 1_795_345_141_150_000_000),
            ("1795345141150490", 1_795_345_141_150_490_000),
            ("1795345141150490939", nanos),
            ("2026-11-22T10:59:01Z", 1_795_345_141 * NANOS),
            ("2026-11-22T10:59:01.150490939Z", nanos),
            ("2026-11-22T11:59:01.150490939+01:00", nanos),
            ("2026-11-22T05:29:01.15-05:30", 1_795_345_141_150_000_000),
        ];
        for (text, expected) in table {
            let time = times.any(text.as_bytes()).map(|time| time.nanos);
            assert_eq!(time, Some(expected), "{text}");
        }
        for text in [
            "",
            "x",
            "-",
            "2026-11-22T10:59:01",
            "2026-11-22T10:59:01.Z",
            "2026-13-22T10:59:01Z",
            "99999999999999999999",
            "17953451411",
            "179534514115",
            "17953451411504",
            "179534514115049",
            "17953451411504909",
            "179534514115049093",
        ] {
            assert_eq!(times.any(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_comes_back(nanos in 0_i64..4_000_000_000_000_000_000, ahead in -14_i32..=14) {
            let zone = jiff::tz::Offset::constant(ahead as i8).to_time_zone();
            let time = Timestamp::from_nanosecond(nanos.into()).unwrap().to_zoned(zone);
            let text = time.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
            let read = Times::default().rfc3339(text.as_bytes());
            prop_assert_eq!(read, Some(Time { nanos, offset: Some(ahead * 3600) }), "{}", text);
        }

        #[test]
        fn no_text_is_a_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            Times::default().any(&text);
        }
    }
}
