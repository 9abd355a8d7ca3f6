//! Calls of Grafana's HTTP interface: what may be repeated is, and an answer that refuses becomes a sentence that says what
//! to do.

use std::fmt;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// How often a call is made before it is given up.
const CALLS: u32 = 5;

/// The first pause between two calls; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// A receiver may ask for a longer pause, up to this.
const LONGEST: Duration = Duration::from_secs(30);

/// The oldest Grafana that the dashboards work in.
const OLDEST: u32 = 10;

/// The longest answer that is read, in bytes; the largest dashboards have a few millions.
const MOST_BODY: usize = 32 << 20;

/// Who calls.
#[derive(Clone)]
pub enum Credentials {
    /// Of a service account.
    Token(String),
    /// Name and password.
    Basic(String, String),
    /// Nobody in particular.
    None,
}

/// Secrets are never shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Token(_) => "a token",
            Self::Basic(..) => "name and password",
            Self::None => "none",
        })
    }
}

/// Which of Grafana's interfaces folders and dashboards go through. Data sources have the first one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// `/api`, in all versions.
    Legacy,
    /// `/apis`, from version 12 on.
    Resources,
}

/// Something is not as it has to be. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// Nobody answers.
    #[error(
        "no Grafana answers at {url}: {reason}. Is the address right, and reachable from here?"
    )]
    Unreachable {
        /// The address.
        url: String,
        /// What went wrong last.
        reason: String,
    },
    /// Something else answers, or a Grafana that is too old.
    #[error("{0}")]
    Unfit(String),
    /// It refuses.
    #[error("Grafana refuses to {what} ({status}{}): {advice}", .said.as_deref().map(|it| format!(", '{it}'")).unwrap_or_default())]
    Refused {
        /// What was asked for.
        what: String,
        /// HTTP's code.
        status: u16,
        /// Its own words.
        said: Option<String>,
        /// What to do.
        advice: String,
    },
}

/// A Grafana.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    credentials: Credentials,
    interface: Interface,
    /// Of the new interface: the namespace of the organisation.
    namespace: String,
    /// Its versions of folders and dashboards.
    versions: (String, String),
}

/// An answer that is not a failure of the way there.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Null if it is no JSON.
    pub(crate) body: Value,
    retry_after: Option<Duration>,
}

impl Answer {
    /// Whether the same call may succeed later.
    fn may_pass(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error()
    }

    /// What it says went wrong.
    pub(crate) fn said(&self) -> Option<String> {
        let said = self.body["message"].as_str().filter(|it| !it.is_empty());
        said.map(|it| it.chars().take(200).collect())
    }
}

