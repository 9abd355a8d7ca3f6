//! A strict receiver of OTLP metrics, by gRPC and by HTTP on the same port.
//!
//! Real collectors take what they can read and say little about the rest. This one checks every rule
//! that the specification has for what brunt sends, keeps what it got so that tests can ask for totals,
//! and plays the faults that real receivers have. It reads protobuf with code of its own.

mod fault;
mod message;
mod receive;
mod rules;
mod store;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

pub use fault::Fault;
pub use message::{Attributes, Kind};
pub use store::Totals;

use crate::certificates::{Certificates, Clients};
use crate::server::{Server, StartError};

/// What a receiver demands.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// TLS with a certificate of its own, and what it asks of clients.
    pub tls: Option<Clients>,
    /// Headers that every request must have.
    pub headers: Vec<(String, String)>,
    /// The path for HTTP; empty for `/v1/metrics`.
    pub path: String,
    /// How many bytes a message may have; 0 for 4 MiB, which is what gRPC servers take.
    pub most_bytes: usize,
    /// Requests with this attribute on any data point are refused as invalid.
    pub poison: Option<(String, String)>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether it came by gRPC.
    pub grpc: bool,
    /// The path, without a query.
    pub path: String,
    /// Header names in lower case with their values, in the order of names.
    pub headers: Vec<(String, String)>,
    /// Bytes of the body as sent.
    pub body_bytes: usize,
    /// Bytes after decompression.
    pub message_bytes: usize,
    /// How many data points it carried.
    pub points: usize,
    /// Whether it was taken.
    pub taken: bool,
    /// When it had arrived.
    pub arrived: Instant,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A running receiver; stops when dropped.
#[derive(Debug)]
pub struct Otlp {
    shared: Arc<Shared>,
    server: Mutex<Option<Server>>,
    certificates: Option<Certificates>,
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
    store: store::Store,
    requests: Vec<Request>,
    problems: Vec<String>,
    faults: std::collections::VecDeque<Fault>,
    resource: Attributes,
    scope: (String, String),
}

impl Otlp {
    /// A receiver on any free port that demands nothing beyond the specification.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(Config::default())
    }

    /// A receiver that demands what the configuration says.
    pub fn start_with(config: Config) -> Result<Self, StartError> {
        let certificates = config.tls.map(|_| Certificates::generate()).transpose()?;
        let shared = Arc::new(Shared {
            config,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let server = listen(&shared, certificates.as_ref(), 0)?;
        let address = server.address();
        Ok(Self {
            shared,
            server: Mutex::new(Some(server)),
            certificates,
            address,
        })
    }

    /// Where it listens, or did.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        if self.certificates.is_some() {
            format!("https://localhost:{}", self.address.port())
        } else {
            format!("http://{}", self.address)
        }
    }

    /// The certificates of a receiver with TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Ends every connection and refuses new ones, like a receiver that was killed. What was stored
    /// stays.
    pub fn stop(&self) {
        // Dropped outside the lock: it waits for the server's thread.
        let server = self.server.lock().take();
        drop(server);
    }

    /// Listens again on the same port after [`Self::stop`]; does nothing when it runs.
    pub fn restart(&self) -> Result<(), StartError> {
        let mut server = self.server.lock();
        if server.is_none() {
            let port = self.address.port();
            *server = Some(listen(&self.shared, self.certificates.as_ref(), port)?);
        }
        Ok(())
    }

    /// Plays this fault for the next `requests` requests with data, after those already queued.
    pub fn inject(&self, fault: &Fault, requests: usize) {
        let faults = std::iter::repeat_n(fault.clone(), requests);
        self.shared.state.lock().faults.extend(faults);
    }

    /// Plays no more faults.
    pub fn clear_faults(&self) {
        self.shared.state.lock().faults.clear();
    }

    /// What was wrong with requests so far.
    pub fn problems(&self) -> Vec<String> {
        self.shared.state.lock().problems.clone()
    }

    /// The requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().requests.clone()
    }

    /// The resource attributes of the newest request with data.
    pub fn resource(&self) -> Attributes {
        self.shared.state.lock().resource.clone()
    }

    /// Name and version of the newest request's scope.
    pub fn scope(&self) -> (String, String) {
        self.shared.state.lock().scope.clone()
    }

    /// How many data points came, and how many of them came again after an answer was lost.
    pub fn points(&self) -> (u64, u64) {
        let state = self.shared.state.lock();
        (state.store.points, state.store.repeated)
    }

    /// The names of all metrics.
    pub fn names(&self) -> Vec<String> {
        self.shared.state.lock().store.names()
    }

    /// Kind and unit of a metric.
    pub fn metric(&self, name: &str) -> Option<(Kind, String)> {
        self.shared.state.lock().store.metric(name)
    }

    /// The attributes of all series of a metric.
    pub fn attributes(&self, name: &str) -> Vec<Attributes> {
        self.shared.state.lock().store.attributes(name)
    }

    /// What the series with these attributes add up to: cumulative ones by their newest point, deltas by
    /// all of them.
    pub fn value(&self, name: &str, attributes: &[(&str, &str)]) -> Option<f64> {
        self.shared.state.lock().store.value(name, attributes)
    }

    /// What the value had come to with every point, in the order in which they came.
    pub fn values(&self, name: &str, attributes: &[(&str, &str)]) -> Vec<f64> {
        self.shared.state.lock().store.values(name, attributes)
    }

    /// What histograms with these attributes add up to, in the same way.
    pub fn totals(&self, name: &str, attributes: &[(&str, &str)]) -> Option<Totals> {
        self.shared.state.lock().store.totals(name, attributes)
    }

    /// The smallest and largest value in the newest points of histograms, as the points tell it.
    pub fn ends(&self, name: &str, attributes: &[(&str, &str)]) -> Option<(f64, f64)> {
        self.shared.state.lock().store.ends(name, attributes)
    }

    /// Start and time of every point, in nanoseconds since the Unix epoch.
    pub fn times(&self, name: &str, attributes: &[(&str, &str)]) -> Vec<(u64, u64)> {
        self.shared.state.lock().store.times(name, attributes)
    }

    /// Waits until `ready` holds, looking again after each request; false if it does not within `limit`.
    pub fn wait_until(&self, limit: Duration, mut ready: impl FnMut(&Self) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let before = self.shared.state.lock().requests.len();
            if ready(self) {
                return true;
            }
            let mut state = self.shared.state.lock();
            while state.requests.len() == before {
                let waited = self.shared.changed.wait_until(&mut state, deadline);
                if waited.timed_out() {
                    return false;
                }
            }
        }
    }
}

fn listen(
    shared: &Arc<Shared>,
    certificates: Option<&Certificates>,
    port: u16,
) -> Result<Server, StartError> {
    let tls = match (certificates, shared.config.tls) {
        (Some(certificates), Some(clients)) => {
            Some(certificates.server_config_for(clients, &["h2", "http/1.1"])?)
        }
        _ => None,
    };
    Server::start(port, Arc::clone(shared) as Arc<_>, tls)
}
