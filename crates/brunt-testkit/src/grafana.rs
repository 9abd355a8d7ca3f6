//! A strict Grafana, as far as folders, data sources and dashboards go: versions, names, rights, what comes from files,
//! both interfaces.
//!
//! No distribution has Grafana as a package, and a lenient fake would hide the answers that provisioning is about. What it
//! answers follows Grafana's documentation of the HTTP API and of its new API structure.

mod legacy;
mod resources;
mod state;

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::server::{Abort, Answer, Body, Server, Service, StartError, full, read_body};
use state::State;

/// The longest body that is read, in bytes.
const MOST_BODY: usize = 64 << 20;

/// What a Grafana is like.
#[derive(Debug, Clone)]
pub struct Config {
    /// Such as `12.1.0`. The new interface is there from 12 on.
    pub version: String,
    /// Whether the version is shown only to those who have logged in.
    pub hides_version: bool,
    /// The namespace of the organisation in the new interface.
    pub namespace: String,
    /// The token of the service account.
    pub token: String,
    /// Whether the account may read, write folders and dashboards, and write data sources.
    pub may: [bool; 3],
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: "12.1.0".to_owned(),
            hides_version: false,
            namespace: "default".to_owned(),
            token: "glsa_secret".to_owned(),
            may: [true; 3],
        }
    }
}

/// What happens to a call instead of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is closed before anything is done.
    Close,
    /// It is done, and the connection is closed without an answer.
    CloseAfter,
    /// A status, with `Retry-After: 0`.
    Status(u16),
    /// 429 with `Retry-After` of so many seconds.
    Later(u64),
    /// 200 with a page in HTML, as of a proxy that wants a login.
    Page,
    /// Somebody else writes the dashboard of this uid just before.
    Race(String),
    /// Somebody else deletes the dashboard of this uid just before.
    Delete(String),
}

/// A running Grafana; stops when dropped.
#[derive(Debug)]
pub struct Grafana {
    shared: Arc<Shared>,
    server: Server,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    state: Mutex<State>,
    hold: Mutex<Option<Holding>>,
}

/// A call that is done and not answered, as long as this lives; then its connection is closed.
#[derive(Debug)]
pub struct Held {
    reached: mpsc::Receiver<()>,
    _release: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the call has come and is done; false if that takes longer.
    pub fn wait(&self, longest: Duration) -> bool {
        self.reached.recv_timeout(longest).is_ok()
    }
}

/// The other side of [`Held`].
#[derive(Debug)]
struct Holding {
    /// Calls that are answered before.
    left: usize,
    reached: mpsc::Sender<()>,
    released: oneshot::Receiver<()>,
}

impl Grafana {
    /// Starts one on any free port.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            config,
            state: Mutex::default(),
            hold: Mutex::default(),
        });
        let server = Server::start(0, Arc::clone(&shared) as Arc<_>, None)?;
        Ok(Self { shared, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// What happens to the next calls, one after the other.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = Option<Trouble>>) {
        self.shared.state.lock().troubles.extend(troubles);
    }

    /// Does the call after the next `calls` ones, and does not answer it.
    pub fn hold_after(&self, calls: usize) -> Held {
        let (reached, receiver) = mpsc::channel();
        let (release, released) = oneshot::channel();
        *self.shared.hold.lock() = Some(Holding {
            left: calls,
            reached,
            released,
        });
        Held {
            reached: receiver,
            _release: release,
        }
    }

    /// The calls so far, such as `POST /api/folders`; they are forgotten.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.state.lock().calls)
    }

    /// Folders, data sources and dashboards, without versions: to compare two states.
    pub fn contents(&self) -> Value {
        self.shared.state.lock().contents()
    }

    /// Changes a dashboard, as somebody in front of Grafana does.
    pub fn edit(&self, uid: &str, change: impl FnOnce(&mut Value)) {
        if let Some(stored) = self.shared.state.lock().dashboards.get_mut(uid) {
            change(&mut stored.dashboard);
            stored.touched("");
        }
    }

    /// Puts a dashboard there that somebody else wrote, or that comes from a file.
    pub fn put_dashboard(&self, dashboard: Value, provisioned: bool) {
        self.shared.state.lock().put(dashboard, provisioned);
    }

    /// Puts a data source there.
    pub fn put_data_source(&self, source: Value) {
        let uid = text(&source["uid"]);
        self.shared.state.lock().data_sources.insert(uid, source);
    }

    /// Moves a dashboard.
    pub fn move_dashboard(&self, uid: &str, folder: &str) {
        if let Some(stored) = self.shared.state.lock().dashboards.get_mut(uid) {
            folder.clone_into(&mut stored.folder);
        }
    }

    /// Gives the folder of this uid another title.
    pub fn rename_folder(&self, uid: &str, title: &str) {
        if let Some(there) = self.shared.state.lock().folders.get_mut(uid) {
            title.clone_into(there);
        }
    }
}

