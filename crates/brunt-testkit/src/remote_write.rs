//! A strict receiver of remote write 1.0 and 2.0 that remembers everything and answers queries.
//!
//! Prometheus lets much pass that the specification forbids, and cannot be told to fail. This one
//! refuses with 400 and a reason, keeps the reason as a [`Violation`] (an output that shrugs off a
//! 400 must not pass a test), plays faults, and keeps a journal of what came when.

mod fault;
mod histogram;
mod journal;
mod message;
mod query;
mod receive;
mod rules;
mod speaks;
mod store;
mod two;

use crate::wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

pub use fault::Fault;
pub use histogram::{MAX_BUCKETS, NativeHistogram};
pub use journal::JournalEntry;
pub use message::{Buckets, Exemplar, Histogram, Metadata, Sample, TimeSeries, WriteRequest};
pub use rules::{Rule, STALE_NAN, Violation};
pub use speaks::Speaks;
pub use store::{StoredSeries, Value};
pub use wire::WireError;

use crate::server::{Server, StartError};

/// What a receiver demands beyond the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The loopback port; 0 takes any free one.
    pub port: u16,
    /// The tenant that `X-Scope-OrgID` must name.
    pub tenant: Option<String>,
    /// User and password that basic authentication must carry.
    pub basic_auth: Option<(String, String)>,
    /// The bearer token that must be sent.
    pub bearer_token: Option<String>,
    /// Which versions it understands, and how it answers to the other one.
    pub speaks: Speaks,
    /// Whether it stores the good series of a request and refuses the others, as Mimir does, instead
    /// of taking a request whole or not at all, as Prometheus does.
    pub partial: bool,
    /// Whether it says that it has written histograms; a tenant of Mimir's without native histograms
    /// drops them without an error.
    pub histograms: bool,
    /// How far from now the time of a sample may be, in either direction; `None`: any time.
    pub clock: Option<Duration>,
    /// How many bytes a body may have, compressed or not.
    pub max_body: usize,
    /// How many samples are kept; what comes after is refused.
    pub max_samples: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            tenant: None,
            basic_auth: None,
            bearer_token: None,
            speaks: Speaks::Both,
            partial: false,
            histograms: true,
            clock: None,
            max_body: 64 << 20,
            max_samples: 10_000_000,
        }
    }
}

/// A running receiver; stops when dropped.
///
/// Beside `POST /api/v1/write` and `/api/v1/push` (Mimir's) it serves `GET` and `POST
/// /api/v1/query` for a small part of `PromQL` (see [`RemoteWrite::query`]) and `/-/ready`.
#[derive(Debug)]
pub struct RemoteWrite {
    shared: Arc<Shared>,
    server: Mutex<Option<Server>>,
    tls: Option<Arc<rustls::ServerConfig>>,
    address: SocketAddr,
}

/// What handle and server share.
#[derive(Debug)]
struct Shared {
    config: Config,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    at_once: u64,
    most_at_once: u64,
    poison: Option<Poison>,
    /// Hashes of bodies that were refused for good.
    refused: std::collections::HashSet<u64>,
    store: store::Store,
    journal: journal::Journal,
    faults: fault::Faults,
}

/// Series that are refused on command.
#[derive(Debug, Clone)]
struct Poison {
    label: String,
    value: String,
    status: u16,
}

