//! What a worker's virtual users have resolved before: slots by what was measured, targets by URL.
//! So that the usual sample is one look-up and no allocation.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::rc::Rc;

use brunt_bus::Slot;
use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::http::Targets;
use crate::tags::TagNumbers;

/// Entries of a cache; a script with more distinct URLs than this makes it start anew.
const LIMIT: usize = 8192;

/// The caches of one worker.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    pub(crate) numbers: Rc<RefCell<TagNumbers>>,
    pub(crate) targets: RefCell<Targets>,
    pub(crate) http: RefCell<HttpCache>,
    pub(crate) slots: RefCell<NamedCache<Option<Slot>>>,
}

/// What decides the tags of a request's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct HttpKey<'a> {
    pub(crate) context: u64,
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) tags: &'a [(String, String)],
    pub(crate) status: u16,
    pub(crate) proto: &'static str,
    pub(crate) tls_version: &'static str,
    pub(crate) ocsp_status: &'static str,
    pub(crate) error_code: u32,
    pub(crate) error: &'a str,
    pub(crate) expected: Option<bool>,
    pub(crate) ip: Option<IpAddr>,
}

/// The slots of the nine HTTP metrics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpSlots {
    /// Of the metrics that every exchange has, in the order in which they are emitted.
    pub(crate) always: [Slot; 8],
    /// `None` when no callback judges the response.
    pub(crate) failed: Option<Slot>,
}

#[derive(Debug)]
struct HttpEntry {
    context: u64,
    method: Box<str>,
    url: Box<str>,
    tags: Box<[(String, String)]>,
    status: u16,
    proto: &'static str,
    tls_version: &'static str,
    ocsp_status: &'static str,
    error_code: u32,
    error: Box<str>,
    expected: Option<bool>,
    ip: Option<IpAddr>,
    slots: HttpSlots,
}

impl HttpEntry {
    fn key(&self) -> HttpKey<'_> {
        HttpKey {
            context: self.context,
            method: &self.method,
            url: &self.url,
            tags: &self.tags,
            status: self.status,
            proto: self.proto,
            tls_version: self.tls_version,
            ocsp_status: self.ocsp_status,
            error_code: self.error_code,
            error: &self.error,
            expected: self.expected,
            ip: self.ip,
        }
    }
}

fn hash(key: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Requests seen before.
#[derive(Debug, Default)]
pub(crate) struct HttpCache(HashTable<HttpEntry>);

impl HttpCache {
    pub(crate) fn get(&self, key: &HttpKey<'_>) -> Option<HttpSlots> {
        self.0
            .find(hash(key), |entry| entry.key() == *key)
            .map(|entry| entry.slots)
    }

    pub(crate) fn insert(&mut self, key: &HttpKey<'_>, slots: HttpSlots) {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        let entry = HttpEntry {
            context: key.context,
            method: key.method.into(),
            url: key.url.into(),
            tags: key.tags.into(),
            status: key.status,
            proto: key.proto,
            tls_version: key.tls_version,
            ocsp_status: key.ocsp_status,
            error_code: key.error_code,
            error: key.error.into(),
            expected: key.expected,
            ip: key.ip,
            slots,
        };
        self.0
            .insert_unique(hash(key), entry, |entry| hash(&entry.key()));
    }
}

/// Something simple seen before: a tag context with a text and call tags.
#[derive(Debug)]
struct NamedEntry<T> {
    context: u64,
    name: Box<str>,
    tags: Box<[(String, String)]>,
    value: T,
}

/// Samples of custom metrics seen before.
#[derive(Debug)]
pub(crate) struct NamedCache<T>(HashTable<NamedEntry<T>>);

impl<T> Default for NamedCache<T> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

impl<T: Clone> NamedCache<T> {
    pub(crate) fn get(&self, context: u64, name: &str, tags: &[(String, String)]) -> Option<T> {
        let found = self.0.find(hash(&(context, name, tags)), |entry| {
            entry.context == context && *entry.name == *name && *entry.tags == *tags
        });
        found.map(|entry| entry.value.clone())
    }

    pub(crate) fn insert(&mut self, context: u64, name: &str, tags: &[(String, String)], value: T) {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        let entry = NamedEntry {
            context,
            name: name.into(),
            tags: tags.into(),
            value,
        };
        self.0
            .insert_unique(hash(&(context, name, tags)), entry, |entry| {
                hash(&(entry.context, &*entry.name, &*entry.tags))
            });
    }
}