impl Client {
    /// Finds out what answers. `interface` is chosen by what is there where it is `None`.
    ///
    /// # Errors
    /// If nobody answers, or it is no Grafana, or one that is too old.
    pub async fn connect(
        http: reqwest::Client,
        url: &str,
        credentials: Credentials,
        interface: Option<Interface>,
    ) -> Result<Self, ProvisionError> {
        let mut client = Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            credentials,
            interface: Interface::Legacy,
            namespace: "default".to_owned(),
            versions: (String::new(), String::new()),
        };
        let (version, namespace) = client.identify().await?;
        let major: Option<u32> = version.split('.').next().and_then(|it| it.parse().ok());
        // One that does not tell its version is new enough, or its answers say otherwise.
        let major = major.unwrap_or(u32::MAX);
        if major < OLDEST {
            return Err(ProvisionError::Unfit(format!(
                "the Grafana at {url} is {version}; the dashboards need {OLDEST} or newer"
            )));
        }
        let wanted = interface.unwrap_or(if major >= 12 {
            Interface::Resources
        } else {
            Interface::Legacy
        });
        if wanted == Interface::Resources {
            let folders = client.classic_version("folder.grafana.app").await?;
            let dashboards = client.classic_version("dashboard.grafana.app").await?;
            match (folders, dashboards) {
                (Some(folders), Some(dashboards)) => {
                    client.interface = Interface::Resources;
                    client.versions = (folders, dashboards);
                    client.namespace = match namespace {
                        Some(namespace) => namespace,
                        None => client.organisation().await?,
                    };
                }
                _ if interface.is_some() => {
                    return Err(ProvisionError::Unfit(format!(
                        "the Grafana at {url} ({version}) has no /apis for dashboards: leave --api out, or say --api legacy"
                    )));
                }
                _ => {}
            }
        }
        Ok(client)
    }

    /// The interface that is used.
    pub fn interface(&self) -> Interface {
        self.interface
    }

    /// Version and, from 12 on, the namespace of its resources. Both stand in the settings of its pages; the version of
    /// `/api/health` may be hidden from those who have not logged in, but nothing else has that path.
    async fn identify(&self) -> Result<(String, Option<String>), ProvisionError> {
        let text = |value: &Value| {
            value
                .as_str()
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
        };
        let health = self.call(Method::GET, "/api/health", None).await?;
        // One whose database is away says so.
        if !health.status.is_server_error() && health.body.get("database").is_none() {
            return Err(ProvisionError::Unfit(format!(
                "what answers at {} is no Grafana: its /api/health is not one's (status {}). Does the URL need https, or a path, such as /grafana?",
                self.url,
                health.status.as_u16()
            )));
        }
        self.expect(&health, "tell how it is")?;
        let settings = self
            .call(Method::GET, "/api/frontend/settings", None)
            .await?;
        let version =
            text(&health.body["version"]).or_else(|| text(&settings.body["buildInfo"]["version"]));
        Ok((
            version.unwrap_or_default(),
            text(&settings.body["namespace"]),
        ))
    }

    /// The version of a group that stores classic dashboards: those of v2 have another form. `None` if there is none.
    async fn classic_version(&self, group: &str) -> Result<Option<String>, ProvisionError> {
        let answer = self
            .call(Method::GET, &format!("/apis/{group}"), None)
            .await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.expect(&answer, &format!("list its versions of {group}"))?;
        let versions = answer.body["versions"].as_array();
        let known: Vec<&str> = versions
            .into_iter()
            .flatten()
            .filter_map(|it| it["version"].as_str())
            .collect();
        let found = ["v1", "v1beta1"].into_iter().find(|it| known.contains(it));
        Ok(found.map(str::to_owned))
    }

    /// `default`, or `org-2` and so on.
    async fn organisation(&self) -> Result<String, ProvisionError> {
        let answer = self.call(Method::GET, "/api/org", None).await?;
        self.expect(&answer, "read its organisation")?;
        Ok(match answer.body["id"].as_u64() {
            None | Some(1) => "default".to_owned(),
            Some(other) => format!("org-{other}"),
        })
    }

    /// The path of `folders` or `dashboards` in the new interface.
    pub(crate) fn resources(&self, kind: &str) -> String {
        let namespace = &self.namespace;
        format!("/apis/{}/namespaces/{namespace}/{kind}", self.group(kind))
    }

    /// An object of the new interface.
    pub(crate) fn resource(&self, resources: &str, metadata: &Value, spec: &Value) -> Value {
        let kind = if resources == "folders" {
            "Folder"
        } else {
            "Dashboard"
        };
        json!({ "apiVersion": self.group(resources), "kind": kind, "metadata": metadata, "spec": spec })
    }

    /// Group and version.
    fn group(&self, resources: &str) -> String {
        let (folders, dashboards) = &self.versions;
        if resources == "folders" {
            format!("folder.grafana.app/{folders}")
        } else {
            format!("dashboard.grafana.app/{dashboards}")
        }
    }

    /// Calls, again where that may help: nobody there yet, an answer that breaks off, too many calls, a server that has
    /// its troubles.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ProvisionError> {
        let mut pause = PAUSE;
        let mut left = CALLS;
        loop {
            left -= 1;
            let asked = match self.once(&method, path, body).await {
                Ok(answer) if left == 0 || !answer.may_pass() => return Ok(answer),
                Ok(answer) => answer.retry_after,
                Err(reason) if left == 0 => {
                    let url = self.url.clone();
                    return Err(ProvisionError::Unreachable { url, reason });
                }
                Err(_) => None,
            };
            tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST)).await;
            pause *= 2;
        }
    }

    async fn once(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let request = self.request(method, path, body);
        let mut response = request.send().await.map_err(cause)?;
        let status = response.status();
        let asked = response.headers().get("retry-after");
        let asked = asked.and_then(|it| it.to_str().ok()?.parse().ok());
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(cause)? {
            if text.len() + chunk.len() > MOST_BODY {
                return Err(format!("an answer of more than {MOST_BODY} bytes"));
            }
            text.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            body: serde_json::from_slice(&text).unwrap_or(Value::Null),
            retry_after: asked.map(Duration::from_secs),
        })
    }

    fn request(&self, method: &Method, path: &str, body: Option<&Value>) -> RequestBuilder {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url));
        request = match &self.credentials {
            Credentials::Token(token) => request.bearer_auth(token),
            Credentials::Basic(name, password) => request.basic_auth(name, Some(password)),
            Credentials::None => request,
        };
        if let Some(body) = body {
            let text = body.to_string();
            request = request
                .header("content-type", "application/json")
                .body(text);
        }
        request
    }

    /// Fails unless the answer is a success; says what to do.
    pub(crate) fn expect(&self, answer: &Answer, what: &str) -> Result<(), ProvisionError> {
        if answer.status.is_success() {
            if answer.body.is_null() {
                return Err(ProvisionError::Unfit(format!(
                    "what answers at {} to '{what}' is no JSON: is there a proxy or a login page in between?",
                    self.url
                )));
            }
            return Ok(());
        }
        let advice = match answer.status.as_u16() {
            300..=399 => "it redirects: give the address that it has itself, with https and its path, such as /grafana".to_owned(),
            401 => match self.credentials {
                Credentials::None => "it wants to know who calls: give a service account's token with --token-file".to_owned(),
                _ => "it does not know these credentials: is the token of this Grafana, and not expired?".to_owned(),
            },
            403 => format!(
                "the account may not do that: it needs the role Editor for folders and dashboards and Admin for data sources, or the permission to {what}"
            ),
            404 => "it is not there, or the path is not that of this Grafana".to_owned(),
            409 | 412 => "somebody else changes it at the same time, or it clashes with one that is there; run it again".to_owned(),
            400 | 422 => "it does not take what was sent; is this Grafana newer or older than 10 to 13?".to_owned(),
            429 => "too many calls; run it again later, what was done stays".to_owned(),
            _ => "it has troubles of its own; run it again later, what was done stays".to_owned(),
        };
        Err(ProvisionError::Refused {
            what: what.to_owned(),
            status: answer.status.as_u16(),
            said: answer.said(),
            advice,
        })
    }
}

/// The error that began it says more than those around it; the URL stands in the sentence already.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}
