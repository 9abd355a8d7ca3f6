//! The option `localIPs`: the machine's addresses that virtual users connect from.
//!
//! Ranges, not lists: a network of IPv6 has more addresses than memory.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use super::{IpRange, OptionValue, comma_separated, text_of};
use crate::error::Invalid;

/// Addresses, of which each virtual user takes the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalIps {
    text: String,
    ranges: Vec<Range>,
}

/// Consecutive addresses of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u128,
    last: u128,
    v4: bool,
}

impl LocalIps {
    /// The address of the virtual user with this number, counted from 1; they are dealt out in
    /// turn. `None` if there is no address at all.
    pub fn of_vu(&self, number: u64) -> Option<IpAddr> {
        let count = self
            .ranges
            .iter()
            .fold(0_u128, |sum, range| sum.saturating_add(range.count()));
        let mut index = u128::from(number.saturating_sub(1)).checked_rem(count)?;
        for range in &self.ranges {
            if index < range.count() {
                return Some(range.address(range.first + index));
            }
            index -= range.count();
        }
        None
    }
}

impl Range {
    /// One address, `first-last`, or a network in CIDR notation. Of an IPv4 network neither its
    /// own address nor the one for broadcasts can be used.
    fn parse(text: &str) -> Option<Self> {
        if let Some((first, last)) = text.split_once('-') {
            let (first, v4) = number(first.trim().parse().ok()?);
            let (last, last_v4) = number(last.trim().parse().ok()?);
            return (v4 == last_v4 && first <= last).then_some(Self { first, last, v4 });
        }
        let range: IpRange = text.parse().ok()?;
        let (address, v4) = number(range.address());
        let width = if v4 { 32 } else { 128 };
        let host_bits = width - u32::from(range.prefix());
        let hosts = 1_u128.checked_shl(host_bits).map_or(u128::MAX, |it| it - 1);
        let (mut first, mut last) = (address & !hosts, (address & !hosts) | hosts);
        if v4 && host_bits > 1 {
            first += 1;
            last -= 1;
        }
        Some(Self { first, last, v4 })
    }

    fn count(&self) -> u128 {
        (self.last - self.first).saturating_add(1)
    }

    fn address(&self, number: u128) -> IpAddr {
        if self.v4 {
            Ipv4Addr::from_bits(number as u32).into()
        } else {
            Ipv6Addr::from_bits(number).into()
        }
    }
}

fn number(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), true),
        IpAddr::V6(address) => (address.to_bits(), false),
    }
}

impl OptionValue for LocalIps {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        Self::from_text(&text_of(value)?)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        let read = |part: &str| {
            Range::parse(part).ok_or_else(|| {
                Invalid::expected_text(
                    "addresses such as 10.0.0.5, ranges such as 10.0.0.5-10.0.0.9 and networks such as 10.0.1.0/24, with commas between them",
                    part,
                )
            })
        };
        let ranges = comma_separated(text).map(read).collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            ranges,
        })
    }

    fn to_json(&self) -> Value {
        Value::from(self.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dealt(text: &str, vus: u64) -> Vec<String> {
        let ips = LocalIps::from_text(text).unwrap();
        (1..=vus)
            .filter_map(|vu| ips.of_vu(vu))
            .map(|ip| ip.to_string())
            .collect()
    }

    #[test]
    fn addresses_are_dealt_out_in_turn() {
        assert_eq!(
            dealt("127.0.0.9, 127.0.0.2-127.0.0.3", 4),
            ["127.0.0.9", "127.0.0.2", "127.0.0.3", "127.0.0.9"]
        );
        assert_eq!(
            dealt("10.0.0.0/30", 3),
            ["10.0.0.1", "10.0.0.2", "10.0.0.1"]
        );
        assert_eq!(
            dealt("10.0.0.6/31", 3),
            ["10.0.0.6", "10.0.0.7", "10.0.0.6"]
        );
        assert_eq!(dealt("10.0.0.6/32", 2), ["10.0.0.6", "10.0.0.6"]);
        assert_eq!(
            dealt("2001:db8::/126", 5)[3..],
            ["2001:db8::3", "2001:db8::"]
        );
        assert_eq!(dealt("::/0", 2), ["::", "::1"]);
        assert!(dealt("", 2).is_empty());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "x",
            "10.0.0.9-10.0.0.1",
            "10.0.0.1-::1",
            "10.0.0.0/33",
            "10.0.0.1-",
        ] {
            assert!(LocalIps::from_text(text).is_err(), "{text}");
        }
    }
}
