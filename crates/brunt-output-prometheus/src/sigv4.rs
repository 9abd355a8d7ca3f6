//! AWS' signature of a request, version 4, for Amazon Managed Service for Prometheus.
//!
//! Own code instead of AWS' crate: that one brings its whole runtime for what are six hashes. The
//! algorithm is in "Signature Version 4 for API requests" of AWS' reference; the tests use its
//! published vectors.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};

/// The service whose name goes into the signature.
const SERVICE: &str = "aps";

/// Signs requests. It has no `Debug`, because it holds a secret.
#[derive(Clone)]
pub(crate) struct Signer {
    region: String,
    access: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    service: &'static str,
}

impl Signer {
    pub(crate) fn new(region: &str, access: &str, secret: &str, token: Option<String>) -> Self {
        Self {
            region: region.to_owned(),
            access: access.to_owned(),
            secret: secret.to_owned(),
            token,
            service: SERVICE,
        }
    }

    /// Adds the headers that sign a POST of this body, as of now.
    pub(crate) fn sign(&self, url: &Url, headers: &mut HeaderMap, body: &[u8]) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.sign_at("POST", url, headers, body, now.as_secs());
    }

    fn sign_at(&self, method: &str, url: &Url, headers: &mut HeaderMap, body: &[u8], seconds: u64) {
        let time = amz_date(seconds);
        let mut signed = vec![
            ("host".to_owned(), host(url)),
            ("x-amz-date".to_owned(), time.clone()),
        ];
        if let Some(token) = &self.token {
            signed.push(("x-amz-security-token".to_owned(), token.clone()));
        }
        if let Some(kind) = headers.get("content-type").and_then(|v| v.to_str().ok()) {
            signed.push(("content-type".to_owned(), kind.trim().to_owned()));
        }
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let mut canonical = format!("{method}\n{}\n{}\n", path(url), query(url));
        for (name, value) in &signed {
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{names}\n{}", hash(body));
        let day = &time[..8];
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let text = format!(
            "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
            hash(canonical.as_bytes())
        );
        let signature = hex(&mac(&self.key(day), &text));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access
        );
        let mut set = |name: &'static str, value: &str| {
            if let Ok(mut value) = HeaderValue::try_from(value) {
                value.set_sensitive(name != "x-amz-date");
                headers.insert(name, value);
            }
        };
        set("x-amz-date", &time);
        set("authorization", &authorization);
        if let Some(token) = &self.token {
            set("x-amz-security-token", token);
        }
    }

    /// The key of a day, region and service.
    fn key(&self, day: &str) -> Vec<u8> {
        let secret = format!("AWS4{}", self.secret);
        [day, &self.region, self.service, "aws4_request"]
            .into_iter()
            .fold(secret.into_bytes(), |key, part| mac(&key, part))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `20150830T123600Z`
fn amz_date(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// As the client sends it: the port is there if it is not the scheme's own.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The path, each segment encoded once more, as all services but S3 want it.
fn path(url: &Url) -> String {
    let segments: Vec<String> = url.path().split('/').map(encode).collect();
    segments.join("/")
}

/// The parameters, sorted.
fn query(url: &Url) -> String {
    let mut pairs: Vec<_> = url
        .query_pairs()
        .map(|(name, value)| format!("{}={}", encode(&name), encode(&value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-08-30 12:36:00, the time of all vectors.
    const TIME: u64 = 1_440_938_160;

    fn signer(service: &'static str) -> Signer {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Signer {
            service,
            ..Signer::new("us-east-1", "AKIDEXAMPLE", secret, None)
        }
    }

    fn authorization(method: &str, url: &str, kind: Option<&'static str>, body: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert("content-type", HeaderValue::from_static(kind));
        }
        let url = Url::parse(url).unwrap();
        signer("service").sign_at(method, &url, &mut headers, body, TIME);
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
        headers["authorization"].to_str().unwrap().to_owned()
    }

    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let url = "https://example.amazonaws.com/";
        assert_eq!(
            authorization("GET", url, None, b""),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        let ends = |text: String, signature: &str| assert!(text.ends_with(signature), "{text}");
        ends(
            authorization("POST", url, None, b""),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        );
        ends(
            authorization(
                "POST",
                url,
                Some("application/x-www-form-urlencoded"),
                b"Param1=value1",
            ),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        );
        let query = "https://example.amazonaws.com/?Param2=value2&Param1=value1";
        ends(
            authorization("GET", query, None, b""),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
    }

    #[test]
    fn the_key_is_that_of_the_published_example() {
        assert_eq!(
            hex(&signer("iam").key("20120215")),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
        );
    }

    #[test]
    fn a_token_and_a_port_are_signed() {
        let mut signer = signer("aps");
        signer.token = Some("temporary".to_owned());
        let mut headers = HeaderMap::new();
        let url = Url::parse("http://127.0.0.1:9009/workspaces/ws-1/api/v1/remote_write").unwrap();
        signer.sign(&url, &mut headers, b"body");
        let authorization = headers["authorization"].to_str().unwrap();
        assert!(authorization.contains("/us-east-1/aps/aws4_request"));
        assert!(authorization.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
        assert_eq!(headers["x-amz-security-token"], "temporary");
        assert_eq!(host(&url), "127.0.0.1:9009");
    }
}
