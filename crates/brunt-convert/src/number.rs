//! Values as text. The standard library's parser is fast; before it comes what it takes and no result
//! file has (`inf`, `nan`), and whole numbers of a few digits, which most values are.

/// A number as JSON and k6's CSV have it; `None` for anything else.
pub(crate) fn parse(text: &[u8]) -> Option<f64> {
    let [first, ..] = text else { return None };
    if text.len() <= 8 && text.iter().all(u8::is_ascii_digit) {
        let whole = text
            .iter()
            .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        return Some(f64::from(whole));
    }
    if !matches!(first, b'0'..=b'9' | b'-') || text.get(1).is_some_and(u8::is_ascii_alphabetic) {
        // `1e5` begins with a letter in the second place, too.
        if !(first.is_ascii_digit() && matches!(text.get(1), Some(b'e' | b'E'))) {
            return None;
        }
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
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
            "", "-", "inf", "-inf", "nan", "+1", "1x", "1e999", "0x10", " 1", "1_0",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_any(b"+Inf"), Some(f64::INFINITY));
    }

    proptest! {
        #[test]
        fn every_number_comes_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let text = format!("{value:e}");
            prop_assert_eq!(parse(text.as_bytes()), Some(value));
        }
    }
}
