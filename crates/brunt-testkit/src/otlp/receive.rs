//! From a request to the store: the protocols' rules, faults, and the answer.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use super::fault::Fault;
use super::{Shared, message, rules};
use crate::server::{Abort, Answer, Body, Service, read_body, respond};

/// The gRPC method.
const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// What gRPC servers take.
const MOST_BYTES: usize = 4 << 20;

/// No body is longer, compressed or not.
const MOST_BODY: usize = 256 << 20;

/// A refusal: the status by HTTP and by gRPC, a wait, and why.
struct Refusal(u16, u8, Option<u64>, String);

impl Service for Shared {
    fn speaks_http2(&self) -> bool {
        true
    }

    fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        Box::pin(async move { self.receive(request).await })
    }
}

impl Shared {
    async fn receive(&self, request: Request<Incoming>) -> Result<Response<Body>, Abort> {
        let (parts, body) = request.into_parts();
        let body = read_body(body, MOST_BODY).await.ok_or(Abort)?;
        let grpc = parts
            .headers
            .get("content-type")
            .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
        let mut entry = super::Request {
            grpc,
            path: parts.uri.path().to_owned(),
            headers: headers(&parts.headers),
            body_bytes: body.len(),
            message_bytes: 0,
            points: 0,
            taken: false,
            arrived: Instant::now(),
        };
        let message = self.open(&parts, &body, grpc);
        entry.message_bytes = message.as_ref().map_or(0, Bytes::len);
        // A request without data asks whether somebody is there.
        let fault = if entry.message_bytes > 0 {
            self.state.lock().faults.pop_front()
        } else {
            None
        };
        match fault {
            Some(Fault::Close) => {
                self.log(entry);
                return Err(Abort);
            }
            Some(Fault::NoTrailers) => {
                self.log(entry);
                return Ok(respond(200, "application/grpc", ""));
            }
            Some(Fault::Status {
                http,
                grpc: code,
                retry_after,
                message,
            }) => {
                self.log(entry);
                let refusal = Refusal(http, code, retry_after, message);
                return Ok(refuse(grpc, &refusal));
            }
            Some(Fault::Stall(time)) => {
                // A sender that has gone takes this task with it, so it is stored before.
                let taken = message.and_then(|message| self.take(&message, &mut entry));
                self.state.lock().store.may_repeat = true;
                self.log(entry);
                tokio::time::sleep(time).await;
                return Ok(match taken {
                    Ok(()) => accept(grpc, &[]),
                    Err(refusal) => refuse(grpc, &refusal),
                });
            }
            _ => {}
        }
        let taken = message.and_then(|message| self.take(&message, &mut entry));
        if fault == Some(Fault::CloseAfterStore) {
            self.state.lock().store.may_repeat = true;
            self.log(entry);
            return Err(Abort);
        }
        entry.taken = taken.is_ok();
        if let Err(Refusal(status, _, _, why)) = &taken
            && *status != 413
            && self.config.poison.is_none()
        {
            self.state.lock().problems.push(why.clone());
        }
        self.log(entry);
        Ok(match (taken, fault) {
            (Err(refusal), _) => refuse(grpc, &refusal),
            (Ok(()), Some(Fault::Partial { rejected, message })) => {
                accept(grpc, &partial(rejected, &message))
            }
            (Ok(()), _) => accept(grpc, &[]),
        })
    }

