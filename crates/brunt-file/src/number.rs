//! Numbers as Go's JSON encoders write them.
//!
//! The shortest decimal digits that read back as the same value; an exponent below 1e-6 and from
//! 1e21 on, always with a sign and at least two digits (`1e-07`, `1e+21`).

use std::io::Write as _;

/// Appends a finite number. Of one that is not finite it appends a text that no reader takes for one.
pub fn write(out: &mut Vec<u8>, value: f64) {
    const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;
    let size = value.abs();
    if size < EXACT_INTEGERS
        && value.trunc() == value
        && !(value == 0.0 && value.is_sign_negative())
    {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
        return;
    }
    // The shortest digits by a library that is several times faster than the standard one. It writes
    // exponents in other places and in another form than Go, so those are left to the rest.
    if (1e-4..1e15).contains(&size) {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        return;
    }
    // Writing to a vector cannot fail.
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        let _ = write!(out, "{value}");
        return;
    }
    let start = out.len();
    let _ = write!(out, "{value:e}");
    let Some(e) = out[start..].iter().position(|byte| *byte == b'e') else {
        return;
    };
    let exponent = out.split_off(start + e + 1);
    let (sign, digits) = match exponent.strip_prefix(b"-") {
        Some(digits) => (b'-', digits),
        None => (b'+', exponent.as_slice()),
    };
    out.push(sign);
    if digits.len() < 2 {
        out.push(b'0');
    }
    out.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_look_as_go_writes_them() {
        let table = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-17.0, "-17"),
            (0.33194, "0.33194"),
            (1.055_612, "1.055612"),
            (1e6, "1000000"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (-2.5e25, "-2.5e+25"),
            (1e-6, "0.000001"),
            (1e-7, "1e-07"),
            (1.25e-9, "1.25e-09"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ];
        for (value, expected) in table {
            assert_eq!(text(value), expected);
        }
    }

    proptest! {
        #[test]
        fn every_finite_number_reads_back_as_itself(value in prop::num::f64::ANY) {
            prop_assume!(value.is_finite());
            let read: f64 = text(value).parse().unwrap();
            prop_assert_eq!(read.to_bits(), value.to_bits());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text(value)).is_ok());
        }
    }
}
