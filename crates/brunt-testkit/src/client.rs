//! A small blocking HTTP/1.1 client for loopback, and instant queries in Prometheus' API with it.
//!
//! Tests and the demo ask a receiver what it holds; that needs neither TLS nor an asynchronous
//! runtime, and must not go through the client that is being tested.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_RESPONSE: u64 = 256 << 20;

/// Why a request or a query brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The peer cannot be reached, or broke off.
    #[error("{address}: {source}")]
    Io {
        /// The peer.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// What came back is no HTTP/1.1 response.
    #[error("{0}: not an HTTP response")]
    Malformed(SocketAddr),
    /// The query was refused.
    #[error("the query {query} was answered with {status}: {body}")]
    Refused {
        /// The query.
        query: String,
        /// The HTTP status.
        status: u16,
        /// What the peer says about it.
        body: String,
    },
    /// The answer to the query is not in Prometheus' form.
    #[error("the query {0} was answered with something else than an instant vector or a scalar")]
    NotAVector(String),
}

/// A response.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, with anything that is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request on a connection of its own and reads the response to the end.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<HttpResponse, ClientError> {
    let io = |source| ClientError::Io { address, source };
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(io)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(io)?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(io)?;
    stream.write_all(head.as_bytes()).map_err(io)?;
    // A receiver may answer and close before it has read everything: its answer counts.
    let written = stream.write_all(body);
    let mut answer = Vec::new();
    let read = stream.take(MAX_RESPONSE).read_to_end(&mut answer);
    if answer.is_empty() {
        written.map_err(io)?;
        read.map_err(io)?;
    }
    parse(&answer).ok_or(ClientError::Malformed(address))
}

/// Sends a GET.
pub fn get(address: SocketAddr, path: &str) -> Result<HttpResponse, ClientError> {
    request(address, "GET", path, &[], &[])
}

fn parse(answer: &[u8]) -> Option<HttpResponse> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = answer[end + 4..].to_vec();
    if headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked")
    {
        body = unchunk(&body)?;
    }
    Some(HttpResponse {
        status,
        headers,
        body,
    })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end])
            .ok()?
            .split(';')
            .next()?
            .trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        rest = rest.get(end + 2..)?;
        out.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// The labels, with `__name__` where the expression keeps it.
    pub labels: BTreeMap<String, String>,
    /// When, in seconds since 1970.
    pub time: f64,
    /// The value; of a histogram its count of observations.
    pub value: f64,
}

/// Evaluates an expression now, by `/api/v1/query` under `base` (`""` or a path prefix).
///
/// Works with Prometheus, Mimir (`/prometheus`) and this crate's receiver.
pub fn query(
    address: SocketAddr,
    base: &str,
    expression: &str,
) -> Result<Vec<QueryResult>, ClientError> {
    let mut path = format!("{base}/api/v1/query?query=");
    for byte in expression.bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    let response = get(address, &path)?;
    if response.status != 200 {
        let (query, status) = (expression.to_owned(), response.status);
        return Err(ClientError::Refused {
            query,
            status,
            body: response.text(),
        });
    }
    let wrong = || ClientError::NotAVector(expression.to_owned());
    let answer: Value = serde_json::from_slice(&response.body).map_err(|_| wrong())?;
    let data = &answer["data"];
    match data["resultType"].as_str() {
        Some("vector") => {
            let elements = data["result"].as_array().ok_or_else(wrong)?;
            elements
                .iter()
                .map(|element| read_element(element).ok_or_else(wrong))
                .collect()
        }
        Some("scalar") => {
            let (time, value) = read_point(&data["result"]).ok_or_else(wrong)?;
            Ok(vec![QueryResult {
                labels: BTreeMap::new(),
                time,
                value,
            }])
        }
        _ => Err(wrong()),
    }
}

fn read_element(element: &Value) -> Option<QueryResult> {
    let labels = element["metric"]
        .as_object()?
        .iter()
        .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect::<Option<_>>()?;
    let (time, value) = if let Some(point) = element.get("value") {
        read_point(point)?
    } else {
        let point = element.get("histogram")?;
        (
            point[0].as_f64()?,
            point[1]["count"].as_str()?.parse().ok()?,
        )
    };
    Some(QueryResult {
        labels,
        time,
        value,
    })
}

fn read_point(point: &Value) -> Option<(f64, f64)> {
    // Prometheus writes +Inf, -Inf and NaN as Rust reads them.
    Some((point[0].as_f64()?, point[1].as_str()?.parse().ok()?))
}

/// Base64 with padding (RFC 4648, section 4), as basic authentication wants it.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let sextet = (word >> (18 - 6 * i)) & 63;
            let padding = i > chunk.len();
            out.push(if padding {
                '='
            } else {
                char::from(ALPHABET[sextet as usize])
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_rfc() {
        let cases = [
            "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
        ];
        for (len, expected) in cases.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..len]), expected);
        }
    }

    #[test]
    fn chunked_responses_are_joined() {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(answer).unwrap().body, b"abcde");
        assert!(parse(&answer[..answer.len() - 12]).is_none());
    }
}
