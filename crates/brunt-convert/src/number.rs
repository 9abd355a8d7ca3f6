//! Values as text. The standard library's parser is fast; before it comes what it takes and no result
//! file has (`inf`, `nan`), and numbers of few digits, which most values are.

/// Powers of ten that are exact.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A number as JSON and k6's CSV have it; `None` for anything else.
pub(crate) fn parse(text: &[u8]) -> Option<f64> {
    if let Some(value) = decimal(text) {
        return Some(value);
    }
    let [first, ..] = text else { return None };
    if !matches!(first, b'0'..=b'9' | b'-') || text.get(1).is_some_and(u8::is_ascii_alphabetic) {
        // `1e5` begins with a letter in the second place, too.
        if !(first.is_ascii_digit() && matches!(text.get(1), Some(b'e' | b'E'))) {
            return None;
        }
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A number without an exponent, of so few digits that both they and the power of ten that divides them are exact:
/// then one division rounds correctly (Clinger, How to Read Floating Point Numbers Accurately, 1990, section 3).
fn decimal(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    // Sixteen digits are below 2^54, and what is above 2^53 is looked at behind.
    if digits.len() > 17 {
        return None;
    }
    let mut number = 0_u64;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let behind = match point {
        None if digits.is_empty() => return None,
        None => 0,
        // A point has digits on both sides.
        Some(0) => return None,
        Some(at) => Some(digits.len() - at - 1).filter(|behind| *behind > 0)?,
    };
    if number > 1 << f64::MANTISSA_DIGITS {
        return None;
    }
    let value = number as f64 / POWERS.get(behind)?;
    Some(if digits.len() < text.len() {
        -value
    } else {
        value
    })
}

/// The same with k6's words for what is not finite.
pub(crate) fn parse_any(text: &[u8]) -> Option<f64> {
    match text {
        b"+Inf" => Some(f64::INFINITY),
        b"-Inf" => Some(f64::NEG_INFINITY),
        b"NaN" => Some(f64::NAN),
        _ => parse(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_numbers_are_numbers() {
        for (text, value) in [
            ("0", 0.0),
            ("-1.5", -1.5),
            ("4e-7", 4e-7),
            ("1e5", 1e5),
            ("12345678", 12_345_678.0),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(value), "{text}");
        }
        for text in [
            "", "-", "inf", "-inf", "nan", "+1", "1x", "1e999", "0x10", " 1", "1_0", "1.2.3", "-.",
            ".",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_any(b"+Inf"), Some(f64::INFINITY));
    }

    proptest! {
        #[test]
        fn a_number_of_few_digits_is_what_the_standard_library_reads(text in "-?[0-9]{0,10}(\\.[0-9]{0,10})?") {
            let expected = text.parse().ok().filter(|_| !text.starts_with('.'));
            prop_assert_eq!(parse(text.as_bytes()), expected, "{}", text);
        }

        #[test]
        fn every_number_comes_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let text = format!("{value:e}");
            prop_assert_eq!(parse(text.as_bytes()), Some(value));
        }
    }
}
