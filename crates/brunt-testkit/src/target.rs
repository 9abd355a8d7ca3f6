//! An HTTP server for scripts to load: HTTP/1.1 over TCP, or TLS with HTTP/2 and HTTP/1.1.
//!
//! It counts connections and requests, which no packaged test server tells, so that a test can
//! assert that connections are kept alive, and it misbehaves on request (closes inside a body,
//! drips, sends huge headers). For sheer speed the benches use nginx instead.

mod routes;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::Request;
use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::sync::Barrier;

use crate::certificates::Certificates;
use crate::server::{Answer, Server, Service, StartError};

/// Different paths beyond this many are counted together, under `*`.
const MAX_PATHS: usize = 65_536;
/// Arrivals that are remembered: the first ones.
const MAX_ARRIVALS: usize = 65_536;
/// Requests that may have to meet.
const MAX_MEETING: usize = 1024;

/// A running target; stops when dropped.
///
/// | route | answer |
/// |---|---|
/// | `/` | 200, `ok` |
/// | `/status/CODE` | that status, empty body |
/// | `/delay/MS` | 200 after so many milliseconds (at most 60 000) |
/// | `/bytes/N` | N bytes of `x` (at most 64 MiB) |
/// | `/json` | a JSON object with text, number, list, nesting and `null` |
/// | `/echo` | method, path, query, protocol, headers and body as JSON |
/// | `/headers` | the request's headers as JSON |
/// | `/drip?n=N&ms=MS` | N bytes, one each MS milliseconds (defaults 5 and 20), chunked |
/// | `/chunked` | three chunks without a length |
/// | `/close` | promises 1 000 bytes, closes after 10 |
/// | `/reset` | closes without any answer |
/// | `/big-headers?n=N&bytes=B` | N headers of B bytes (defaults 20 and 400) |
/// | `/gzip`, `/deflate` | a JSON object, compressed |
/// | `/redirect/N` | N redirects (302), the last one to `/` |
/// | `/basic-auth/USER/PASSWORD` | 401 with a challenge, 200 for these credentials |
/// | `/meet/N` | 200 once N requests of this path are there: nobody is answered before (N to 1 024) |
/// | `/cookies?NAME=VALUE;ATTRIBUTES&…` | sets these cookies as they are (percent-decoded) |
/// | `/to?url=URL&status=STATUS` | a redirect there (302), percent-decoded |
/// | `/page?html=HTML` | this page, percent-decoded |
/// | `/set-cookie?NAME=VALUE` | sets these cookies; `/echo` shows what comes back |
///
/// Anything else is 404.
#[derive(Debug)]
pub struct Target {
    server: Server,
    counts: Arc<Counts>,
    certificates: Option<Certificates>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
    paths: Mutex<HashMap<String, u64>>,
    /// Requests that are being answered.
    open: AtomicU64,
    most_open: AtomicU64,
    arrivals: Mutex<Vec<Arrival>>,
    meetings: Mutex<HashMap<usize, Arc<Barrier>>>,
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its path and query.
    pub path: String,
    /// When its head had been read.
    pub at: Instant,
}

/// Counts a request as open until it is dropped.
struct Open<'a>(&'a Counts);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Target {
    /// Plain HTTP/1.1 on a free loopback port.
    pub fn http() -> Result<Self, StartError> {
        Self::http_on(0)
    }

    /// Plain HTTP/1.1 on this loopback port (0: any free one).
    pub fn http_on(port: u16) -> Result<Self, StartError> {
        let counts = Arc::new(Counts::default());
        let server = Server::start(port, Arc::clone(&counts) as Arc<dyn Service>, None)?;
        Ok(Self {
            server,
            counts,
            certificates: None,
        })
    }

    /// TLS on a free loopback port; offers HTTP/2 and HTTP/1.1.
    pub fn https() -> Result<Self, StartError> {
        Self::https_on(0, &["h2", "http/1.1"])
    }

    /// TLS on this loopback port (0: any free one); offers these protocols by ALPN (none: HTTP/1.1).
    pub fn https_on(port: u16, alpn: &[&str]) -> Result<Self, StartError> {
        let certificates = Certificates::generate()?;
        let counts = Arc::new(Counts::default());
        let tls = certificates.server_config(alpn)?;
        let server = Server::start(port, Arc::clone(&counts) as Arc<dyn Service>, Some(tls))?;
        Ok(Self {
            server,
            counts,
            certificates: Some(certificates),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL of a path, by IP address: `https://127.0.0.1:PORT/path`.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.certificates.is_some() {
            "https"
        } else {
            "http"
        };
        format!(
            "{scheme}://{}/{}",
            self.address(),
            path.trim_start_matches('/')
        )
    }

    /// The certificate of the authority that a client must trust; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.certificates
            .as_ref()
            .map(|certificates| certificates.ca_pem.as_str())
    }

    /// Writes [`Self::ca_pem`] to a file; without TLS an error of kind `Unsupported`.
    pub fn write_ca(&self, path: &Path) -> std::io::Result<()> {
        let pem = self.ca_pem().ok_or(std::io::ErrorKind::Unsupported)?;
        std::fs::write(path, pem)
    }

    /// Connections accepted so far; with TLS those whose handshake succeeded.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// The most requests that were being answered at the same time.
    pub fn most_at_once(&self) -> u64 {
        self.counts.most_open.load(Ordering::Relaxed)
    }

    /// The requests in the order in which they came; the first 65 536 of them.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.counts.arrivals.lock().clone()
    }

    /// Requests of this path so far, with any query.
    pub fn requests_of(&self, path: &str) -> u64 {
        self.counts.paths.lock().get(path).copied().unwrap_or(0)
    }
}

impl Counts {
    fn count(&self, path: &str) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut paths = self.paths.lock();
        if let Some(count) = paths.get_mut(path) {
            *count += 1;
            return;
        }
        let path = if paths.len() < MAX_PATHS { path } else { "*" };
        *paths.entry(path.to_owned()).or_default() += 1;
    }

    fn open(&self, request: &Request<Incoming>) -> Open<'_> {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_open.fetch_max(open, Ordering::Relaxed);
        let mut arrivals = self.arrivals.lock();
        if arrivals.len() < MAX_ARRIVALS {
            let path = request.uri().path_and_query();
            arrivals.push(Arrival {
                path: path.map_or("/", |it| it.as_str()).to_owned(),
                at: Instant::now(),
            });
        }
        Open(self)
    }

    /// Where the requests of `/meet/N` wait for each other.
    fn meeting(&self, path: &str) -> Option<Arc<Barrier>> {
        let size: usize = path.strip_prefix("/meet/")?.parse().ok()?;
        let size = Some(size).filter(|size| (1..=MAX_MEETING).contains(size))?;
        let mut meetings = self.meetings.lock();
        let barrier = meetings.entry(size);
        Some(Arc::clone(
            barrier.or_insert_with(|| Arc::new(Barrier::new(size))),
        ))
    }
}

impl Service for Counts {
    fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        self.count(request.uri().path());
        Box::pin(async move {
            let _open = self.open(&request);
            if let Some(meeting) = self.meeting(request.uri().path()) {
                meeting.wait().await;
            }
            routes::answer(request).await
        })
    }
}
