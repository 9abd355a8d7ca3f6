//! URLs as a request needs them. Not the WHATWG parser of browsers: that one rewrites paths
//! (`/a/../b`), while a load test must send what the script says, as Go's does.

use std::fmt::Write as _;
use std::sync::Arc;

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain TCP.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// Its text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Whom to connect to: requests with equal origins may share a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The scheme.
    pub scheme: Scheme,
    /// The host name in lower case, or an IP address without brackets.
    pub host: String,
    /// The port, also where the URL has none.
    pub port: u16,
}

/// A parsed URL. Parsing costs a few allocations; keep targets that are used again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    origin: Arc<Origin>,
    authority: String,
    path_and_query: String,
}

/// Why a URL was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Only `http` and `https` are spoken.
    #[error("unsupported protocol scheme \"{0}\"")]
    Scheme(String),
    /// There is no host.
    #[error("no host in request URL")]
    NoHost,
    /// The host cannot be one.
    #[error("invalid host \"{0}\" in URL")]
    Host(String),
    /// The port is not a number up to 65535.
    #[error("invalid port \"{0}\" in URL")]
    Port(String),
    /// A `%` without two hexadecimal digits.
    #[error("invalid URL escape \"{0}\"")]
    Escape(String),
    /// A control character.
    #[error("invalid control character in URL")]
    Control,
}

impl Target {
    /// Parses an absolute URL. A fragment is dropped; credentials are dropped (the caller turns
    /// them into a header); bytes that cannot go out as they are get percent-encoded.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        if url.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(UrlError::Control);
        }
        let (scheme, rest) = split_scheme(url)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = split_port(authority)?;
        let (host, shown) = normalize_host(host)?;
        let default = scheme.default_port();
        let number = match port {
            None | Some("") => default,
            Some(port) => parse_port(port)?,
        };
        let authority = match port {
            None | Some("") => shown,
            Some(port) => format!("{shown}:{port}"),
        };
        Ok(Self {
            origin: Arc::new(Origin {
                scheme,
                host,
                port: number,
            }),
            authority,
            path_and_query: encode_path(rest)?,
        })
    }

    /// Whom to connect to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn shared_origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.origin.scheme
    }

    /// The host name in lower case, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.origin.host
    }

    /// The port, also where the URL has none.
    pub fn port(&self) -> u16 {
        self.origin.port
    }

    /// The text for `Host`: with the port if the URL has one, IPv6 addresses in brackets.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query as they go out; begins with a slash.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }
}

fn split_scheme(url: &str) -> Result<(Scheme, &str), UrlError> {
    // A scheme ends at the first colon, if what is before looks like one.
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it)) =>
        {
            (scheme, rest)
        }
        _ => ("", url),
    };
    let known = if scheme.eq_ignore_ascii_case("http") {
        Scheme::Http
    } else if scheme.eq_ignore_ascii_case("https") {
        Scheme::Https
    } else {
        return Err(UrlError::Scheme(scheme.to_ascii_lowercase()));
    };
    Ok((known, rest.strip_prefix("//").ok_or(UrlError::NoHost)?))
}

/// Splits a port off; it may be empty.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    let from = match authority.strip_prefix('[') {
        Some(rest) => {
            let end = rest
                .find(']')
                .ok_or_else(|| UrlError::Host(authority.to_owned()))?;
            end + 2
        }
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(from);
    match port.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if port.is_empty() => Ok((host, None)),
        None => Err(UrlError::Host(authority.to_owned())),
    }
}

fn parse_port(port: &str) -> Result<u16, UrlError> {
    let bad = || UrlError::Port(port.to_owned());
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    port.parse().map_err(|_| bad())
}

/// The host to connect to and the one to show.
fn normalize_host(host: &str) -> Result<(String, String), UrlError> {
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    if let Some(inner) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return match inner.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok((inner.to_owned(), host.to_owned())),
            Err(_) => Err(UrlError::Host(host.to_owned())),
        };
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    if host.bytes().all(plain) {
        return Ok((host.to_ascii_lowercase(), host.to_owned()));
    }
    // International names and percent-encoding.
    match url::Host::parse(host) {
        Ok(url::Host::Domain(domain)) => Ok((domain.clone(), domain)),
        _ => Err(UrlError::Host(host.to_owned())),
    }
}

