//! Prometheus' HTTP API, as far as panels and variables ask it.
//!
//! Queries go by POST, because those of dashboards can be longer than a URL may be. Mimir and
//! `VictoriaMetrics` have the same API below their own paths.

use std::collections::BTreeMap;
use std::time::Duration;

use brunt_delivery::http::{Tls, explain, first_line, read_body};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use url::form_urlencoded;

use crate::answer::{self, Series};
use crate::error::PreviewError;
use crate::time::Range;

/// No panel is worth waiting for longer.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The largest answer that is read: a chart of 60 lines needs a tenth of it.
const MAX_ANSWER: usize = 16 << 20;

/// When a query is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum When {
    /// At one time, in seconds since the epoch.
    At(f64),
    /// At each step of a range, in seconds.
    Over(Range, f64),
}

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QueryError {
    /// Nobody answered.
    Unreachable(String),
    /// What the server said.
    Refused(String),
}

impl QueryError {
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Unreachable(message) | Self::Refused(message) => message,
        }
    }
}

/// The API of one server.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
    /// The address without anything secret.
    pub(crate) shown: String,
}

impl Client {
    /// Nothing is asked yet.
    pub(crate) fn new(address: &str, headers: &[String]) -> Result<Self, PreviewError> {
        let wrong = || PreviewError::Url(without_password(address));
        let url = Url::parse(address).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong());
        }
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        let base = shown.as_str().trim_end_matches('/').to_owned();
        // Both fail for addresses without a host only, and this one has one.
        let _ = shown.set_password(None);
        let _ = shown.set_username("");
        let mut map = HeaderMap::new();
        for header in headers {
            // The value may be a secret.
            let name = header.split(':').next().unwrap_or_default();
            let wrong = || PreviewError::Header(name.to_owned());
            let (name, value) = header.split_once(':').ok_or_else(wrong)?;
            let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
            let mut value = HeaderValue::try_from(value.trim()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            map.insert(name, value);
        }
        let unusable = |message: String| PreviewError::Unreachable(message);
        let http = Tls::default()
            .client("preview")
            .and_then(|builder| Tls::build(builder.timeout(TIMEOUT), "preview"))
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            http,
            base,
            headers: map,
            shown: shown.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// Fails where no Prometheus answers.
    pub(crate) async fn check(&self) -> Result<(), PreviewError> {
        let asked = self.query("1", When::At(0.0)).await;
        let told = |what: &str| {
            Err(PreviewError::Unreachable(format!(
                "--prometheus {}: {what}; give the URL below which /api/v1/query lies (of a Mimir it ends in /prometheus)",
                self.shown
            )))
        };
        match asked {
            Ok(_) => Ok(()),
            Err(error) => told(error.message()),
        }
    }

    /// What a query gives.
    pub(crate) async fn query(&self, query: &str, when: When) -> Result<Vec<Series>, QueryError> {
        let (path, times) = match when {
            When::At(time) => ("query", vec![("time", time)]),
            When::Over(range, step) => (
                "query_range",
                vec![("start", range.from), ("end", range.to), ("step", step)],
            ),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("query", query);
        for (name, value) in times {
            form.append_pair(name, &format!("{value:.3}"));
        }
        let url = format!("{}/api/v1/{path}", self.base);
        let answer = self.call(Method::POST, &url, form.finish()).await?;
        answer::series(&answer).ok_or_else(|| {
            QueryError::Refused("the answer has not the form of Prometheus' API".to_owned())
        })
    }

    /// The values of a label, sorted; only of series that a selector selects if there is one.
    pub(crate) async fn label_values(
        &self,
        label: &str,
        selector: Option<&str>,
        range: Range,
    ) -> Result<Vec<String>, QueryError> {
        self.names(&format!("label/{label}/values"), selector, range)
            .await
    }

    /// The names of all labels.
    pub(crate) async fn label_names(&self, range: Range) -> Result<Vec<String>, QueryError> {
        self.names("labels", None, range).await
    }

    async fn names(
        &self,
        path: &str,
        selector: Option<&str>,
        range: Range,
    ) -> Result<Vec<String>, QueryError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("start", &format!("{:.3}", range.from));
        form.append_pair("end", &format!("{:.3}", range.to));
        if let Some(selector) = selector {
            form.append_pair("match[]", selector);
        }
        let url = format!("{}/api/v1/{path}?{}", self.base, form.finish());
        let answer = self.call(Method::GET, &url, String::new()).await?;
        let names = answer.as_array().into_iter().flatten();
        Ok(names
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect())
    }

    /// The `data` of an answer.
    async fn call(&self, method: Method, url: &str, body: String) -> Result<Value, QueryError> {
        let mut request = self.http.request(method, url).headers(self.headers.clone());
        if !body.is_empty() {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        let response = request
            .send()
            .await
            .map_err(|error| QueryError::Unreachable(explain(&error)))?;
        let status = response.status();
        let body = read_body(response, MAX_ANSWER).await;
        let refused = |message: String| Err(QueryError::Refused(message));
        let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
            if status.is_success() {
                return refused(if body.len() >= MAX_ANSWER {
                    "the answer is larger than 16 MiB: choose a shorter time or fewer series"
                        .to_owned()
                } else {
                    format!("the answer is no JSON: {}", first_line(&body))
                });
            }
            let hint = match status.as_u16() {
                401 | 403 => " (credentials and the tenant go by --header)",
                _ => "",
            };
            return refused(format!("{status}{hint}: {}", first_line(&body)));
        };
        if answer["status"] == "success" {
            return Ok(answer["data"].take());
        }
        let said = answer["error"].as_str().unwrap_or("no reason given");
        refused(said.to_owned())
    }
}

/// An address that may not even be one, without what may be a password.
fn without_password(address: &str) -> String {
    address
        .rsplit_once('@')
        .map_or_else(|| address.to_owned(), |(_, host)| format!("…@{host}"))
}

/// A series' labels in the form of a selector: `http_reqs{method="GET"}`.
pub(crate) fn selector(labels: &BTreeMap<String, String>) -> String {
    let name = labels.get("__name__").map_or("", String::as_str);
    let pairs = labels.iter().filter(|(key, _)| *key != "__name__");
    let pairs: Vec<_> = pairs
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect();
    if pairs.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{{{}}}", pairs.join(", "))
    }
}
