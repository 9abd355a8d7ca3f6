//! Credentials of URLs: sent at once (basic), or in answer to a server's challenge (digest,
//! RFC 7616).
//!
//! Digest is written here because it is four hashes of text that a request has anyway; the crates
//! for it bring older versions of all of `RustCrypto`.

mod challenge;

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rand::Rng as _;
use sha2::Sha256;

use self::challenge::{Algorithm, Challenge};

/// How credentials in a URL are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Sent with every request.
    Basic,
    /// Asked for first.
    Digest,
}

/// A user and a password.
pub(crate) struct Credentials {
    user: String,
    password: String,
}

/// Without the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What a digest is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) uri: &'a str,
    pub(crate) body: &'a [u8],
}

impl Credentials {
    /// `user:password`, of which the second may be missing.
    pub(crate) fn new(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    /// The value of `Authorization` for basic authentication.
    pub(crate) fn basic(&self) -> String {
        let text = format!("{}:{}", self.user, self.password);
        format!("Basic {}", STANDARD.encode(text))
    }

    /// The value of `Authorization` that answers one of these challenges (`WWW-Authenticate`):
    /// the first digest that can be answered, as the server put its favourite first.
    pub(crate) fn digest<'a>(
        &self,
        challenges: impl IntoIterator<Item = &'a [u8]>,
        subject: Subject<'_>,
    ) -> Option<String> {
        let nonce: [u8; 16] = rand::rng().random();
        let challenge = challenges
            .into_iter()
            .find_map(|text| Challenge::read(&String::from_utf8_lossy(text)))?;
        Some(self.answer(&challenge, subject, &hex(&nonce)))
    }

    fn answer(&self, challenge: &Challenge, subject: Subject<'_>, cnonce: &str) -> String {
        let hash = |parts: &[&str]| challenge.algorithm.hash(parts.join(":").as_bytes());
        let (realm, nonce) = (challenge.realm.as_str(), challenge.nonce.as_str());
        let mut secret = hash(&[&self.user, realm, &self.password]);
        if challenge.session {
            secret = hash(&[&secret, nonce, cnonce]);
        }
        let action = if challenge.qop == Some("auth-int") {
            let body = challenge.algorithm.hash(subject.body);
            hash(&[subject.method, subject.uri, &body])
        } else {
            hash(&[subject.method, subject.uri])
        };
        let response = match challenge.qop {
            Some(qop) => hash(&[&secret, nonce, "00000001", cnonce, qop, &action]),
            None => hash(&[&secret, nonce, &action]),
        };
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut answer = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\"",
            quoted(&self.user),
            quoted(realm),
            quoted(nonce),
            quoted(subject.uri),
        );
        if let Some(name) = &challenge.algorithm_name {
            answer.push_str(", algorithm=");
            answer.push_str(name);
        }
        if let Some(opaque) = &challenge.opaque {
            let _ = write!(answer, ", opaque=\"{}\"", quoted(opaque));
        }
        if let Some(qop) = challenge.qop {
            let _ = write!(answer, ", qop={qop}, nc=00000001, cnonce=\"{cnonce}\"");
        }
        answer
    }
}

impl Algorithm {
    /// In hexadecimal digits.
    fn hash(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(bytes)),
            Self::Sha256 => hex(&Sha256::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616, section 3.9.1.
    #[test]
    fn the_answers_of_the_rfc_are_given() {
        let credentials = Credentials::new("Mufasa:Circle of Life");
        let subject = Subject {
            method: "GET",
            uri: "/dir/index.html",
            body: b"",
        };
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let text = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let challenge = Challenge::read(&text).unwrap();
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let answer = credentials.answer(&challenge, subject, cnonce);
            assert!(
                answer.contains(&format!("response=\"{response}\"")),
                "{answer}"
            );
            assert!(
                answer.contains(&format!("algorithm={algorithm}")),
                "{answer}"
            );
            assert!(answer.contains("qop=auth, nc=00000001"), "{answer}");
        }
    }

    /// RFC 2617, section 3.5, as a server without `qop` would ask.
    #[test]
    fn older_servers_are_answered_too() {
        let credentials = Credentials::new("Mufasa:Circle Of Life");
        let challenge = Challenge::read("Digest realm=\"r\\\"x\", nonce=\"n\"").unwrap();
        let subject = Subject {
            method: "GET",
            uri: "/",
            body: b"",
        };
        let answer = credentials.answer(&challenge, subject, "c");
        let secret = hex(&Md5::digest("Mufasa:r\"x:Circle Of Life"));
        let action = hex(&Md5::digest("GET:/"));
        let response = hex(&Md5::digest(format!("{secret}:n:{action}")));
        assert!(answer.contains(&response) && answer.contains("realm=\"r\\\"x\""));
        assert!(!answer.contains("qop") && !answer.contains("cnonce"));
    }

    #[test]
    fn credentials_are_not_shown() {
        assert!(!format!("{:?}", Credentials::new("ann:secret")).contains("secret"));
        assert_eq!(Credentials::new("ann").basic(), "Basic YW5uOg==");
    }
}
