//! Names to addresses: the system's resolver behind a cache that all virtual users share.
//!
//! Not a resolver of our own: `/etc/hosts`, search domains and NSS modules then work as the user
//! knows them. It runs only when a connection is opened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

use crate::clock;
use crate::error::NetError;

/// Names that are kept at most.
const CAPACITY: usize = 10_000;

/// Which of several addresses is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DnsSelect {
    /// Always the first.
    First,
    /// Any.
    #[default]
    Random,
    /// One after the other.
    RoundRobin,
}

/// Which family of addresses is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DnsPolicy {
    /// IPv4 where there is one.
    #[default]
    PreferIpv4,
    /// IPv6 where there is one.
    PreferIpv6,
    /// Never IPv6.
    OnlyIpv4,
    /// Never IPv4.
    OnlyIpv6,
    /// Both alike.
    Any,
}

/// k6's option `dns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsSettings {
    /// How long an answer serves: zero looks up every time, `Duration::MAX` once.
    pub ttl: Duration,
    /// Which of several addresses is used.
    pub select: DnsSelect,
    /// Which family of addresses is used.
    pub policy: DnsPolicy,
}

impl Default for DnsSettings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_mins(5),
            select: DnsSelect::default(),
            policy: DnsPolicy::default(),
        }
    }
}

/// Looks names up.
#[derive(Debug, Default)]
pub struct Resolver {
    settings: DnsSettings,
    cache: Mutex<FxHashMap<String, Entry>>,
    /// Names that are being looked up: whoever else needs one waits for the answer, so that a
    /// thousand virtual users that start at once ask once.
    running: Mutex<FxHashMap<String, Arc<OnceCell<Found>>>>,
    /// For answers that are not kept.
    turn: AtomicU64,
}

type Found = Result<Arc<Answer>, NetError>;

#[derive(Debug)]
struct Entry {
    answer: Arc<Answer>,
    expires: i64,
}

/// Addresses of a name, with the turn of its own that it is at.
#[derive(Debug)]
struct Answer {
    addresses: Vec<IpAddr>,
    turn: AtomicU64,
}

impl Resolver {
    /// A resolver with an empty cache.
    pub fn new(settings: DnsSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// The address to connect to for a host name or an IP address (without brackets).
    pub async fn resolve(&self, host: &str) -> Result<IpAddr, NetError> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        if host == "localhost" {
            return Ok(self.localhost());
        }
        let answer = match self.cached(host) {
            Some(answer) => answer,
            None if self.settings.ttl.is_zero() => self.look_up(host).await?,
            None => self.look_up_once(host).await?,
        };
        // Without a memory of the name its turns are those of all names.
        let turn = if self.settings.ttl.is_zero() {
            &self.turn
        } else {
            &answer.turn
        };
        self.select(&answer.addresses, turn)
            .ok_or(NetError::NoSuchHost)
    }

    /// Looks a name up, or waits for who is doing that already; all get the same answer. If the
    /// one who asks gives up, the next one asks.
    async fn look_up_once(&self, host: &str) -> Result<Arc<Answer>, NetError> {
        let shared = Arc::clone(self.running.lock().entry(host.to_owned()).or_default());
        let answer = shared.get_or_init(|| self.look_up(host)).await.clone();
        let mut running = self.running.lock();
        if running
            .get(host)
            .is_some_and(|current| Arc::ptr_eq(current, &shared))
        {
            running.remove(host);
        }
        answer
    }

    fn localhost(&self) -> IpAddr {
        match self.settings.policy {
            DnsPolicy::PreferIpv6 | DnsPolicy::OnlyIpv6 => Ipv6Addr::LOCALHOST.into(),
            DnsPolicy::PreferIpv4 | DnsPolicy::OnlyIpv4 | DnsPolicy::Any => {
                Ipv4Addr::LOCALHOST.into()
            }
        }
    }

    fn cached(&self, host: &str) -> Option<Arc<Answer>> {
        let cache = self.cache.lock();
        let entry = cache.get(host)?;
        (clock::now() < entry.expires).then(|| Arc::clone(&entry.answer))
    }

