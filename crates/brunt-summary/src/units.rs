//! Values as people read them: times, bytes and shares, with k6's units and cuts.
//!
//! Times and shares are cut off and never rounded up, so that 99.999 % never reads as 100 % and a
//! latency never reads as longer than it was.

use brunt_metrics::ValueType;

use crate::number::{to_fixed, to_short, to_text, to_truncated};
use crate::options::TimeUnit;

/// A value of a metric in the unit that fits what it measures: milliseconds in, `1.6ms` out.
pub fn value(value: f64, contains: ValueType, unit: Option<TimeUnit>) -> String {
    match contains {
        ValueType::Default => to_short(value, 6),
        ValueType::Time => time(value, unit),
        ValueType::Data => data(value),
    }
}

/// Milliseconds: with a unit two decimals in it, else in whichever unit reads best.
pub fn time(millis: f64, unit: Option<TimeUnit>) -> String {
    if let Some(unit) = unit {
        return format!(
            "{}{}",
            to_fixed(millis * unit.per_milli(), 2),
            unit.suffix()
        );
    }
    if !millis.is_finite() {
        return to_text(millis);
    }
    let text = positive_time(millis.abs());
    if millis < 0.0 && text != "0s" {
        format!("-{text}")
    } else {
        text
    }
}

fn positive_time(millis: f64) -> String {
    if millis == 0.0 {
        return "0s".to_owned();
    }
    if millis < 0.001 {
        return format!("{}ns", to_text((millis * 1e6).trunc()));
    }
    if millis < 1.0 {
        return format!("{}µs", to_truncated(millis * 1000.0, 2));
    }
    if millis < 1000.0 {
        return format!("{}ms", to_truncated(millis, 2));
    }
    let decimals = if millis > 60_000.0 { 0 } else { 2 };
    let seconds = to_truncated(millis % 60_000.0 / 1000.0, decimals);
    let minutes = (millis / 60_000.0).trunc();
    if minutes < 1.0 {
        return format!("{seconds}s");
    }
    let hours = (minutes / 60.0).trunc();
    let minutes = to_text(minutes % 60.0);
    if hours < 1.0 {
        return format!("{minutes}m{seconds}s");
    }
    format!("{}h{minutes}m{seconds}s", to_text(hours))
}

/// Bytes in decimal units: one decimal below ten of a unit, none above; plain bytes below ten.
pub fn data(bytes: f64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let magnitude = bytes.abs();
    if magnitude.is_nan() || magnitude < 10.0 {
        return format!("{} B", to_short(bytes, 6));
    }
    let mut unit = 0;
    let mut size = 1.0;
    while unit + 1 < UNITS.len() && magnitude >= size * 1000.0 {
        unit += 1;
        size *= 1000.0;
    }
    let tenths = (magnitude / size * 10.0 + 0.5).floor() / 10.0;
    let sign = if bytes < 0.0 { "-" } else { "" };
    format!(
        "{sign}{} {}",
        to_fixed(tenths, usize::from(tenths < 10.0)),
        UNITS[unit]
    )
}

/// A share of 0 to 1 as a percentage with two decimals, cut off.
pub fn percent(share: f64) -> String {
    let basis_points = share * 10_000.0;
    // 0.29 * 10 000 is 2899.9999999999995: closer to the next whole number than any count of
    // samples could bring it, so it means that number.
    let nearest = basis_points.round();
    let close = (basis_points - nearest).abs() <= nearest.abs() * 1e-14 + 1e-12;
    let whole = if close { nearest } else { basis_points.trunc() };
    format!("{}%", to_fixed(whole / 100.0, 2))
}

