//! Proxies as the environment names them: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`.
//!
//! A request for `http` goes to an HTTP proxy with its whole URL, one for `https` through a tunnel
//! that the proxy opens (`CONNECT`); the proxy itself may be spoken to over TLS. A SOCKS proxy opens a
//! tunnel for both. Loopback addresses and
//! `localhost` are never proxied, as in Go.

mod bypass;
pub(crate) mod connect;
mod socks;
mod wire;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::bypass::Bypass;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::target::{Origin, Scheme, Target};

/// A proxy that connections go through.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) origin: Arc<Origin>,
    /// The value of `Proxy-Authorization`.
    pub(crate) authorization: Option<String>,
    kind: Kind,
}

/// What a proxy speaks.
#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Http,
    Socks(Option<socks::Login>),
}

impl Proxy {
    /// Whether it reads requests, rather than handing on bytes to whomever it was told.
    pub(crate) fn reads_requests(&self, scheme: Scheme) -> bool {
        self.kind == Kind::Http && scheme == Scheme::Http
    }

    /// Asks the proxy at the other end for a tunnel to the connection's origin.
    pub(crate) async fn tunnel(
        &self,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<(), NetError> {
        match &self.kind {
            Kind::Http => connect::open(connection, self, deadline).await,
            Kind::Socks(login) => socks::open(connection, login.as_ref(), deadline).await,
        }
    }
}

/// Without the credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Which origins are reached through a proxy, and through which.
#[derive(Debug, Default)]
pub struct Proxies {
    http: Option<Result<Arc<Proxy>, NetError>>,
    https: Option<Result<Arc<Proxy>, NetError>>,
    bypass: Bypass,
}

impl Proxies {
    /// Reads variables, in capitals or small letters. `None` if no proxy is named. A proxy that
    /// cannot be used fails the requests that would go through it, and only those.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let get = |name: &str| {
            [name.to_owned(), name.to_ascii_lowercase()]
                .into_iter()
                .find_map(|name| Some((variable(&name)?, name)))
                .filter(|(value, _)| !value.trim().is_empty())
        };
        let of = |name| get(name).or_else(|| get("ALL_PROXY"));
        let parse = |(value, name): (String, String)| parse(value.trim(), &name).map(Arc::new);
        let (http, https) = (of("HTTP_PROXY").map(parse), of("HTTPS_PROXY").map(parse));
        if http.is_none() && https.is_none() {
            return None;
        }
        let bypass = get("NO_PROXY").map_or(String::new(), |(value, _)| value);
        Some(Self {
            http,
            https,
            bypass: Bypass::parse(&bypass),
        })
    }

    /// The proxy on the way to an origin.
    pub(crate) fn towards(&self, origin: &Origin) -> Result<Option<Arc<Proxy>>, NetError> {
        let proxy = match origin.scheme {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        };
        match proxy {
            Some(proxy) if !self.bypass.covers(&origin.host, origin.port) => {
                proxy.clone().map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The port of a SOCKS proxy that names none; RFC 1928, section 3.
const SOCKS_PORT: u16 = 1080;

/// `http://user:password@host:port`, of which all but the host may be missing, or the same with
/// `socks5` or `socks5h`: names are looked up by the proxy in both, as in Go.
fn parse(text: &str, variable: &str) -> Result<Proxy, NetError> {
    let wrong = |reason: String| NetError::Proxy(format!("{variable}: {reason}"));
    let url = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let parsed = url::Url::parse(&url).map_err(|error| wrong(error.to_string()))?;
    let socks = match parsed.scheme() {
        "http" | "https" => false,
        "socks5" | "socks5h" => true,
        other => {
            return Err(wrong(format!(
                "a proxy with the scheme \"{other}\" is not supported; use one that begins with http://, https:// or socks5://"
            )));
        }
    };
    let user = percent_decode(parsed.username());
    let password = percent_decode(parsed.password().unwrap_or_default());
    let named = !parsed.username().is_empty() || parsed.password().is_some();
    if socks {
        // Parsed again as one of http, because only those have hosts that are checked and
        // a form of their own.
        let host = parsed.host_str().unwrap_or_default();
        let port = parsed.port().unwrap_or(SOCKS_PORT);
        let target = Target::parse(&format!("http://{host}:{port}"));
        let target = target.map_err(|error| wrong(error.to_string()))?;
        let login = named.then(|| socks::Login::new(user, password)).transpose();
        return Ok(Proxy {
            origin: Arc::clone(target.shared_origin()),
            authorization: None,
            kind: Kind::Socks(login.map_err(|reason| wrong(reason.to_owned()))?),
        });
    }
    let target = Target::parse(&url).map_err(|error| wrong(error.to_string()))?;
    let authorization = named.then(|| {
        let credentials = [&user[..], b":", &password].concat();
        format!("Basic {}", STANDARD.encode(credentials))
    });
    Ok(Proxy {
        origin: Arc::clone(target.shared_origin()),
        authorization,
        kind: Kind::Http,
    })
}

fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(decoded)) = (byte, hex) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Option<Proxies> {
        Proxies::from_env(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn towards(proxies: &Proxies, url: &str) -> Option<(String, u16)> {
        let url = Target::parse(url).unwrap();
        let proxy = proxies.towards(url.origin()).unwrap()?;
        Some((proxy.origin.host.clone(), proxy.origin.port))
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_proxy_serves_the_rest() {
        let some = proxies(&[("HTTP_PROXY", "one:3128"), ("all_proxy", "http://two")]).unwrap();
        assert_eq!(towards(&some, "http://x/"), Some(("one".into(), 3128)));
        assert_eq!(towards(&some, "https://x/"), Some(("two".into(), 80)));
        assert_eq!(towards(&some, "http://localhost/"), None);
        assert_eq!(towards(&some, "http://127.9.9.9/"), None);
        assert_eq!(towards(&some, "http://[::1]/"), None);
        assert!(proxies(&[("NO_PROXY", "x"), ("HTTP_PROXY", " ")]).is_none());
        let one = proxies(&[("https_proxy", "p"), ("NO_PROXY", "a.test")]).unwrap();
        assert_eq!(towards(&one, "http://x/"), None);
        assert_eq!(towards(&one, "https://a.test/"), None);
    }

    #[test]
    fn credentials_become_a_header_and_are_not_shown() {
        let proxy = parse("http://us%40er:pa:ss@p:1", "HTTP_PROXY").unwrap();
        // us@er:pa:ss
        let expected = "Basic dXNAZXI6cGE6c3M=";
        assert_eq!(proxy.authorization.as_deref(), Some(expected));
        assert!(!format!("{proxy:?}").contains("dXN"));
    }

    #[test]
    fn socks_proxies_have_a_port_and_credentials_of_their_own() {
        for (value, host, port) in [
            ("socks5://p", "p", 1080),
            ("socks5h://us%20er:secret@p:99", "p", 99),
            ("SOCKS5://[::1]:7", "::1", 7),
        ] {
            let proxy = parse(value, "ALL_PROXY").unwrap();
            assert_eq!(
                (proxy.origin.host.as_str(), proxy.origin.port),
                (host, port)
            );
            assert_eq!(proxy.authorization, None);
            assert!(!proxy.reads_requests(Scheme::Http));
            assert!(!format!("{proxy:?}").contains("secret"));
        }
        let long = format!("socks5://{}:x@p", "u".repeat(256));
        let error = parse(&long, "ALL_PROXY").unwrap_err().to_string();
        assert!(error.contains("255"), "{error}");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_says_which_variable() {
        for (value, reason) in [
            ("socks4://p:1080", "socks4"),
            ("socks5://", "host"),
            ("ftp://p", "ftp"),
            ("http://", "host"),
            ("http://p:x", "port"),
        ] {
            let error = parse(value, "ALL_PROXY").unwrap_err().to_string();
            assert!(
                error.contains("ALL_PROXY") && error.contains(reason),
                "{error}"
            );
        }
    }
}