    async fn look_up(&self, host: &str) -> Result<Arc<Answer>, NetError> {
        let found = tokio::net::lookup_host((host, 0)).await.map_err(|error| {
            // getaddrinfo's own codes reach us as text only: EAI_NONAME and EAI_NODATA.
            let text = error.to_string();
            let unknown = [
                "Name or service not known",
                "No address associated with hostname",
            ];
            if unknown.iter().any(|known| text.contains(known)) {
                NetError::NoSuchHost
            } else {
                NetError::Lookup(text)
            }
        })?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        let answer = Arc::new(Answer {
            addresses,
            turn: AtomicU64::new(0),
        });
        if !self.settings.ttl.is_zero() {
            let ttl = i64::try_from(self.settings.ttl.as_nanos()).unwrap_or(i64::MAX);
            let expires = clock::now().saturating_add(ttl);
            let mut cache = self.cache.lock();
            if cache.len() >= CAPACITY {
                cache.clear();
            }
            cache.insert(
                host.to_owned(),
                Entry {
                    answer: Arc::clone(&answer),
                    expires,
                },
            );
        }
        Ok(answer)
    }

    fn select(&self, addresses: &[IpAddr], turn: &AtomicU64) -> Option<IpAddr> {
        let has = |v4: bool| addresses.iter().any(|address| address.is_ipv4() == v4);
        let family = match self.settings.policy {
            DnsPolicy::PreferIpv4 => Some(has(true)),
            DnsPolicy::PreferIpv6 => Some(!has(false)),
            DnsPolicy::OnlyIpv4 => Some(true),
            DnsPolicy::OnlyIpv6 => Some(false),
            DnsPolicy::Any => None,
        };
        let fits = |address: &&IpAddr| family.is_none_or(|v4| address.is_ipv4() == v4);
        let count = addresses.iter().filter(fits).count() as u64;
        if count == 0 {
            return None;
        }
        let turn = match self.settings.select {
            DnsSelect::First => 0,
            DnsSelect::RoundRobin => turn.fetch_add(1, Ordering::Relaxed) % count,
            // A hash of a counter is random enough to spread connections, and needs no state.
            DnsSelect::Random => mix(turn.fetch_add(1, Ordering::Relaxed)) % count,
        };
        addresses.iter().filter(fits).nth(turn as usize).copied()
    }
}

/// The finaliser of splitmix64, seeded with the clock.
fn mix(turn: u64) -> u64 {
    let mut z = turn
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(clock::now() as u64);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Vec<IpAddr> {
        ["::1", "10.0.0.1", "10.0.0.2"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect()
    }

    fn picks(select: DnsSelect, policy: DnsPolicy) -> Vec<String> {
        let resolver = Resolver::new(DnsSettings {
            select,
            policy,
            ..DnsSettings::default()
        });
        (0..4)
            .filter_map(|_| resolver.select(&addresses(), &resolver.turn))
            .map(|it| it.to_string())
            .collect()
    }

    #[test]
    fn policies_choose_the_family_and_selection_the_address() {
        use DnsPolicy as P;
        use DnsSelect as S;
        assert_eq!(picks(S::First, P::PreferIpv4)[0], "10.0.0.1");
        assert_eq!(picks(S::First, P::PreferIpv6)[0], "::1");
        assert_eq!(picks(S::First, P::Any)[0], "::1");
        let turns = ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"];
        assert_eq!(picks(S::RoundRobin, P::OnlyIpv4), turns);
        assert!(picks(S::Random, P::OnlyIpv6).iter().all(|it| it == "::1"));
        let resolver = Resolver::new(DnsSettings {
            policy: P::OnlyIpv6,
            ..DnsSettings::default()
        });
        assert_eq!(
            resolver.select(&["10.0.0.1".parse().unwrap()], &resolver.turn),
            None
        );
    }

    #[test]
    fn random_selection_reaches_every_address() {
        let resolver = Resolver::default();
        let mut seen: Vec<IpAddr> = (0..200)
            .filter_map(|_| resolver.select(&addresses(), &resolver.turn))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn literals_and_localhost_need_no_look_up() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let resolver = Resolver::default();
        for (host, address) in [
            ("127.0.0.9", "127.0.0.9"),
            ("::1", "::1"),
            ("localhost", "127.0.0.1"),
        ] {
            let found = runtime.block_on(resolver.resolve(host)).unwrap();
            assert_eq!(found.to_string(), address);
        }
    }

    #[test]
    fn an_answer_serves_until_it_expires() {
        let resolver = Resolver::default();
        let entry = |expires| Entry {
            answer: Arc::new(Answer {
                addresses: addresses(),
                turn: AtomicU64::new(0),
            }),
            expires,
        };
        resolver
            .cache
            .lock()
            .insert("old".to_owned(), entry(clock::now() - 1));
        resolver
            .cache
            .lock()
            .insert("new".to_owned(), entry(i64::MAX));
        assert!(resolver.cached("old").is_none());
        assert_eq!(resolver.cached("new").unwrap().addresses.len(), 3);
    }
}
