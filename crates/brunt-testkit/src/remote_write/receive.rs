//! From an HTTP request to the store: the protocol's rules, faults, and the answer.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper::body::Incoming;

use super::fault::Fault;
use super::journal::JournalEntry;
use super::message::{TimeSeries, WriteRequest};
use super::rules::{Problems, Rule, check};
use super::speaks::Reception;
use super::store::{Bounds, Written, now_ms};
use super::{Poison, Shared, State, query, two};
use crate::server::{Abort, Answer, Body, Service, query_value, read_body, respond};

/// Bytes of a query sent in a body.
const MAX_QUERY: usize = 1 << 20;

impl Service for Shared {
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        Box::pin(async move {
            match request.uri().path() {
                "/-/ready" | "/-/healthy" | "/ready" => Ok(respond(200, "text/plain", "ready\n")),
                "/api/v1/query" | "/prometheus/api/v1/query" => self.answer_query(request).await,
                _ => {
                    let _present = Present::new(&self);
                    self.receive(request).await
                }
            }
        })
    }
}

impl Shared {
    async fn receive(&self, request: Request<Incoming>) -> Result<Response<Body>, Abort> {
        let arrived = Instant::now();
        let (parts, body) = request.into_parts();
        let body = read_body(body, self.config.max_body).await;
        let mut entry = JournalEntry {
            number: 0,
            arrived,
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            headers: headers(&parts.headers),
            body_bytes: body.as_ref().map_or(0, Bytes::len),
            message_bytes: 0,
            series: 0,
            samples: 0,
            names: Vec::new(),
            version: version(&parts),
            status: 0,
        };
        let hash = body.as_ref().map_or(0, |body| {
            let mut hasher = DefaultHasher::new();
            body.hash(&mut hasher);
            hasher.finish()
        });
        let fault = self.state.lock().faults.next();
        match fault {
            Some(Fault::Close) => {
                self.log(entry, None);
                return Err(Abort);
            }
            Some(Fault::Status {
                code,
                retry_after,
                body,
            }) => {
                entry.status = code;
                self.refused_for_good(hash, code);
                self.log(entry, None);
                let mut response = respond(code, "text/plain", body);
                if let Some(seconds) = retry_after {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                return Ok(response);
            }
            Some(Fault::Stall(time)) => tokio::time::sleep(time).await,
            Some(Fault::CloseAfterStore) | None => {}
        }
        if let Reception::Turned(status) = self.config.speaks.reception(entry.version) {
            entry.status = status;
            self.log(entry, None);
            return Ok(respond(status, "text/plain", ""));
        }
        let decoded = self.decode(&parts, body, &mut entry);
        let mut state = self.state.lock();
        if entry.series > 0 && state.refused.contains(&hash) {
            let problems = Problems::one(Rule::Repetition, "it was refused before");
            drop(state);
            return Ok(self.refuse(entry, &problems, Written::default(), hash));
        }
        if let (Ok(request), Some(poison)) = (&decoded, &state.poison)
            && let Some(text) = poison.of(request)
        {
            let status = poison.status;
            drop(state);
            entry.status = status;
            self.refused_for_good(hash, status);
            let two = entry.version == "2.0";
            self.log(entry, None);
            return Ok(say_written(
                respond(status, "text/plain", text),
                two,
                Written::default(),
            ));
        }
        let (mut written, stored) = match decoded {
            Ok(request) => state.store.take(request, self.bounds()),
            Err(problems) => (Written::default(), Err(problems)),
        };
        if !self.config.histograms {
            written.histograms = 0;
        }
        match stored {
            Ok(()) if fault == Some(Fault::CloseAfterStore) => {
                state.store.answer_lost();
                drop(state);
                self.log(entry, None);
                Err(Abort)
            }
            Ok(()) => {
                drop(state);
                entry.status = 204;
                let two = entry.version == "2.0";
                self.log(entry, None);
                Ok(say_written(respond(204, "text/plain", ""), two, written))
            }
            Err(problems) => {
                drop(state);
                Ok(self.refuse(entry, &problems, written, hash))
            }
        }
    }

    /// Answers with what is wrong, and keeps that as violations.
    fn refuse(
        &self,
        mut entry: JournalEntry,
        problems: &Problems,
        written: Written,
        hash: u64,
    ) -> Response<Body> {
        let status = refusal(problems);
        entry.status = status;
        let two = entry.version == "2.0";
        if entry.series > 0 {
            self.refused_for_good(hash, status);
        }
        self.log(entry, Some(problems));
        say_written(respond(status, "text/plain", problems.text()), two, written)
    }

    /// What must not come again: the specification forbids to repeat what was answered with 4xx, but
    /// for 429, and 415 where another version is tried.
    fn refused_for_good(&self, hash: u64, status: u16) {
        const MOST: usize = 100_000;
        let mut state = self.state.lock();
        if (400..500).contains(&status) && status != 429 && state.refused.len() < MOST {
            state.refused.insert(hash);
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_samples: self.config.max_samples,
            clock: self.config.clock,
            partial: self.config.partial,
        }
    }

    fn decode(
        &self,
        parts: &Parts,
        body: Option<Bytes>,
        entry: &mut JournalEntry,
    ) -> Result<WriteRequest, Problems> {
        self.check_head(parts)?;
        let limit = self.config.max_body;
        let body = body.ok_or_else(|| {
            Problems::one(
                Rule::Body,
                format!("longer than {limit} bytes, or broken off"),
            )
        })?;
        let message = crate::snappy::decompress(&body, limit)
            .map_err(|error| Problems::one(Rule::Snappy, error.to_string()))?;
        entry.message_bytes = message.len();
        let decoded = if entry.version == "2.0" {
            two::decode(&message)
        } else {
            WriteRequest::decode(&message).map(|request| (request, Problems::default()))
        };
        let (request, problems) =
            decoded.map_err(|error| Problems::one(Rule::Protobuf, error.to_string()))?;
        entry.series = request.series.len();
        entry.samples = request
            .series
            .iter()
            .map(|s| s.samples.len() + s.histograms.len())
            .sum();
        let name = |series: &TimeSeries| {
            let mut labels = series.labels.iter();
            let name = labels.find(|(label, _)| label == "__name__");
            name.map_or_else(String::new, |(_, name)| name.clone())
        };
        entry.names = request.series.iter().map(name).collect();
        check(&request, problems)?;
        Ok(request)
    }

    fn check_head(&self, parts: &Parts) -> Result<(), Problems> {
        let path = parts.uri.path();
        if !matches!(path, "/api/v1/write" | "/api/v1/push") {
            return Err(Problems::one(
                Rule::Path,
                format!("nothing is received at {path}"),
            ));
        }
        if parts.method != http::Method::POST {
            return Err(Problems::one(Rule::Method, parts.method.to_string()));
        }
        let mut problems = Problems::default();
        let mut check = |name: &str, wanted: &str, rule| {
            let mut values = parts.headers.get_all(name).iter();
            let found = values.next().map(HeaderValue::as_bytes);
            if found != Some(wanted.as_bytes()) {
                let found = found.map(String::from_utf8_lossy);
                problems.add(rule, || format!("{name} must be {wanted}, is {found:?}"));
            }
            if values.next().is_some() {
                problems.add(Rule::RepeatedHeader, || name.to_owned());
            }
        };
        check("content-encoding", "snappy", Rule::ContentEncoding);
        let (kind, number) = if version(parts) == "2.0" {
            (CONTENT_TYPE_TWO, "2.0.0")
        } else {
            ("application/x-protobuf", "0.1.0")
        };
        check("content-type", kind, Rule::ContentType);
        check("x-prometheus-remote-write-version", number, Rule::Version);
        if let Some(tenant) = &self.config.tenant {
            check("x-scope-orgid", tenant, Rule::Tenant);
        }
        if let Some((user, password)) = &self.config.basic_auth {
            let pair = crate::client::base64(format!("{user}:{password}").as_bytes());
            check(
                "authorization",
                &format!("Basic {pair}"),
                Rule::Authorization,
            );
        }
        if let Some(token) = &self.config.bearer_token {
            check(
                "authorization",
                &format!("Bearer {token}"),
                Rule::Authorization,
            );
        }
        if parts
            .headers
            .get(header::USER_AGENT)
            .is_none_or(HeaderValue::is_empty)
        {
            problems.add(Rule::UserAgent, || "User-Agent is missing".to_owned());
        }
        problems.or_ok()
    }

    fn log(&self, entry: JournalEntry, problems: Option<&Problems>) {
        let mut state = self.state.lock();
        let State { journal, .. } = &mut *state;
        let number = journal.push(entry);
        if let Some(problems) = problems {
            journal.violate(number, problems);
        }
        self.changed.notify_all();
    }

    async fn answer_query(&self, request: Request<Incoming>) -> Result<Response<Body>, Abort> {
        let (parts, body) = request.into_parts();
        let sent = read_body(body, MAX_QUERY).await.ok_or(Abort)?;
        let sent = String::from_utf8_lossy(&sent);
        let in_url = parts.uri.query().unwrap_or("");
        let value = |key| query_value(in_url, key).or_else(|| query_value(&sent, key));
        let now = match value("time") {
            None => now_ms(),
            Some(text) => match text.parse::<f64>() {
                Ok(seconds) => (seconds * 1e3) as i64,
                Err(_) => return Ok(query::refuse("time must be seconds since 1970")),
            },
        };
        let Some(expression) = value("query") else {
            return Ok(query::refuse("the parameter query is missing"));
        };
        let state = self.state.lock();
        Ok(
            match query::evaluate(&expression, state.store.series(), now) {
                Ok(elements) => query::respond_vector(&elements, now),
                Err(reason) => query::refuse(&reason),
            },
        )
    }
}

/// A request that is under way; also where its sender gives up.
struct Present<'a>(&'a Shared);

