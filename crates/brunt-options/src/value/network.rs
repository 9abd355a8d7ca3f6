//! Addresses in options: ranges to refuse and targets to dial instead.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde_json::Value;

use super::{OptionValue, text_of};
use crate::error::Invalid;

/// A range of addresses in CIDR notation; one address is a range too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpRange {
    address: IpAddr,
    prefix: u8,
}

/// What is dialled instead of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostTarget {
    /// The address.
    pub ip: IpAddr,
    /// The port, if it is another than the request's.
    pub port: Option<u16>,
}

impl IpRange {
    /// An address in it; the bits behind the prefix mean nothing.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits of the address all addresses in it share.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether an address lies in it. An IPv4 address that is mapped into IPv6 counts as itself.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address.to_canonical(), ip.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => {
                let host_bits = 32_u32.saturating_sub(u32::from(self.prefix));
                (own.to_bits() ^ ip.to_bits())
                    .checked_shr(host_bits)
                    .unwrap_or(0)
                    == 0
            }
            (IpAddr::V6(own), IpAddr::V6(ip)) => {
                let host_bits = 128_u32.saturating_sub(u32::from(self.prefix));
                (own.to_bits() ^ ip.to_bits())
                    .checked_shr(host_bits)
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for IpRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| ())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        if prefix > most {
            return Err(());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for HostTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}", SocketAddr::new(self.ip, port)),
            None => write!(f, "{}", self.ip),
        }
    }
}

impl FromStr for HostTarget {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(Self { ip, port: None });
        }
        let address: SocketAddr = text.parse().map_err(|_| ())?;
        Ok(Self {
            ip: address.ip(),
            port: Some(address.port()),
        })
    }
}

impl OptionValue for IpRange {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        Self::from_text(&text_of(value)?)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        text.parse()
            .map_err(|()| Invalid::expected_text("an address or a range such as 10.0.0.0/8", text))
    }

    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl OptionValue for HostTarget {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        Self::from_text(&text_of(value)?)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        text.parse().map_err(|()| {
            Invalid::expected_text(
                "an address such as 10.1.2.3, 10.1.2.3:8080 or [::1]:8080",
                text,
            )
        })
    }

    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_addresses() {
        for (range, ip, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.6", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("::/0", "2001:db8::1", true),
            ("::/0", "1.2.3.4", false),
            ("2001:db8::/33", "2001:db8:8000::1", false),
        ] {
            let range: IpRange = range.parse().unwrap();
            assert_eq!(range.contains(ip.parse().unwrap()), inside, "{range} {ip}");
        }
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "x", "10.0.0.0/-1"] {
            assert!(text.parse::<IpRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn host_targets_have_a_port_or_not() {
        for (text, port) in [
            ("1.2.3.4", None),
            ("1.2.3.4:80", Some(80)),
            ("::1", None),
            ("[::1]:443", Some(443)),
        ] {
            let target: HostTarget = text.parse().unwrap();
            assert_eq!(target.port, port);
            assert_eq!(target.to_string(), text);
        }
        assert!("example.com".parse::<HostTarget>().is_err());
    }
}