/// Path and query without the fragment, with a slash at the beginning.
fn encode_path(text: &str) -> Result<String, UrlError> {
    let text = text.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    if !text.starts_with('/') {
        out.push('/');
    }
    let query = text.find('?').unwrap_or(text.len());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'%' if at < query => {
                let hex = text.as_bytes().get(at + 1..at + 3);
                if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                    let rest: String = text[at..].chars().take(3).collect();
                    return Err(UrlError::Escape(rest));
                }
                out.push('%');
            }
            // What Go leaves as it is in a path; a query goes out as it is but for bytes that would
            // break the request line.
            b'!'
            | b'$'
            | b'%'
            | b'&'..=b';'
            | b'='
            | b'?'..=b'['
            | b']'
            | b'_'
            | b'a'..=b'z'
            | b'~' => {
                out.push(char::from(byte));
            }
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' if at > query => {
                out.push(char::from(byte));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(url: &str) -> (String, String, u16, String) {
        let target = Target::parse(url).unwrap();
        (
            target.authority().to_owned(),
            target.host().to_owned(),
            target.port(),
            target.path_and_query().to_owned(),
        )
    }

    #[test]
    fn urls_come_apart() {
        let table = [
            (
                "http://127.0.0.1:8080/a/../b?x=1#frag",
                "127.0.0.1:8080",
                "127.0.0.1",
                8080,
                "/a/../b?x=1",
            ),
            (
                "HTTPS://Example.COM",
                "Example.COM",
                "example.com",
                443,
                "/",
            ),
            (
                "http://example.com:80?q",
                "example.com:80",
                "example.com",
                80,
                "/?q",
            ),
            (
                "http://example.com:/x",
                "example.com",
                "example.com",
                80,
                "/x",
            ),
            ("http://[::1]:81/", "[::1]:81", "::1", 81, "/"),
            (
                "https://[2001:db8::1]",
                "[2001:db8::1]",
                "2001:db8::1",
                443,
                "/",
            ),
            ("http://u:p@h/a@b", "h", "h", 80, "/a@b"),
            (
                "http://h/a b/ü?c d=é{}",
                "h",
                "h",
                80,
                "/a%20b/%C3%BC?c%20d=%C3%A9{}",
            ),
            (
                "http://h/a%2Fb%20/(x)[y]!*'",
                "h",
                "h",
                80,
                "/a%2Fb%20/(x)[y]!*'",
            ),
            ("http://h/x?a=%zz", "h", "h", 80, "/x?a=%zz"),
            (
                "http://bücher.example/",
                "xn--bcher-kva.example",
                "xn--bcher-kva.example",
                80,
                "/",
            ),
        ];
        for (url, authority, host, port, path) in table {
            let expected = (authority.to_owned(), host.to_owned(), port, path.to_owned());
            assert_eq!(parts(url), expected, "{url}");
        }
    }

    #[test]
    fn bad_urls_are_refused_with_the_reason() {
        let table = [
            ("", "unsupported protocol scheme \"\""),
            ("/relative", "unsupported protocol scheme \"\""),
            ("127.0.0.1:80/", "unsupported protocol scheme \"\""),
            ("ftp://h/", "unsupported protocol scheme \"ftp\""),
            ("http:///x", "no host in request URL"),
            ("http:x", "no host in request URL"),
            ("http://h:99999/", "invalid port \"99999\" in URL"),
            ("http://h:8x/", "invalid port \"8x\" in URL"),
            ("http://h:+8/", "invalid port \"+8\" in URL"),
            ("http://[::1/", "invalid host \"[::1\" in URL"),
            ("http://[x]/", "invalid host \"[x]\" in URL"),
            ("http://a b/", "invalid host \"a b\" in URL"),
            ("http://h/%zz", "invalid URL escape \"%zz\""),
            ("http://h/%4", "invalid URL escape \"%4\""),
            ("http://h/\n", "invalid control character in URL"),
            ("http://h\r\nX: y/", "invalid control character in URL"),
        ];
        for (url, text) in table {
            assert_eq!(Target::parse(url).unwrap_err().to_string(), text, "{url}");
        }
    }

    #[test]
    fn equal_places_have_equal_origins() {
        let one = Target::parse("http://Host/a").unwrap();
        assert_eq!(
            one.origin(),
            Target::parse("http://host:80/b?c").unwrap().origin()
        );
        assert_ne!(
            one.origin(),
            Target::parse("https://host:80/b").unwrap().origin()
        );
    }

    proptest! {
        #[test]
        fn nothing_in_a_url_breaks_the_request_line(url in "http://h.\\PC{0,40}", tail in any::<String>()) {
            if let Ok(target) = Target::parse(&(url + &tail)) {
                let printable = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
                prop_assert!(target.path_and_query().starts_with('/'));
                prop_assert!(printable(target.path_and_query()));
                prop_assert!(printable(target.authority()));
            }
        }
    }
}