impl<'a> Present<'a> {
    fn new(shared: &'a Shared) -> Self {
        let mut state = shared.state.lock();
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        Self(shared)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.state.lock().at_once -= 1;
    }
}

impl Poison {
    /// What is said about a request that has such a series.
    fn of(&self, request: &WriteRequest) -> Option<String> {
        let bad = |(label, value): &(String, String)| *label == self.label && *value == self.value;
        let series = request
            .series
            .iter()
            .find(|series| series.labels.iter().any(bad))?;
        Some(format!(
            "poisoned: {}\n",
            super::rules::show(&series.labels)
        ))
    }
}

const CONTENT_TYPE_TWO: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/// The version that the head names by its content type.
fn version(parts: &Parts) -> &'static str {
    match parts
        .headers
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
    {
        Some(b"application/x-protobuf") => "1.0",
        Some(value) if value.starts_with(CONTENT_TYPE_TWO.as_bytes()) => "2.0",
        _ => "",
    }
}

/// Adds the headers that 2.0 wants (section "Required Written Response Headers").
fn say_written(mut response: Response<Body>, two: bool, written: Written) -> Response<Body> {
    if two {
        for (name, count) in [
            ("x-prometheus-remote-write-samples-written", written.samples),
            (
                "x-prometheus-remote-write-histograms-written",
                written.histograms,
            ),
            (
                "x-prometheus-remote-write-exemplars-written",
                written.exemplars,
            ),
        ] {
            response
                .headers_mut()
                .insert(name, HeaderValue::from(count));
        }
    }
    response
}

/// The status that real receivers give for it.
fn refusal(problems: &Problems) -> u16 {
    match problems.listed.first() {
        Some((Rule::Authorization | Rule::Tenant, _)) => 401,
        Some((Rule::Path, _)) => 404,
        Some((Rule::Method, _)) => 405,
        Some((Rule::ContentEncoding | Rule::ContentType | Rule::Version, _)) => 415,
        _ => 400,
    }
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let mut headers: Vec<_> = map
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    headers.sort_unstable();
    headers
}
