//! Header names in the form that k6 sends and shows them.

/// `x-my-header` as `X-My-Header`; a name with a byte that no token has stays as it is.
pub(crate) fn canonical(name: &str) -> String {
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut upper = true;
    let fold = |byte: u8| {
        let folded = if upper {
            byte.to_ascii_uppercase()
        } else {
            byte.to_ascii_lowercase()
        };
        upper = byte == b'-';
        char::from(folded)
    };
    name.bytes().map(fold).collect()
}

/// RFC 9110, section 5.6.2.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_canonical() {
        let rows = [
            ("content-type", "Content-Type"),
            ("X-MY-header", "X-My-Header"),
            ("etag", "Etag"),
            ("a b", "a b"),
            ("", ""),
        ];
        for (name, wanted) in rows {
            assert_eq!(canonical(name), wanted);
        }
    }
}
