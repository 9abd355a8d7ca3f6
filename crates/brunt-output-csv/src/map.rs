//! Maps in a cell: `key=value&key=value`.
//!
//! k6 writes them as they are, so that a value with `&` or `=` cannot be told from two tags. Here what
//! would be mistaken is percent-encoded, and everything else stays readable. It reads back with any
//! decoder of URL queries (`urllib.parse.parse_qsl` in Python), which is why `+` is encoded too.

/// Appends pairs, escaped.
pub(crate) fn write<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, out: &mut String) {
    join(pairs, out, escape);
}

/// Appends pairs as k6 does, except that k6's order changes from row to row.
pub(crate) fn write_plain<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, out: &mut String) {
    join(pairs, out, |text, out| out.push_str(text));
}

fn join<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    out: &mut String,
    write: impl Fn(&str, &mut String),
) {
    for (at, (key, value)) in pairs.enumerate() {
        if at > 0 {
            out.push('&');
        }
        write(key, out);
        out.push('=');
        write(value, out);
    }
}

fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for character in text.chars() {
        if !matches!(character, '&' | '=' | '%' | '+') && !character.is_control() {
            out.push(character);
            continue;
        }
        let mut bytes = [0; 4];
        for byte in character.encode_utf8(&mut bytes).bytes() {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)].into());
            out.push(HEX[usize::from(byte & 15)].into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn written(pairs: &[(&str, &str)]) -> String {
        let mut out = String::new();
        write(pairs.iter().copied(), &mut out);
        out
    }

    /// Written anew from RFC 3986, section 2.1.
    fn decode(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_needs_no_escape_stays_readable() {
        assert_eq!(written(&[]), "");
        assert_eq!(
            written(&[("kind", "plain"), ("text", "a, \"b\" é /?")]),
            "kind=plain&text=a, \"b\" é /?"
        );
        assert_eq!(
            written(&[("a&b", "1=2"), ("c%", "\n\u{85}+")]),
            "a%26b=1%3D2&c%25=%0A%C2%85%2B"
        );
    }

    proptest! {
        #[test]
        fn every_map_reads_back(map in prop::collection::btree_map(any::<String>(), any::<String>(), 1..5)) {
            let pairs: Vec<_> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let read: BTreeMap<String, String> = written(&pairs)
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .map(|(key, value)| (decode(key), decode(value)))
                .collect();
            prop_assert_eq!(read, map);
        }
    }
}
