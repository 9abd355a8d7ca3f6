//! `NO_PROXY`: hosts that are reached directly, in the forms that Go and curl understand.

use std::net::IpAddr;

use ipnet::IpNet;

/// Who is not proxied.
#[derive(Debug, Default)]
pub(crate) struct Bypass {
    all: bool,
    ranges: Vec<IpNet>,
    /// Addresses and names, each for one port or for all.
    addresses: Vec<(IpAddr, Option<u16>)>,
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    /// With a dot in front.
    suffix: String,
    /// The name itself counts too, not only those below it.
    itself: bool,
    port: Option<u16>,
}

impl Bypass {
    /// Reads a list with commas: `*`, addresses, ranges (`10.0.0.0/8`), names (with all below them)
    /// and `.names` or `*.names` (only those below them); addresses and names also with `:port`.
    /// What is none of these is left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut bypass = Self::default();
        let entries = text.split(',').map(|it| it.trim().to_ascii_lowercase());
        for entry in entries.filter(|entry| !entry.is_empty()) {
            bypass.add(&entry);
        }
        bypass
    }

    fn add(&mut self, entry: &str) {
        if entry == "*" {
            self.all = true;
            return;
        }
        if let Ok(range) = entry.parse() {
            self.ranges.push(range);
            return;
        }
        if let Some(address) = address(entry) {
            self.addresses.push((address, None));
            return;
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => return,
            },
            None => (entry, None),
        };
        if let Some(address) = address(host) {
            self.addresses.push((address, port));
            return;
        }
        let below = host.strip_prefix('*').unwrap_or(host);
        let itself = !below.starts_with('.');
        let suffix = if itself {
            format!(".{below}")
        } else {
            below.to_owned()
        };
        if suffix.len() > 1 {
            self.names.push(Name {
                suffix,
                itself,
                port,
            });
        }
    }

    /// Whether a host (in lower case) is reached directly. Loopback always is.
    pub(crate) fn covers(&self, host: &str, port: u16) -> bool {
        if self.all || host == "localhost" {
            return true;
        }
        let same = |wanted: Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        if let Some(host) = address(host) {
            let host = host.to_canonical();
            return host.is_loopback()
                || self.ranges.iter().any(|range| range.contains(&host))
                || self
                    .addresses
                    .iter()
                    .any(|(known, port)| *known == host && same(*port));
        }
        let host = host.trim_end_matches('.');
        self.names.iter().any(|name| {
            same(name.port)
                && (host.ends_with(&name.suffix) || (name.itself && host == &name.suffix[1..]))
        })
    }
}

fn address(text: &str) -> Option<IpAddr> {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_covers_what_it_says() {
        let bypass = Bypass::parse(
            " Example.com, .below.test,*.star.test, 10.0.0.0/8, 1.2.3.4:80, [2001:db8::1], ported.test:99, bad:port, ., ",
        );
        for (host, port, covered) in [
            ("example.com", 80, true),
            ("www.example.com", 80, true),
            ("notexample.com", 80, false),
            ("below.test", 80, false),
            ("a.below.test", 80, true),
            ("a.star.test", 80, true),
            ("star.test", 80, false),
            ("10.9.9.9", 80, true),
            ("11.9.9.9", 80, false),
            ("1.2.3.4", 80, true),
            ("1.2.3.4", 81, false),
            ("2001:db8::1", 1, true),
            ("ported.test", 99, true),
            ("ported.test", 98, false),
            ("bad", 80, false),
            ("localhost", 80, true),
            ("127.0.0.9", 80, true),
        ] {
            assert_eq!(bypass.covers(host, port), covered, "{host}:{port}");
        }
        assert!(Bypass::parse("*").covers("anything.test", 1));
    }
}