impl RemoteWrite {
    /// A receiver on any free port that demands nothing beyond the specification.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(Config::default())
    }

    /// A receiver that demands what the configuration says.
    pub fn start_with(config: Config) -> Result<Self, StartError> {
        Self::start_tls(config, None)
    }

    /// The same behind TLS; [`Certificates`](crate::certificates::Certificates) make what it takes.
    pub fn start_tls(
        config: Config,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Result<Self, StartError> {
        let port = config.port;
        let state = Mutex::default();
        let shared = Arc::new(Shared {
            config,
            state,
            changed: Condvar::new(),
        });
        let server = Server::start(port, Arc::clone(&shared) as Arc<_>, tls.clone())?;
        let address = server.address();
        Ok(Self {
            shared,
            server: Mutex::new(Some(server)),
            tls,
            address,
        })
    }

    /// Where it listens (or did, while it is stopped).
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL to write to: `http://127.0.0.1:PORT/api/v1/write`.
    pub fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    /// Ends every connection and refuses new ones, like a receiver that was killed. What was
    /// stored stays.
    pub fn stop(&self) {
        // Dropped outside the lock: it waits for the server's thread.
        let server = self.server.lock().take();
        drop(server);
    }

    /// Listens again on the same port after [`Self::stop`]; does nothing when it runs.
    pub fn restart(&self) -> Result<(), StartError> {
        let mut server = self.server.lock();
        if server.is_none() {
            let service = Arc::clone(&self.shared) as Arc<_>;
            *server = Some(Server::start(
                self.address.port(),
                service,
                self.tls.clone(),
            )?);
        }
        Ok(())
    }

    /// Plays this fault for the next `requests` requests, after the faults already queued.
    pub fn inject(&self, fault: Fault, requests: u64) {
        self.shared.state.lock().faults.add(fault, requests);
    }

    /// From now on refuses every request with a series that has this label, with this status: 500 as
    /// Prometheus does it for what it will never take. That is no violation.
    pub fn poison(&self, label: &str, value: &str, status: u16) {
        self.shared.state.lock().poison = Some(Poison {
            label: label.to_owned(),
            value: value.to_owned(),
            status,
        });
    }

    /// Forgets the faults that are still to come.
    pub fn clear_faults(&self) {
        self.shared.state.lock().faults.clear();
    }

    /// How many requests will still meet a fault.
    pub fn faults_left(&self) -> u64 {
        self.shared.state.lock().faults.left()
    }

    /// The rules that were broken so far, the first 10 000 of them.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.state.lock().journal.violations().to_vec()
    }

    /// The requests so far in the order of their arrival, the last 100 000 of them.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.shared.state.lock().journal.entries()
    }

    /// How many requests have been answered (or deliberately not answered).
    pub fn requests(&self) -> u64 {
        self.shared.state.lock().journal.count()
    }

    /// How many requests were under way at the same time at most.
    pub fn most_at_once(&self) -> u64 {
        self.shared.state.lock().most_at_once
    }

    /// How many samples are stored: floats, histograms and stale markers.
    pub fn samples(&self) -> usize {
        self.shared.state.lock().store.samples
    }

    /// How many samples came again after [`Fault::CloseAfterStore`].
    pub fn repeated_samples(&self) -> usize {
        self.shared.state.lock().store.repeated
    }

    /// Waits until `ready` holds, looking again whenever a request was handled; false if it does
    /// not within `limit`.
    pub fn wait_until(&self, limit: Duration, mut ready: impl FnMut(&Self) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let before = self.requests();
            if ready(self) {
                return true;
            }
            let mut state = self.shared.state.lock();
            while state.journal.count() == before {
                if self
                    .shared
                    .changed
                    .wait_until(&mut state, deadline)
                    .timed_out()
                {
                    drop(state);
                    return ready(self);
                }
            }
        }
    }

    /// The series of this name that have these labels (among others; `""` for a label that must
    /// be absent), with all their samples.
    pub fn series(&self, name: &str, labels: &[(&str, &str)]) -> Vec<StoredSeries> {
        let state = self.shared.state.lock();
        state
            .store
            .series()
            .iter()
            .filter(|s| s.matches(name, labels))
            .cloned()
            .collect()
    }

    /// All series.
    pub fn all_series(&self) -> Vec<StoredSeries> {
        self.shared.state.lock().store.series().to_vec()
    }

    /// The names of all metrics, sorted.
    pub fn names(&self) -> Vec<String> {
        let state = self.shared.state.lock();
        let mut names: Vec<_> = state
            .store
            .series()
            .iter()
            .map(|series| series.name().to_owned())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The newest float over the matching series (stale markers aside).
    pub fn last(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let newest = self
            .lasts(name, labels, float)
            .into_iter()
            .max_by_key(|(time, _)| *time)?;
        Some(newest.1)
    }

    /// The sum of the last floats of the matching series (stale markers aside); `None` without any.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let values = self.lasts(name, labels, float);
        (!values.is_empty()).then(|| values.iter().map(|(_, value)| value).sum())
    }

    /// The last histograms of the matching series, merged; `None` without any.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<NativeHistogram> {
        let values = self.lasts(name, labels, |value| match value {
            Value::Histogram(histogram) => Some(Arc::clone(histogram)),
            _ => None,
        });
        let mut histograms = values.into_iter().map(|(_, histogram)| histogram);
        let first = NativeHistogram::clone(&*histograms.next()?);
        Some(histograms.fold(first, |sum, histogram| sum.merged(&histogram)))
    }

    /// The times of all samples of the matching series in milliseconds since 1970, ascending.
    pub fn times(&self, name: &str, labels: &[(&str, &str)]) -> Vec<i64> {
        let mut times: Vec<_> = self
            .series(name, labels)
            .iter()
            .flat_map(|series| series.samples.iter().map(|(time, _)| *time))
            .collect();
        times.sort_unstable();
        times
    }

    /// Whether there are matching series and each has ended with a stale marker.
    pub fn all_stale(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        let series = self.series(name, labels);
        !series.is_empty() && series.iter().all(StoredSeries::is_stale)
    }

    /// What was sent as metadata of a metric family.
    pub fn metadata(&self, family: &str) -> Option<Metadata> {
        self.shared.state.lock().store.metadata.get(family).cloned()
    }

    /// Evaluates an expression now, as `/api/v1/query` does; the error explains what is wrong.
    ///
    /// Known are selectors with `=` and `!=`; `sum`, `min`, `max`, `count` over everything;
    /// `last_over_time(SELECTOR[RANGE])`; `histogram_count`, `histogram_sum` and
    /// `histogram_quantile(Q, …)`.
    pub fn query(&self, expression: &str) -> Result<Vec<crate::client::QueryResult>, String> {
        let now = store::now_ms();
        let state = self.shared.state.lock();
        let elements = query::evaluate(expression, state.store.series(), now)?;
        Ok(elements
            .into_iter()
            .map(|element| element.into_result(now))
            .collect())
    }

    fn lasts<T>(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        pick: impl Fn(&Value) -> Option<T>,
    ) -> Vec<(i64, T)> {
        let state = self.shared.state.lock();
        let matching = state
            .store
            .series()
            .iter()
            .filter(|series| series.matches(name, labels));
        let lasts = matching.filter_map(StoredSeries::last);
        lasts
            .filter_map(|(time, value)| Some((time, pick(value)?)))
            .collect()
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        _ => None,
    }
}
