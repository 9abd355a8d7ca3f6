//! A virtual user's cookies and who gets which (RFC 6265, without a list of public suffixes, as in
//! k6).
//!
//! Not the crate `cookie_store`: it gives cookies in no order where section 5.4 wants one, has no
//! bound, and needs each URL parsed a second time, by browsers' rules.

use std::cell::RefCell;
use std::net::IpAddr;

use brunt_net::{Scheme, Target};

use crate::http::cookies::Cookie;

/// Cookies that a jar holds (RFC 6265, section 6.1, asks for so many).
const MOST: usize = 3000;
/// Bytes of names, values, domains and paths that a jar holds.
const MOST_BYTES: usize = 1 << 20;

/// Where a request goes, as far as cookies care.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'a> {
    /// In lower case.
    pub(crate) host: &'a str,
    /// Begins with a slash, has no query.
    pub(crate) path: &'a str,
    pub(crate) secure: bool,
}

impl<'a> Site<'a> {
    pub(crate) fn of(target: &'a Target) -> Self {
        let path = target.path_and_query();
        Self {
            host: target.host(),
            path: path.split('?').next().unwrap_or(path),
            secure: target.scheme() == Scheme::Https,
        }
    }
}

/// A cookie that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    /// Milliseconds since the Unix epoch.
    expires: Option<i64>,
}

impl Entry {
    fn size(&self) -> usize {
        self.name.len() + self.value.len() + self.domain.len() + self.path.len()
    }

    fn is_for(&self, site: Site<'_>) -> bool {
        let host =
            self.domain == site.host || (!self.host_only && is_subdomain(site.host, &self.domain));
        host && (site.secure || !self.secure) && path_matches(site.path, &self.path)
    }

    fn is_alive(&self, now: i64) -> bool {
        self.expires.is_none_or(|at| at > now)
    }
}

/// Cookies in the order in which they came. Times are milliseconds since the Unix epoch.
#[derive(Debug, Default)]
pub(crate) struct Jar(RefCell<Vec<Entry>>);

impl Jar {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Keeps what `site` sets (section 5.3); what it may not set is ignored.
    pub(crate) fn store(&self, site: Site<'_>, cookie: &Cookie, now: i64) {
        let Some((domain, host_only)) = domain_of(site.host, &cookie.domain) else {
            return;
        };
        let path = if cookie.path.starts_with('/') {
            cookie.path.as_str()
        } else {
            default_path(site.path)
        };
        let entry = Entry {
            name: cookie.name.clone(),
            value: cookie.value.clone(),
            domain,
            host_only,
            path: path.to_owned(),
            secure: cookie.secure,
            expires: match cookie.max_age {
                0 => cookie.expires,
                age if age < 0 => Some(i64::MIN),
                age => Some(now.saturating_add(age.saturating_mul(1000))),
            },
        };
        let mut all = self.0.borrow_mut();
        let known = all.iter().position(|it| {
            it.name == entry.name && it.domain == entry.domain && it.path == entry.path
        });
        match (known, entry.is_alive(now)) {
            (Some(at), true) => all[at] = entry,
            (Some(at), false) => drop(all.remove(at)),
            (None, true) => all.push(entry),
            (None, false) => return,
        }
        let mut bytes: usize = all.iter().map(Entry::size).sum();
        while all.len() > MOST || bytes > MOST_BYTES {
            bytes -= all.remove(0).size();
        }
    }

    /// Visits names and values for `site`: longer paths first, then older ones (section 5.4).
    pub(crate) fn visit(&self, site: Site<'_>, now: i64, mut visit: impl FnMut(&str, &str)) {
        let mut all = self.0.borrow_mut();
        all.retain(|entry| entry.is_alive(now));
        let mut found: Vec<&Entry> = all.iter().filter(|it| it.is_for(site)).collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.path.len()));
        for entry in found {
            visit(&entry.name, &entry.value);
        }
    }

    /// Forgets what would be sent to `site`, or only the cookie of that name.
    pub(crate) fn remove(&self, site: Site<'_>, name: Option<&str>) {
        self.0
            .borrow_mut()
            .retain(|entry| !(entry.is_for(site) && name.is_none_or(|name| name == entry.name)));
    }
}

