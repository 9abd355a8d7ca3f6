//! From an HTTP request to the store: the protocol's rules, faults, and the answer.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper::body::Incoming;

use super::fault::Fault;
use super::journal::JournalEntry;
use super::message::WriteRequest;
use super::rules::{Problems, Rule, check};
use super::store::{Bounds, now_ms};
use super::{Shared, State, query};
use crate::server::{Abort, Answer, Body, Service, query_value, read_body, respond};

/// Bytes of a query sent in a body.
const MAX_QUERY: usize = 1 << 20;

impl Service for Shared {
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        Box::pin(async move {
            match request.uri().path() {
                "/-/ready" | "/-/healthy" | "/ready" => Ok(respond(200, "text/plain", "ready\n")),
                "/api/v1/query" | "/prometheus/api/v1/query" => self.answer_query(request).await,
                _ => self.receive(request).await,
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
            status: 0,
        };
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
        let decoded = self.decode(&parts, body, &mut entry);
        let mut state = self.state.lock();
        let stored = decoded.and_then(|request| state.store.take(request, self.bounds()));
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
                self.log(entry, None);
                Ok(respond(204, "text/plain", ""))
            }
            Err(problems) => {
                drop(state);
                let status = refusal(&problems);
                entry.status = status;
                self.log(entry, Some(&problems));
                Ok(respond(status, "text/plain", problems.text()))
            }
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_samples: self.config.max_samples,
            clock: self.config.clock,
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
        let request = WriteRequest::decode(&message)
            .map_err(|error| Problems::one(Rule::Protobuf, error.to_string()))?;
        entry.series = request.series.len();
        entry.samples = request
            .series
            .iter()
            .map(|s| s.samples.len() + s.histograms.len())
            .sum();
        check(&request)?;
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
        check("content-type", "application/x-protobuf", Rule::ContentType);
        check("x-prometheus-remote-write-version", "0.1.0", Rule::Version);
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