/// `part` of `all` as a percentage with two decimals, cut off; 0 of 0 is nothing.
pub fn percent_of(part: u64, all: u64) -> String {
    if all == 0 {
        return "0.00%".to_owned();
    }
    let basis_points = u128::from(part) * 10_000 / u128::from(all);
    format!("{}.{:02}%", basis_points / 100, basis_points % 100)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_scale_themselves() {
        for (millis, text) in [
            (0.0, "0s"),
            (0.000_001, "1ns"),
            (0.000_999_9, "999ns"),
            (0.001, "1µs"),
            (0.115_295, "115.29µs"),
            (0.631_867_777, "631.86µs"),
            (0.999_999, "999.99µs"),
            (1.0, "1ms"),
            (1.609_592_5, "1.6ms"),
            (20.896_339, "20.89ms"),
            (999.999, "999.99ms"),
            (1000.0, "1s"),
            (1310.0, "1.31s"),
            (59_999.0, "59.99s"),
            (60_000.0, "1m0s"),
            (90_500.0, "1m30s"),
            (3_600_000.0, "1h0m0s"),
            (3_661_900.0, "1h1m1s"),
            (360_000_000.0, "100h0m0s"),
            (-120.0, "-120ms"),
            (f64::INFINITY, "Infinity"),
        ] {
            assert_eq!(time(millis, None), text, "{millis} ms");
        }
    }

    #[test]
    fn a_chosen_unit_has_two_decimals() {
        assert_eq!(time(1310.0, Some(TimeUnit::Seconds)), "1.31s");
        assert_eq!(time(120.0, Some(TimeUnit::Millis)), "120.00ms");
        assert_eq!(time(0.115_295, Some(TimeUnit::Micros)), "115.30µs");
        assert_eq!(time(0.0, Some(TimeUnit::Seconds)), "0.00s");
    }

    #[test]
    fn bytes_scale_by_thousands() {
        for (bytes, text) in [
            (0.0, "0 B"),
            (9.0, "9 B"),
            (10.0, "10 B"),
            (999.0, "999 B"),
            (1000.0, "1.0 kB"),
            (1840.0, "1.8 kB"),
            (9949.0, "9.9 kB"),
            (9950.0, "10 kB"),
            (19_200.0, "19 kB"),
            (609_039.0, "609 kB"),
            (100_701.333, "101 kB"),
            (1e9, "1.0 GB"),
            (-1840.0, "-1.8 kB"),
            (3.2e22, "32000 EB"),
        ] {
            assert_eq!(data(bytes), text, "{bytes} bytes");
        }
    }

    #[test]
    fn shares_are_cut_off() {
        for (share, text) in [
            (0.0, "0.00%"),
            (1.0, "100.00%"),
            (0.999_999, "99.99%"),
            (0.956_490_471, "95.64%"),
            (0.29, "29.00%"),
            (0.57, "57.00%"),
            (0.75, "75.00%"),
        ] {
            assert_eq!(percent(share), text, "{share}");
        }
        assert_eq!(percent_of(121, 2781), "4.35%");
        assert_eq!(percent_of(u64::MAX, u64::MAX), "100.00%");
        assert_eq!(percent_of(0, 0), "0.00%");
    }

    proptest! {
        #[test]
        fn a_share_reads_the_same_from_its_counts(all in 1u64..2_000_000, part in 0u64..2_000_000) {
            let part = part.min(all);
            prop_assert_eq!(percent(part as f64 / all as f64), percent_of(part, all));
        }

        #[test]
        fn no_value_of_any_kind_breaks_a_formatter(number in proptest::num::f64::ANY) {
            for contains in [ValueType::Default, ValueType::Time, ValueType::Data] {
                prop_assert!(!value(number, contains, None).is_empty());
                prop_assert!(!value(number, contains, Some(TimeUnit::Micros)).is_empty());
            }
            prop_assert!(percent(number).ends_with('%'));
        }

        #[test]
        fn a_time_never_reads_longer_than_it_is(millis in 0.001..59_000.0f64) {
            let text = time(millis, None);
            let digits = text.trim_end_matches(|letter: char| letter.is_alphabetic());
            let unit = match &text[digits.len()..] { "µs" => 0.001, "ms" => 1.0, _ => 1000.0 };
            let back = digits.parse::<f64>().expect("a number") * unit;
            prop_assert!(back <= millis * (1.0 + 1e-12) && back > millis - 0.011 * unit);
        }
    }
}
