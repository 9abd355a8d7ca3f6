//! A server's challenge: `WWW-Authenticate: Digest realm="…", nonce="…", qop="auth", …`.

/// How text is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
}

/// A digest challenge that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) realm: String,
    pub(crate) nonce: String,
    pub(crate) opaque: Option<String>,
    pub(crate) algorithm: Algorithm,
    /// As the server wrote it; `None` if it did not.
    pub(crate) algorithm_name: Option<String>,
    /// The secret depends on the nonces too (`-sess`).
    pub(crate) session: bool,
    /// `auth` where that is offered, else `auth-int`.
    pub(crate) qop: Option<&'static str>,
}

impl Challenge {
    /// Reads a value of `WWW-Authenticate`; `None` if it is another scheme's or beyond us.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let parameters = parameters(rest);
        let get = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        let algorithm_name = get("algorithm");
        let name = algorithm_name.as_deref().unwrap_or("MD5").to_uppercase();
        let (name, session) = match name.strip_suffix("-SESS") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let algorithm = match name {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            _ => return None,
        };
        let qop = match get("qop") {
            None => None,
            Some(offered) => {
                let offers = |name: &str| {
                    offered
                        .split(',')
                        .any(|it| it.trim().eq_ignore_ascii_case(name))
                };
                // A word that is not known asks for something that we cannot give.
                Some(["auth", "auth-int"].into_iter().find(|name| offers(name))?)
            }
        };
        Some(Self {
            realm: get("realm").unwrap_or_default(),
            nonce: get("nonce")?,
            opaque: get("opaque"),
            algorithm,
            algorithm_name,
            session,
            qop,
        })
    }
}

/// Names in small letters and values of `a=b, c="d"`.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ',']).to_ascii_lowercase();
        let after = after.trim_start();
        let value;
        (value, rest) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        all.push((name, value));
    }
    all
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, char)| char)),
            char => value.push(char),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_come_apart() {
        let text = "digest  realm=\"a, \\\"b\\\"=c\" ,nonce=n, QOP=\"auth-int\", algorithm=md5-sess,opaque=\"\"";
        let challenge = Challenge::read(text).unwrap();
        assert_eq!(
            challenge,
            Challenge {
                realm: "a, \"b\"=c".to_owned(),
                nonce: "n".to_owned(),
                opaque: Some(String::new()),
                algorithm: Algorithm::Md5,
                algorithm_name: Some("md5-sess".to_owned()),
                session: true,
                qop: Some("auth-int"),
            }
        );
    }

    #[test]
    fn what_cannot_be_answered_is_none() {
        for text in [
            "",
            "Basic realm=\"x\"",
            "Digest realm=\"x\"",
            "Digest nonce=\"x\", algorithm=SHA-512-256",
            "Digest nonce=\"x\", qop=\"other\"",
            "Digest nonce",
        ] {
            assert_eq!(Challenge::read(text), None, "{text}");
        }
        let open = Challenge::read("Digest nonce=\"x\\").unwrap();
        assert_eq!(open.nonce, "x");
    }
}