    /// The message, if head and frame are as they should be.
    fn open(&self, parts: &Parts, body: &Bytes, grpc: bool) -> Result<Bytes, Refusal> {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let invalid = |why: String| Refusal(400, 3, None, why);
        for (name, value) in &self.config.headers {
            if header(name) != Some(value.as_str()) {
                let why = format!("{name} must be {value}, is {:?}", header(name));
                return Err(Refusal(401, 16, None, why));
            }
        }
        if parts.method != http::Method::POST {
            return Err(invalid(format!("the method is {}", parts.method)));
        }
        if header("user-agent").is_none_or(str::is_empty) {
            return Err(invalid("there is no User-Agent".to_owned()));
        }
        let path = match self.config.path.as_str() {
            _ if grpc => METHOD,
            "" => "/v1/metrics",
            path => path,
        };
        if parts.uri.path() != path {
            let why = format!("nothing is received at {}", parts.uri.path());
            return Err(Refusal(404, 12, None, why));
        }
        let (compressed, message) = if grpc {
            if header("te") != Some("trailers") {
                return Err(invalid("te must be trailers".to_owned()));
            }
            if header("content-type") != Some("application/grpc") {
                return Err(invalid("no such type".to_owned()));
            }
            let timeout = header("grpc-timeout").unwrap_or_default();
            let digits = timeout.trim_end_matches(['H', 'M', 'S', 'm', 'u', 'n']);
            let fine = digits.len() + 1 == timeout.len()
                && (1..=8).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            if !fine {
                return Err(invalid(format!("grpc-timeout is {timeout:?}")));
            }
            let Some((prefix, message)) = body.split_at_checked(5) else {
                return Err(invalid("the message has no prefix".to_owned()));
            };
            let length = prefix[1..]
                .iter()
                .fold(0, |all, b| all << 8 | u64::from(*b));
            if length != message.len() as u64 {
                return Err(invalid(format!("the prefix says {length} bytes")));
            }
            (prefix[0] == 1, body.slice(5..))
        } else {
            if header("content-type") != Some("application/x-protobuf") {
                let why = format!("content-type is {:?}", header("content-type"));
                return Err(Refusal(415, 3, None, why));
            }
            (header("content-encoding").is_some(), body.clone())
        };
        let encoding = header(if grpc {
            "grpc-encoding"
        } else {
            "content-encoding"
        });
        let message = if compressed {
            if encoding != Some("gzip") {
                return Err(invalid(format!("compressed by {encoding:?}")));
            }
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&*message)
                .take(MOST_BODY as u64)
                .read_to_end(&mut plain)
                .map_err(|error| invalid(error.to_string()))?;
            Bytes::from(plain)
        } else {
            message
        };
        let most = match self.config.most_bytes {
            0 => MOST_BYTES,
            most => most,
        };
        if message.len() > most {
            let why = format!(
                "received message larger than max ({} vs. {most})",
                message.len()
            );
            return Err(Refusal(413, 8, None, why));
        }
        Ok(message)
    }

    fn take(&self, message: &[u8], entry: &mut super::Request) -> Result<(), Refusal> {
        let metrics = message::decode(message)
            .map_err(|error| Refusal(400, 3, None, format!("no protobuf: {error}")))?;
        entry.points = metrics.iter().map(|metric| metric.points.len()).sum();
        if let Some((key, value)) = &self.config.poison {
            let mut points = metrics.iter().flat_map(|metric| &metric.points);
            if points.any(|point| point.attributes.get(key) == Some(value)) {
                let why = format!("{key}={value} is not wanted");
                return Err(Refusal(400, 3, None, why));
            }
        }
        let mut problems = rules::check(&metrics);
        let mut state = self.state.lock();
        if let Some(metric) = metrics.first() {
            state.resource.clone_from(&metric.resource);
            state.scope.clone_from(&metric.scope);
        }
        problems.extend(state.store.take(metrics));
        // Kept though it is wrong, so that a test sees what came.
        state.problems.extend(problems);
        Ok(())
    }

    fn log(&self, entry: super::Request) {
        self.state.lock().requests.push(entry);
        self.changed.notify_all();
    }
}

fn accept(grpc: bool, message: &[u8]) -> Response<Body> {
    if grpc {
        answer_grpc(Some(message), 0, "", None)
    } else {
        respond(200, "application/x-protobuf", message.to_vec())
    }
}

fn refuse(grpc: bool, refusal: &Refusal) -> Response<Body> {
    let Refusal(status, code, retry_after, message) = refusal;
    if grpc {
        return answer_grpc(None, *code, message, *retry_after);
    }
    // `google.rpc.Status`: code and message.
    let mut body = vec![0x08, *code];
    bytes_field(&mut body, 2, message.as_bytes());
    let mut response = respond(*status, "application/x-protobuf", body);
    if let Some(seconds) = retry_after {
        let headers = response.headers_mut();
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

fn answer_grpc(
    message: Option<&[u8]>,
    code: u8,
    text: &str,
    retry_after: Option<u64>,
) -> Response<Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(u16::from(code)));
    let encoded: String = text
        .bytes()
        .map(|byte| match byte {
            b' '..=b'$' | b'&'..=b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    if let Ok(value) = HeaderValue::from_str(&encoded) {
        trailers.insert("grpc-message", value);
    }
    if let Some(seconds) = retry_after {
        // `google.rpc.Status` with a `google.rpc.RetryInfo` in its details.
        let mut wait = vec![0x08];
        wait.extend(varint(seconds));
        let mut info = Vec::new();
        bytes_field(&mut info, 1, &wait);
        let mut any = Vec::new();
        bytes_field(&mut any, 1, b"type.googleapis.com/google.rpc.RetryInfo");
        bytes_field(&mut any, 2, &info);
        let mut status = vec![0x08, code];
        bytes_field(&mut status, 2, text.as_bytes());
        bytes_field(&mut status, 3, &any);
        let details = crate::client::base64(&status);
        if let Ok(value) = HeaderValue::from_str(details.trim_end_matches('=')) {
            trailers.insert("grpc-status-details-bin", value);
        }
    }
    let framed = message.map(|message| {
        let mut framed = vec![0];
        framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
        framed.extend_from_slice(message);
        Bytes::from(framed)
    });
    let body = Full::new(framed.unwrap_or_default())
        .with_trailers(async move { Some(Ok(trailers)) })
        .map_err(|never| match never {})
        .boxed();
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/grpc");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, kind);
    response
}

/// An `ExportMetricsServiceResponse` with a partial success.
fn partial(rejected: u64, message: &str) -> Vec<u8> {
    let mut success = vec![0x08];
    success.extend(varint(rejected));
    bytes_field(&mut success, 2, message.as_bytes());
    let mut response = Vec::new();
    bytes_field(&mut response, 1, &success);
    response
}

fn bytes_field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    out.extend(varint(bytes.len() as u64));
    out.extend_from_slice(bytes);
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<_> = map
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect();
    headers.sort_unstable();
    headers
}
