//! Decimal texts of numbers, as ECMAScript writes them.
//!
//! k6 formats its summary in JavaScript, so its digits are those of `Number::toString` and
//! `Number.prototype.toFixed` (ECMA-262, 6.1.6.1.20 and 21.1.3.3). Rust's formatting differs in two
//! places: it rounds exact ties to the even digit, and it writes no exponent for large numbers. A
//! zero has no sign here.

/// Where ECMAScript goes over to an exponent.
const EXPONENT_FROM: f64 = 1e21;

/// The value with exactly `digits` decimals; ties are rounded away from zero.
pub fn to_fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() || value.abs() >= EXPONENT_FROM {
        return to_text(value);
    }
    let mut magnitude = value.abs();
    // `magnitude` is half-way between two texts if and only if it is an odd multiple of
    // 2^-(digits+1): then the next larger number rounds to the upper one.
    let halves = magnitude * 2f64.powi(i32::try_from(digits).unwrap_or(i32::MAX - 1) + 1);
    if halves % 2.0 == 1.0 {
        magnitude = magnitude.next_up();
    }
    let text = format!("{magnitude:.digits$}");
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        format!("-{text}")
    } else {
        text
    }
}

/// The value with at most `digits` decimals, rounded, without zeros at the end.
pub fn to_short(value: f64, digits: usize) -> String {
    let fixed = to_fixed(value, digits);
    if fixed.contains('.') && !fixed.contains('e') {
        fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        fixed
    }
}

/// The value with at most `digits` decimals, the rest cut off, without zeros at the end.
pub fn to_truncated(value: f64, digits: usize) -> String {
    let scale = 10f64.powi(i32::try_from(digits).unwrap_or(i32::MAX));
    let scaled = value * scale;
    // Where the product leaves the range there are no decimals to cut off.
    let cut = if scaled.is_finite() {
        scaled.trunc() / scale
    } else {
        value
    };
    to_short(cut, digits)
}

/// The shortest text that reads back as the same value.
pub fn to_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 {
            "Infinity".to_owned()
        } else {
            "-Infinity".to_owned()
        }
    } else if value == 0.0 {
        "0".to_owned()
    } else if value.abs() >= EXPONENT_FROM {
        format!("{value:e}").replace('e', "e+")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fixed_decimals_are_those_of_ecmascript() {
        for (value, digits, text) in [
            (0.0, 2, "0.00"),
            (-0.0, 2, "0.00"),
            (2.5, 0, "3"),
            (-2.5, 0, "-3"),
            (0.25, 1, "0.3"),
            (0.007_812_5, 6, "0.007813"),
            (1.005, 2, "1.00"),
            (1.45, 1, "1.4"),
            (8.345, 2, "8.35"),
            (-0.001, 2, "0.00"),
            (0.999, 2, "1.00"),
            (123.456, 0, "123"),
            (1e21, 2, "1e+21"),
            (-1.5e300, 2, "-1.5e+300"),
            (f64::NAN, 2, "NaN"),
            (f64::NEG_INFINITY, 2, "-Infinity"),
        ] {
            assert_eq!(
                to_fixed(value, digits),
                text,
                "{value} with {digits} decimals"
            );
        }
    }

    #[test]
    fn short_and_truncated_texts_drop_zeros() {
        assert_eq!(to_short(1_011.603_305_785_124, 6), "1011.603306");
        assert_eq!(to_short(459.823_44, 6), "459.82344");
        assert_eq!(to_short(100.0, 6), "100");
        assert_eq!(to_short(1200.0, 0), "1200");
        assert_eq!(to_truncated(631.867_777, 2), "631.86");
        assert_eq!(to_truncated(1.609, 2), "1.6");
        assert_eq!(to_truncated(-1.609, 2), "-1.6");
        assert_eq!(to_truncated(1e308, 2), "1e+308");
    }

    proptest! {
        #[test]
        fn a_fixed_text_is_the_closest_one(value in -1e9..1e9f64, digits in 0usize..7) {
            let text = to_fixed(value, digits);
            let back: f64 = text.parse().expect("a number");
            // Half of the last digit, and what reading the text back rounds.
            let bound = 0.5 * 10f64.powi(-(digits as i32)) + value.abs() * f64::EPSILON;
            prop_assert!((back - value).abs() <= bound);
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            prop_assert_eq!(decimals, digits);
        }

        #[test]
        fn the_shortest_text_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            prop_assert_eq!(to_text(value).parse::<f64>().expect("a number"), value);
        }

        #[test]
        fn truncation_never_moves_away_from_zero(value in -1e9..1e9f64) {
            let back: f64 = to_truncated(value, 2).parse().expect("a number");
            prop_assert!(back.abs() <= value.abs() * (1.0 + 1e-12));
            prop_assert!((back - value).abs() < 0.010_001);
        }
    }
}