/// A cookie's domain and whether it is for that host only; `None` if the host may not set it.
fn domain_of(host: &str, attribute: &str) -> Option<(String, bool)> {
    let domain = attribute.strip_prefix('.').unwrap_or(attribute);
    let domain = domain.to_ascii_lowercase();
    if attribute.is_empty() {
        return Some((host.to_owned(), true));
    }
    if host.parse::<IpAddr>().is_ok() {
        return (domain == host).then_some((domain, true));
    }
    let malformed = domain.is_empty() || domain.starts_with('.') || domain.ends_with('.');
    let covers = domain == host || is_subdomain(host, &domain);
    (!malformed && covers).then_some((domain, false))
}

/// Section 5.1.3, for a domain that is another one than the host.
pub(crate) fn is_subdomain(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|front| front.ends_with('.'))
        && host.parse::<IpAddr>().is_err()
}

/// Section 5.1.4: the directory of the path.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// Section 5.1.4.
fn path_matches(path: &str, cookie: &str) -> bool {
    match path.strip_prefix(cookie) {
        Some(rest) => rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

pub(crate) mod fuzzing {
    //! The jar as fuzzing sees it.

    use super::{Cookie, Entry, Jar, MOST, MOST_BYTES, Site};
    use crate::http::cookies::header_value;

    /// See [`crate::fuzzing::cookies`].
    pub(crate) fn round_trip<'a>(headers: impl IntoIterator<Item = &'a str>) -> (String, usize) {
        let (jar, site) = (
            Jar::default(),
            Site {
                host: "a.test",
                path: "/b/c",
                secure: true,
            },
        );
        for header in headers {
            if let Some(cookie) = Cookie::parse(header) {
                jar.store(site, &cookie, 0);
            }
        }
        let mut sent = String::new();
        jar.visit(site, 0, |name, value| {
            if !sent.is_empty() {
                sent.push_str("; ");
            }
            sent.push_str(&header_value(name, value));
        });
        let all = jar.0.borrow();
        let bytes = all.iter().map(Entry::size).sum();
        debug_assert!(all.len() <= MOST && bytes <= MOST_BYTES);
        (sent, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(host: &'static str, path: &'static str) -> Site<'static> {
        Site {
            host,
            path,
            secure: false,
        }
    }

    fn sent(jar: &Jar, site: Site<'_>, now: i64) -> String {
        let mut all = Vec::new();
        jar.visit(site, now, |name, value| all.push(format!("{name}={value}")));
        all.join("; ")
    }

    fn store(jar: &Jar, site: Site<'_>, header: &str, now: i64) {
        jar.store(site, &Cookie::parse(header).unwrap(), now);
    }

    #[test]
    fn a_cookie_goes_to_the_hosts_that_its_domain_covers() {
        // Who sets it, its domain, who asks, whether it is sent.
        let rows = [
            ("shop.test", "", "shop.test", true),
            ("shop.test", "", "www.shop.test", false),
            ("www.shop.test", "shop.test", "shop.test", true),
            ("www.shop.test", ".Shop.TEST", "api.shop.test", true),
            ("www.shop.test", "shop.test", "notshop.test", false),
            ("shop.test", "other.test", "other.test", false),
            ("shop.test", "www.shop.test", "www.shop.test", false),
            ("shop.test", "shop.test.", "shop.test", false),
            // No list of public suffixes.
            ("shop.test", "test", "else.test", true),
            ("127.0.0.1", "127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "0.0.1", "127.0.0.1", false),
            ("1.127.0.0.1", "127.0.0.1", "1.127.0.0.1", true),
        ];
        for (setter, domain, asker, wanted) in rows {
            let jar = Jar::default();
            store(&jar, site(setter, "/"), &format!("a=b; domain={domain}"), 0);
            let got = !sent(&jar, site(asker, "/"), 0).is_empty();
            assert_eq!(got, wanted, "{setter} sets {domain}, {asker} asks");
        }
    }

    #[test]
    fn a_cookie_goes_to_the_paths_below_its_own() {
        let rows = [
            ("/", "/a", true),
            ("/a", "/a", true),
            ("/a", "/a/b", true),
            ("/a/", "/a/b", true),
            ("/a", "/ab", false),
            ("/a/", "/a", false),
        ];
        for (path, asked, wanted) in rows {
            let jar = Jar::default();
            store(&jar, site("h", "/x/y"), &format!("a=b; path={path}"), 0);
            let got = !sent(&jar, site("h", asked), 0).is_empty();
            assert_eq!(got, wanted, "{path} for {asked}");
        }
        let jar = Jar::default();
        store(&jar, site("h", "/dir/page"), "a=b", 0);
        store(&jar, site("h", "/page"), "c=d; path=relative", 0);
        assert_eq!(sent(&jar, site("h", "/dir/other"), 0), "a=b; c=d");
        assert_eq!(sent(&jar, site("h", "/other"), 0), "c=d");
    }

    #[test]
    fn longer_paths_go_first_and_then_older_cookies() {
        let jar = Jar::default();
        let at = site("h", "/a/b");
        for header in [
            "one=1; path=/",
            "two=2; path=/",
            "deep=3; path=/a/b",
            "mid=4; path=/a",
        ] {
            store(&jar, at, header, 0);
        }
        store(&jar, at, "one=new; path=/", 0);
        assert_eq!(sent(&jar, at, 0), "deep=3; mid=4; one=new; two=2");
    }

    #[test]
    fn cookies_end_when_they_say() {
        let jar = Jar::default();
        let at = site("h", "/");
        store(
            &jar,
            at,
            "age=1; max-age=10; expires=Wed, 21 Oct 2015 07:28:00 GMT",
            5_000,
        );
        store(
            &jar,
            at,
            "old=1; expires=Wed, 21 Oct 2015 07:28:00 GMT",
            1_445_412_480_001,
        );
        store(&jar, at, "gone=1", 5_000);
        store(&jar, at, "gone=1; max-age=0", 5_000);
        assert_eq!(sent(&jar, at, 14_999), "age=1");
        assert_eq!(sent(&jar, at, 15_000), "");
        assert!(jar.is_empty());
    }

    #[test]
    fn secure_cookies_go_over_tls_only() {
        let jar = Jar::default();
        store(&jar, site("h", "/"), "a=b; secure", 0);
        assert_eq!(sent(&jar, site("h", "/"), 0), "");
        let tls = Site {
            secure: true,
            ..site("h", "/")
        };
        assert_eq!(sent(&jar, tls, 0), "a=b");
    }

    #[test]
    fn a_jar_is_bounded_and_forgets_the_oldest() {
        let jar = Jar::default();
        let at = site("h", "/");
        for n in 0..MOST + 10 {
            store(&jar, at, &format!("n{n}=x"), 0);
        }
        assert_eq!(jar.0.borrow().len(), MOST);
        assert_eq!(jar.0.borrow()[0].name, "n10");
        for n in 0..20 {
            store(&jar, at, &format!("big{n}={}", "v".repeat(100_000)), 0);
        }
        let bytes: usize = jar.0.borrow().iter().map(Entry::size).sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
    }

    #[test]
    fn what_a_site_would_get_can_be_removed() {
        let jar = Jar::default();
        for header in ["a=1; path=/", "b=2; path=/", "far=3; path=/elsewhere"] {
            store(&jar, site("h", "/"), header, 0);
        }
        jar.remove(site("h", "/"), Some("a"));
        assert_eq!(sent(&jar, site("h", "/elsewhere"), 0), "far=3; b=2");
        jar.remove(site("h", "/"), None);
        assert_eq!(sent(&jar, site("h", "/elsewhere"), 0), "far=3");
    }
}
