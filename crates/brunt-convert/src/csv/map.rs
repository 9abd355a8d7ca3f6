//! Maps in a cell, `key=value&key=value`: brunt's, which are escaped and come back as they were, and k6's,
//! which are not.
//!
//! In k6's, a part without `=` belongs to the value before it (`kind=web & mobile&env=perf`). What cannot
//! be told from another map is read in the likely way and counted.

use brunt_metrics::TagSet;

/// Reads a cell into `tags`; tells whether it could have meant something else.
pub(crate) fn read(cell: &str, tags: &mut TagSet) -> bool {
    if cell.is_empty() {
        return false;
    }
    let escaped = is_escaped(cell);
    let mut doubtful = false;
    let mut pair: Option<(&str, String)> = None;
    for part in cell.split('&') {
        match part.split_once('=') {
            Some((key, value)) => {
                // No escaped text has these, and a name of a tag hardly has a space.
                doubtful |= value.contains('=') || (!escaped && key.contains(char::is_whitespace));
                if let Some(done) = pair.replace((key, value.to_owned())) {
                    doubtful |= put(done, escaped, tags);
                }
            }
            None => match &mut pair {
                Some((_, value)) => {
                    value.push('&');
                    value.push_str(part);
                }
                None => doubtful = true,
            },
        }
    }
    pair.is_some_and(|done| put(done, escaped, tags)) | doubtful
}

/// Sets a tag; tells whether it was there already.
fn put((key, value): (&str, String), escaped: bool, tags: &mut TagSet) -> bool {
    let twice = tags.get(key).is_some();
    if escaped {
        tags.set(unescape(key), unescape(&value));
    } else {
        tags.set(key, value);
    }
    twice
}

/// Whether every percent sign begins an escape that brunt writes.
fn is_escaped(cell: &str) -> bool {
    let escapes = cell.split('%').skip(1);
    let mut count = 0;
    let all = escapes.inspect(|_| count += 1).all(|rest| {
        let code = rest
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        matches!(
            code,
            Some(b'&' | b'=' | b'%' | b'+' | 0..0x20 | 0x7f | 0x80..0xa0 | 0xc2)
        )
    });
    all && count > 0
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let hex = part.get(..2);
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        } else {
            bytes.push(b'%');
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(cell: &str) -> (Vec<(String, String)>, bool) {
        let mut tags = TagSet::new();
        let doubtful = read(cell, &mut tags);
        let pairs = tags.iter();
        (
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            doubtful,
        )
    }

    fn of(pairs: &[(&str, &str)], doubtful: bool) -> (Vec<(String, String)>, bool) {
        let pairs = pairs.iter();
        (
            pairs.map(|&(k, v)| (k.to_owned(), v.to_owned())).collect(),
            doubtful,
        )
    }

    #[test]
    fn an_ampersand_in_a_value_of_k6_stays_in_it() {
        let read = tags("kind=web & mobile&env=perf");
        assert_eq!(
            read,
            of(&[("env", "perf"), ("kind", "web & mobile")], false)
        );
    }

    #[test]
    fn what_brunt_escaped_comes_back() {
        let read = tags("ü%3D%26=a%25%2B%0A%C2%85,\"b\"&x=");
        assert_eq!(read, of(&[("x", ""), ("ü=&", "a%+\n\u{85},\"b\"")], false));
    }

    #[test]
    fn a_percent_sign_of_k6_stays() {
        assert_eq!(
            tags("a=100%&b=%zz"),
            of(&[("a", "100%"), ("b", "%zz")], false)
        );
        assert_eq!(tags("a=%41"), of(&[("a", "%41")], false));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_told() {
        assert_eq!(tags("q=a=b"), of(&[("q", "a=b")], true));
        assert_eq!(tags("a=1&a=2"), of(&[("a", "2")], true));
        assert_eq!(
            tags("a=1&some thing=2"),
            of(&[("a", "1"), ("some thing", "2")], true)
        );
        assert!(tags("nothing").1);
    }
}
