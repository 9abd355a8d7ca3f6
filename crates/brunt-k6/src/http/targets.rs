//! Parsed URLs, kept because scripts ask for the same ones again and again.

use std::rc::Rc;

use brunt_net::{Target, UrlError};
use rustc_hash::FxHashMap;

use crate::http::auth::Credentials;

/// Distinct URLs that are kept.
const LIMIT: usize = 4096;

/// A URL as a request needs it and as tags show it.
#[derive(Debug)]
pub(crate) struct Place {
    /// The URL as it was asked for.
    pub(crate) url: Rc<str>,
    pub(crate) target: Target,
    /// The URL with credentials masked.
    pub(crate) shown: Rc<str>,
    /// What credentials in the URL come to.
    pub(crate) login: Option<Login>,
}

/// The credentials of a URL.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) credentials: Credentials,
    /// `Authorization` for basic authentication.
    pub(crate) basic: String,
    /// The URL without the credentials.
    pub(crate) url: Rc<str>,
}

/// A worker's URLs.
#[derive(Debug, Default)]
pub(crate) struct Targets(FxHashMap<String, Rc<Place>>);

impl Targets {
    /// Parses a URL, or finds it among those parsed before.
    pub(crate) fn get(&mut self, url: &str) -> Result<Rc<Place>, UrlError> {
        if let Some(place) = self.0.get(url) {
            return Ok(Rc::clone(place));
        }
        let place = Rc::new(Place::parse(url)?);
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        self.0.insert(url.to_owned(), Rc::clone(&place));
        Ok(place)
    }
}

impl Place {
    fn parse(url: &str) -> Result<Self, UrlError> {
        let Some((scheme, user, rest)) = split_credentials(url) else {
            return Ok(Self {
                url: url.into(),
                target: Target::parse(url)?,
                shown: url.into(),
                login: None,
            });
        };
        let bare = format!("{scheme}://{rest}");
        let credentials = Credentials::new(&percent_decode(user));
        Ok(Self {
            url: url.into(),
            target: Target::parse(&bare)?,
            shown: format!("{scheme}://****:****@{rest}").into(),
            login: Some(Login {
                basic: credentials.basic(),
                credentials,
                url: bare.into(),
            }),
        })
    }
}

/// `scheme://user:password@rest` in its parts.
fn split_credentials(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let at = rest[..end].rfind('@')?;
    Some((scheme, &rest[..at], &rest[at + 1..]))
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_url_and_are_masked() {
        let place = Place::parse("http://us%40er:pa:ss@127.0.0.1:80/x?y=a@b").unwrap();
        assert_eq!(&*place.shown, "http://****:****@127.0.0.1:80/x?y=a@b");
        // us@er:pa:ss
        assert_eq!(
            place.login.as_ref().map(|login| login.basic.as_str()),
            Some("Basic dXNAZXI6cGE6c3M=")
        );
    }

    #[test]
    fn an_at_sign_in_the_query_is_no_credential() {
        let place = Place::parse("http://127.0.0.1/x?y=a@b").unwrap();
        assert_eq!(&*place.shown, "http://127.0.0.1/x?y=a@b");
        assert!(place.login.is_none());
    }
}
