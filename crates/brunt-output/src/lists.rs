//! Lists inside of one value: `a:b;c:d`, `p(95),p(99)`.
//!
//! Both `;` and `,` separate, because on the command line a comma needs quotes and k6's variables
//! use it.

/// The items of a list, blanks around them removed.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ','])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The pairs of a list; name and value are separated by the first of `separators` that is there. A
/// part after a comma that is no pair belongs to the value before it, so that header values may
/// contain commas. The error is the part that is not understood.
pub fn pairs(text: &str, separators: &[char]) -> Result<Vec<(String, String)>, String> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for group in text.split(';').filter(|group| !group.trim().is_empty()) {
        let mut first = true;
        for part in group.split(',') {
            let pair = part
                .split_once(separators)
                .filter(|(name, _)| is_name(name.trim()));
            match (pair, pairs.last_mut()) {
                (Some((name, value)), _) => {
                    pairs.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                (None, Some((_, value))) if !first => {
                    value.push(',');
                    value.push_str(part);
                }
                (None, _) => return Err(part.trim().to_owned()),
            }
            first = false;
        }
    }
    Ok(pairs)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// `%40` and the like, as user and password in a URL are written.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |offset: usize| {
            bytes
                .get(at + offset)
                .and_then(|b| char::from(*b).to_digit(16))
        };
        if let (b'%', Some(high), Some(low)) = (byte, hex(1), hex(2)) {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
