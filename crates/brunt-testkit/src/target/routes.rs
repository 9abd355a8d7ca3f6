//! What the target answers, path by path. Stateless: all counting is the caller's.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, Sleep};

use crate::server::{Abort, Body, decode_percent, full, query_value, read_body, respond};

const MAX_BODY: usize = 64 << 20;
const MAX_DELAY_MS: u64 = 60_000;

pub(super) async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Abort> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or("").to_owned();
    let mut parts = path.split('/').skip(1);
    let route = parts.next().unwrap_or("");
    let argument = parts.next();
    let number = |default: u64| match argument {
        None => Some(default),
        Some(text) => text.parse::<u64>().ok(),
    };
    let query_number = |key: &str, default: u64| {
        query_value(&query, key)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let response = match route {
        "" => text("ok"),
        "status" => match number(200) {
            Some(code @ 200..=599) => respond(code as u16, "text/plain", ""),
            _ => bad("a status from 200 to 599 is needed"),
        },
        "delay" => match number(0) {
            Some(ms) if ms <= MAX_DELAY_MS => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                text("ok")
            }
            _ => bad("a delay of at most 60000 milliseconds is needed"),
        },
        "bytes" => match number(0) {
            Some(n) if n <= MAX_BODY as u64 => {
                respond(200, "application/octet-stream", vec![b'x'; n as usize])
            }
            _ => bad("at most 67108864 bytes can be asked for"),
        },
        "json" => json_response(&sample()),
        "echo" => echo(request).await?,
        "headers" => json_response(&json!({ "headers": headers(request.headers()) })),
        "drip" => {
            let count = query_number("n", 5).min(MAX_BODY as u64) as usize;
            let every = Duration::from_millis(query_number("ms", 20).min(MAX_DELAY_MS));
            stream(vec![Bytes::from_static(b"."); count], every, None, false)
        }
        "chunked" => {
            let chunks = [&b"first\n"[..], b"second\n", b"third\n"]
                .map(Bytes::from_static)
                .to_vec();
            stream(chunks, Duration::ZERO, None, false)
        }
        "close" => stream(
            vec![Bytes::from_static(b"0123456789")],
            Duration::ZERO,
            Some(1000),
            true,
        ),
        "reset" => return Err(Abort),
        "big-headers" => big_headers(
            query_number("n", 20).min(80),
            query_number("bytes", 400).min(16_384),
        ),
        "gzip" | "deflate" => compressed(route)?,
        "redirect" => match number(1) {
            Some(0 | 1) => redirect("/"),
            Some(n) => redirect(&format!("/redirect/{}", n - 1)),
            None => bad("a number of redirects is needed"),
        },
        "basic-auth" => {
            let (user, password) = (argument.unwrap_or(""), parts.next().unwrap_or(""));
            basic_auth(request.headers(), user, password)
        }
        "meet" => text("met"),
        "cookies" => exact_cookies(&query),
        "to" => {
            let status = query_number("status", 302);
            let mut response = redirect(&query_value(&query, "url").unwrap_or_default());
            *response.status_mut() = u16::try_from(status)
                .ok()
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::FOUND);
            response
        }
        "page" => respond(
            200,
            "text/html",
            query_value(&query, "html").unwrap_or_default(),
        ),
        "set-cookie" => set_cookies(&query),
        _ => respond(404, "text/plain", "no such path\n"),
    };
    Ok(response)
}

fn text(body: &'static str) -> Response<Body> {
    respond(200, "text/plain", body)
}

fn bad(what: &'static str) -> Response<Body> {
    respond(400, "text/plain", what)
}

fn json_response(value: &Value) -> Response<Body> {
    respond(200, "application/json", value.to_string())
}

fn sample() -> Value {
    json!({
        "name": "brunt",
        "answer": 42,
        "ratio": 0.5,
        "list": [1, 2, 3],
        "nested": { "deep": { "value": "found" } },
        "nothing": null,
        "yes": true,
    })
}

fn headers(map: &HeaderMap) -> Value {
    let mut object = Map::new();
    for name in map.keys() {
        let values: Vec<_> = map
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        object.insert(name.as_str().to_owned(), Value::String(values.join(", ")));
    }
    Value::Object(object)
}

async fn echo(request: Request<Incoming>) -> Result<Response<Body>, Abort> {
    let (parts, body) = request.into_parts();
    let body = read_body(body, MAX_BODY).await.ok_or(Abort)?;
    Ok(json_response(&json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "protocol": format!("{:?}", parts.version),
        "headers": headers(&parts.headers),
        "body": String::from_utf8_lossy(&body),
    })))
}

fn big_headers(count: u64, bytes: u64) -> Response<Body> {
    let mut response = text("ok");
    for i in 0..count {
        let name = HeaderName::try_from(format!("x-filler-{i}"));
        let value = HeaderValue::try_from("v".repeat(bytes as usize));
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn compressed(encoding: &str) -> Result<Response<Body>, Abort> {
    let plain = sample().to_string();
    let level = flate2::Compression::default();
    // "deflate" means the zlib format (RFC 9110, section 8.4.1.2).
    let packed = if encoding == "gzip" {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
        encoder
            .write_all(plain.as_bytes())
            .and_then(|()| encoder.finish())
    } else {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
        encoder
            .write_all(plain.as_bytes())
            .and_then(|()| encoder.finish())
    };
    let mut response = respond(200, "application/json", packed.map_err(|_| Abort)?);
    if let Ok(value) = HeaderValue::from_str(encoding) {
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, value);
    }
    Ok(response)
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = respond(302, "text/plain", "");
    if let Ok(value) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn basic_auth(headers: &HeaderMap, user: &str, password: &str) -> Response<Body> {
    let wanted = format!(
        "Basic {}",
        crate::client::base64(format!("{user}:{password}").as_bytes())
    );
    if headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value.as_bytes() == wanted.as_bytes())
    {
        return json_response(&json!({ "authenticated": true, "user": user }));
    }
    let mut response = respond(401, "text/plain", "credentials needed\n");
    let challenge = HeaderValue::from_static("Basic realm=\"loopback\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn exact_cookies(query: &str) -> Response<Body> {
    let mut response = text("ok");
    for cookie in query.split('&').filter(|cookie| !cookie.is_empty()) {
        if let Ok(value) = HeaderValue::from_bytes(decode_percent(cookie).as_bytes()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

fn set_cookies(query: &str) -> Response<Body> {
    let mut response = text("ok");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if let Ok(value) = HeaderValue::try_from(format!("{pair}; Path=/")) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

fn stream(chunks: Vec<Bytes>, every: Duration, length: Option<u64>, abort: bool) -> Response<Body> {
    let pause = Box::pin(tokio::time::sleep(Duration::ZERO));
    let body = Chunks {
        left: chunks.into_iter(),
        every,
        pause,
        length,
        abort,
    };
    let mut response = Response::new(full(""));
    *response.body_mut() = body.boxed();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Chunks with pauses between them, then the end or a broken connection.
struct Chunks {
    left: std::vec::IntoIter<Bytes>,
    every: Duration,
    pause: Pin<Box<Sleep>>,
    length: Option<u64>,
    abort: bool,
}

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        if self.pause.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        match self.left.next() {
            Some(chunk) => {
                // A pause also before the breaking off, so that what was sent arrives first.
                let every = if self.abort {
                    Duration::from_millis(20)
                } else {
                    self.every
                };
                self.pause.as_mut().reset(Instant::now() + every);
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            None if self.abort => Poll::Ready(Some(Err(Abort))),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