impl Service for Shared {
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = read_body(body, MOST_BODY).await.ok_or(Abort)?;
            let response = self.receive(&parts, &body)?;
            if let Some(holding) = self.held() {
                let _ = holding.reached.send(());
                let _ = holding.released.await;
                return Err(Abort);
            }
            Ok(response)
        })
    }
}

type Reply = (StatusCode, Value);

fn reply(status: u16, body: Value) -> Reply {
    (
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        body,
    )
}

fn says(status: u16, message: &str) -> Reply {
    reply(status, json!({ "message": message }))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn response(
    status: StatusCode,
    kind: &str,
    later: Option<u64>,
    text: impl Into<bytes::Bytes>,
) -> Result<Response<Body>, Abort> {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", kind);
    if let Some(seconds) = later {
        response = response.header("retry-after", seconds);
    }
    response.body(full(text.into())).map_err(|_| Abort)
}

impl Shared {
    /// The holding, if it is this call's turn.
    fn held(&self) -> Option<Holding> {
        let mut hold = self.hold.lock();
        match hold.as_mut() {
            Some(holding) if holding.left > 0 => holding.left -= 1,
            _ => return hold.take(),
        }
        None
    }

    fn receive(&self, parts: &Parts, body: &[u8]) -> Result<Response<Body>, Abort> {
        let path = parts.uri.path();
        let mut state = self.state.lock();
        state.calls.push(format!("{} {path}", parts.method));
        let page = |status, later| response(status, "text/html", later, "<html>not now</html>");
        let mut is_lost = false;
        match state.troubles.pop_front().flatten() {
            Some(Trouble::Close) => return Err(Abort),
            Some(Trouble::Status(status)) => {
                let status = StatusCode::from_u16(status).map_err(|_| Abort)?;
                return page(status, Some(0));
            }
            Some(Trouble::Later(seconds)) => {
                return page(StatusCode::TOO_MANY_REQUESTS, Some(seconds));
            }
            Some(Trouble::Page) => return page(StatusCode::OK, None),
            Some(Trouble::Race(uid)) => {
                if let Some(stored) = state.dashboards.get_mut(&uid) {
                    stored.version += 1;
                }
            }
            Some(Trouble::Delete(uid)) => {
                state.dashboards.remove(&uid);
            }
            Some(Trouble::CloseAfter) => is_lost = true,
            None => {}
        }
        let (status, body) = if path == "/api/health" {
            let mut health = json!({ "database": "ok" });
            if !self.config.hides_version {
                health["version"] = self.config.version.as_str().into();
            }
            reply(200, health)
        } else if self.is_known(parts) {
            let body = serde_json::from_slice(body).unwrap_or(Value::Null);
            self.handle(&mut state, parts.method.as_str(), path, &body)
        } else {
            says(401, "Invalid API key")
        };
        if is_lost {
            return Err(Abort);
        }
        response(status, "application/json", None, body.to_string())
    }

    fn is_known(&self, parts: &Parts) -> bool {
        let said = parts.headers.get("authorization");
        let said = said.and_then(|it| it.to_str().ok());
        said == Some(&format!("Bearer {}", self.config.token))
    }

    fn handle(&self, state: &mut State, method: &str, path: &str, body: &Value) -> Reply {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let right = match (method, parts.get(1)) {
            ("GET", _) => 0,
            (_, Some(&"datasources")) => 2,
            _ => 1,
        };
        if !self.config.may[right] {
            return says(
                403,
                "You'll need additional permissions to perform this action.",
            );
        }
        let major = self.config.version.split('.').next();
        let major: u32 = major.and_then(|it| it.parse().ok()).unwrap_or(0);
        let namespace = &self.config.namespace;
        match (method, parts.as_slice()) {
            ("GET", ["api", "frontend", "settings"]) => {
                let mut settings = json!({ "buildInfo": { "version": self.config.version } });
                if major >= 12 {
                    settings["namespace"] = namespace.as_str().into();
                }
                reply(200, settings)
            }
            (_, ["api", rest @ ..]) => legacy::answer(state, method, rest, body, major),
            (_, ["apis", group, rest @ ..]) if major >= 12 => {
                resources::answer(state, method, group, rest, body, namespace)
            }
            _ => says(404, "Not found"),
        }
    }
}
