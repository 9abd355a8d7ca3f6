//! `HOST:PORT` as `--address` takes it, for the server and for those who call it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

/// Where the API is when nobody says anything else: k6's place, on this machine only.
pub(crate) const DEFAULT: &str = "localhost:6565";

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name or an IP address, without brackets; empty for all interfaces.
    host: String,
    port: u16,
}

impl Address {
    /// [`DEFAULT`].
    pub(crate) fn local() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 6565,
        }
    }

    /// The addresses that it stands for, IPv4 first: `localhost` is to be where most look for it.
    pub(crate) async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let host = if self.host.is_empty() {
            "0.0.0.0"
        } else {
            &self.host
        };
        let found = tokio::net::lookup_host((host, self.port)).await?;
        let mut all: Vec<SocketAddr> = found.collect();
        all.sort_by_key(SocketAddr::is_ipv6);
        Ok(all)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no address: write HOST:PORT, such as {DEFAULT}");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bracketed = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let host = bracketed.unwrap_or(host);
        if bracketed.is_none() && host.contains([':', '/', '[', ']']) {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| wrong())?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_as_users_write_them() {
        for text in ["localhost:6565", "127.0.0.1:0", "[::1]:80", ":6565"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        for text in [
            "",
            "6565",
            "localhost",
            "localhost:",
            "::1:80",
            "a:99999",
            "http://a:1",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.contains("HOST:PORT"), "{text}: {error}");
        }
        assert_eq!(DEFAULT.parse(), Ok(Address::local()));
    }
}
