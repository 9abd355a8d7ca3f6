//! Times as Go writes them in its format `RFC3339Nano`: local zone, trailing zeros trimmed.
//!
//! Incremental, because a calendar computation for each sample would cost more than everything
//! else in its line: consecutive samples share their second, and those of one request the whole
//! time.

use brunt_output::OutputContext;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

const NANOS: i64 = 1_000_000_000;

/// The zone of local times: the system's, unless the context says how far it is from UTC.
pub fn zone(context: &OutputContext) -> TimeZone {
    let offset = context.utc_offset.map(Offset::from_seconds);
    match offset {
        Some(Ok(offset)) => offset.to_time_zone(),
        _ => TimeZone::system(),
    }
}

/// Writes times, remembering the last one.
#[derive(Debug)]
pub struct Clock {
    zone: TimeZone,
    second: Option<i64>,
    /// `2026-11-22T10:24:49` of that second.
    civil: String,
    /// `Z` or `+01:00` of that second.
    offset: String,
    last: Option<i64>,
    /// The whole text of `last`.
    text: Vec<u8>,
    /// Whether a fraction of a second is shown.
    fraction: bool,
}

impl Clock {
    /// Times in this zone, to the nanosecond.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            second: None,
            civil: String::new(),
            offset: String::new(),
            last: None,
            text: Vec::with_capacity(40),
            fraction: true,
        }
    }

    /// Times in this zone, to the second: Go's `RFC3339`.
    pub fn of_seconds(zone: TimeZone) -> Self {
        Self {
            fraction: false,
            ..Self::new(zone)
        }
    }

    /// Appends a time in nanoseconds since the Unix epoch, without quotes.
    pub fn write(&mut self, out: &mut Vec<u8>, time: i64) {
        if self.last != Some(time) {
            self.render(time);
            self.last = Some(time);
        }
        out.extend_from_slice(&self.text);
    }

    fn render(&mut self, time: i64) {
        let (second, mut fraction) = (time.div_euclid(NANOS), time.rem_euclid(NANOS));
        if self.second != Some(second) {
            self.turn_to(second);
        }
        self.text.clear();
        self.text.extend_from_slice(self.civil.as_bytes());
        if self.fraction && fraction > 0 {
            let mut digits = [b'0'; 9];
            for digit in digits.iter_mut().rev() {
                *digit += (fraction % 10) as u8;
                fraction /= 10;
            }
            let kept = digits
                .iter()
                .rposition(|digit| *digit != b'0')
                .map_or(0, |at| at + 1);
            self.text.push(b'.');
            self.text.extend_from_slice(&digits[..kept]);
        }
        self.text.extend_from_slice(self.offset.as_bytes());
    }

    fn turn_to(&mut self, second: i64) {
        // Nanoseconds in 64 bits reach from 1677 to 2262, all of which jiff can hold.
        let timestamp = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = timestamp.to_zoned(self.zone.clone());
        self.civil = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let minutes = local.offset().seconds() / 60;
        self.offset = if minutes == 0 {
            "Z".to_owned()
        } else {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        };
        self.second = Some(second);
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};
    use proptest::prelude::*;

    use super::*;

    fn text(zone: TimeZone, times: &[i64]) -> Vec<String> {
        let mut clock = Clock::new(zone);
        let write = |time: &i64| {
            let mut out = Vec::new();
            clock.write(&mut out, *time);
            String::from_utf8(out).unwrap()
        };
        times.iter().map(write).collect()
    }

    #[test]
    fn times_look_as_go_writes_them() {
        let times = [
            1_795_343_089_692_484_138,
            1_795_343_089_692_484_138,
            1_795_343_089_692_400_000,
            1_795_343_090_000_000_000,
            1_795_343_090_000_000_001,
            -1,
        ];
        let expected = [
            "2026-11-22T10:24:49.692484138Z",
            "2026-11-22T10:24:49.692484138Z",
            "2026-11-22T10:24:49.6924Z",
            "2026-11-22T10:24:50Z",
            "2026-11-22T10:24:50.000000001Z",
            "1969-12-31T23:59:59.999999999Z",
        ];
        assert_eq!(text(TimeZone::UTC, &times), expected);
    }

    #[test]
    fn a_clock_of_seconds_shows_no_fraction() {
        let mut clock = Clock::of_seconds(TimeZone::UTC);
        let mut out = Vec::new();
        clock.write(&mut out, 1_795_343_089_999_999_999);
        clock.write(&mut out, -1);
        assert_eq!(out, b"2026-11-22T10:24:49Z1969-12-31T23:59:59Z");
    }

    #[test]
    fn other_zones_show_their_offset() {
        let time = [1_795_343_089_500_000_000];
        let east = TimeZone::fixed(Offset::from_seconds(5 * 3600 + 1800).unwrap());
        assert_eq!(text(east, &time), ["2026-11-22T15:54:49.5+05:30"]);
        let west = TimeZone::fixed(Offset::from_seconds(-3 * 3600 - 1800).unwrap());
        assert_eq!(text(west, &time), ["2026-11-22T06:54:49.5-03:30"]);
    }

    proptest! {
        #[test]
        fn every_time_reads_back_as_itself(times in prop::collection::vec(any::<i64>(), 1..8)) {
            for (written, time) in text(TimeZone::UTC, &times).iter().zip(times) {
                let read: Timestamp = written.parse().unwrap();
                prop_assert_eq!(read.as_nanosecond(), i128::from(time));
            }
        }
    }
}
