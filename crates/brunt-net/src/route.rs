//! Where a host really leads: k6's options `hosts`, `blockHostnames` and `blacklistIPs`.
//!
//! Asked once per connection, never per request. The order is k6's: a host that `hosts` names is
//! not looked up and not blocked; the address is refused wherever it came from.

mod pattern;

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

pub(crate) use self::pattern::Patterns;

/// Redirections and refusals of a test.
#[derive(Debug, Default)]
pub struct Routes {
    /// By `host:port`, then by `host`.
    with_port: Patterns<Instead>,
    without_port: Patterns<Instead>,
    blocked: Patterns<()>,
    refused: Vec<IpNet>,
}

/// What is dialled instead of a host: an address, and another port if there is one.
type Instead = (IpAddr, Option<u16>);

impl Routes {
    /// No redirection, no refusal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Dials `address`, and `port` if there is one, instead of `host`: a name or `*.name`, each
    /// with `:port` or for all ports. Names are compared without regard to case, a name wins over a
    /// pattern, a longer pattern over a shorter one, and one with a port over one without.
    pub fn redirect(&mut self, host: &str, address: IpAddr, port: Option<u16>) {
        let instead = (address, port);
        match host.rsplit_once(':') {
            Some((name, wanted)) if !name.contains(':') || name.ends_with(']') => {
                let name = name.trim_start_matches('[').trim_end_matches(']');
                self.with_port.insert(&format!("{name}:{wanted}"), instead);
            }
            _ => self.without_port.insert(host, instead),
        }
    }

    /// Refuses to dial a host: a name or `*.name`, which stands for all names below it.
    pub fn block(&mut self, host: &str) {
        self.blocked.insert(host, ());
    }

    /// Refuses to dial addresses that share their first `prefix` bits with this one. A prefix that
    /// is longer than the address counts as the whole address.
    pub fn refuse(&mut self, address: IpAddr, prefix: u8) {
        let address = address.to_canonical();
        let whole = IpNet::from(address);
        let range = IpNet::new(address, prefix).unwrap_or(whole);
        self.refused.push(range);
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.with_port.is_empty()
            && self.without_port.is_empty()
            && self.blocked.is_empty()
            && self.refused.is_empty()
    }

    /// What to dial instead of looking the host up.
    pub(crate) fn instead(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let found = if self.with_port.is_empty() {
            None
        } else {
            self.with_port.get(&format!("{host}:{port}"))
        };
        let (address, other) = found.or_else(|| self.without_port.get(host))?;
        Some(SocketAddr::new(*address, other.unwrap_or(port)))
    }

    pub(crate) fn is_blocked(&self, host: &str) -> bool {
        self.blocked.get(host).is_some()
    }

    /// An IPv4 address that is mapped into IPv6 counts as itself.
    pub(crate) fn is_refused(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.refused.iter().any(|range| range.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[test]
    fn the_narrowest_rule_redirects() {
        let mut routes = Routes::new();
        routes.redirect("shop.test", ip(1), None);
        routes.redirect("Shop.test:8443", ip(2), Some(9));
        routes.redirect("*.shop.test", ip(3), Some(80));
        routes.redirect("*.eu.shop.test", ip(4), None);
        routes.redirect("*.shop.test:1", ip(5), None);
        routes.redirect("[::1]:80", ip(6), None);
        routes.redirect("::1", ip(7), None);
        for (host, port, wanted) in [
            ("shop.test", 80, Some("127.0.0.1:80")),
            ("shop.test", 8443, Some("127.0.0.2:9")),
            ("a.shop.test", 7, Some("127.0.0.3:80")),
            ("a.b.shop.test", 7, Some("127.0.0.3:80")),
            ("a.eu.shop.test", 7, Some("127.0.0.4:7")),
            ("a.shop.test", 1, Some("127.0.0.5:1")),
            ("xshop.test", 80, None),
            ("test", 80, None),
            ("::1", 80, Some("127.0.0.6:80")),
            ("::1", 81, Some("127.0.0.7:81")),
        ] {
            let found = routes.instead(host, port).map(|it| it.to_string());
            assert_eq!(found.as_deref(), wanted, "{host}:{port}");
        }
    }

    #[test]
    fn blocked_hosts_and_refused_addresses_are_known() {
        let mut routes = Routes::new();
        routes.block("*.Blocked.test");
        routes.block("exact.test");
        for (host, blocked) in [
            ("www.blocked.test", true),
            ("a.b.blocked.test.", true),
            ("blocked.test", false),
            ("exact.test", true),
            ("not.exact.test", false),
        ] {
            assert_eq!(routes.is_blocked(host), blocked, "{host}");
        }
        routes.refuse("10.0.0.0".parse().unwrap(), 8);
        assert!(routes.is_refused("10.1.2.3".parse().unwrap()));
        assert!(routes.is_refused("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!routes.is_refused("11.1.2.3".parse().unwrap()));
    }
}
