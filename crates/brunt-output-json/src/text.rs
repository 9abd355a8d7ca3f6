//! Strings as Go's JSON encoder writes them when it does not escape HTML.

/// Appends a string with its quotes.
pub(crate) fn write(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let escape = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            // JavaScript before 2019 took these two for line ends; Go still escapes them.
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            '\0'..='\u{1f}' => "",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain..at]);
        plain = at + character.len_utf8();
        if escape.is_empty() {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let code = character as usize;
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[code >> 4 & 15], HEX[code & 15]]);
        } else {
            out.extend_from_slice(escape.as_bytes());
        }
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
    out.push(b'"');
}

/// Appends an object whose values are all strings.
pub(crate) fn write_object<'a>(
    out: &mut Vec<u8>,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) {
    out.push(b'{');
    for (at, (key, value)) in pairs.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, key);
        out.push(b':');
        write(out, value);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_look_as_go_writes_them() {
        assert_eq!(
            text("has body, \"quoted\" & comma"),
            r#""has body, \"quoted\" & comma""#
        );
        assert_eq!(text("<a>&'\\/"), r#""<a>&'\\/""#);
        assert_eq!(
            text("\n\r\t\u{0}\u{8}\u{1f}"),
            r#""\n\r\t\u0000\u0008\u001f""#
        );
        assert_eq!(
            text("é\u{2028}\u{2029}😀\u{7f}"),
            "\"é\\u2028\\u2029😀\u{7f}\""
        );
    }

    proptest! {
        #[test]
        fn every_string_reads_back_as_itself(value in any::<String>()) {
            let read: String = serde_json::from_str(&text(&value)).unwrap();
            prop_assert_eq!(read, value);
        }
    }
}
