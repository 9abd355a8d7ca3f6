//! The HTTP target, over plain TCP and TLS.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::unwrap_used)]

use brunt_testkit::client::{get, request};
use brunt_testkit::{StartError, Target};
use serde_json::Value;

fn json(target: &Target, path: &str) -> Value {
    serde_json::from_slice(&get(target.address(), path).unwrap().body).unwrap()
}

#[test]
fn routes() {
    let target = Target::http().unwrap();
    let status = |path| get(target.address(), path).unwrap().status;
    assert_eq!(
        [status("/"), status("/status/418"), status("/nothing")],
        [200, 418, 404]
    );
    assert_eq!(
        [
            status("/status/1"),
            status("/delay/x"),
            status("/bytes/999999999")
        ],
        [400; 3]
    );
    assert_eq!(status("/delay/1"), 200);
    let bytes = get(target.address(), "/bytes/100000").unwrap().body;
    assert!(bytes.len() == 100_000 && bytes.iter().all(|byte| *byte == b'x'));
    assert_eq!(json(&target, "/json")["nested"]["deep"]["value"], "found");
    assert_eq!(
        get(target.address(), "/drip?n=3&ms=1").unwrap().body,
        b"..."
    );
    assert_eq!(
        get(target.address(), "/chunked").unwrap().body,
        b"first\nsecond\nthird\n"
    );
    let big = get(target.address(), "/big-headers?n=9&bytes=500").unwrap();
    assert_eq!(big.header("x-filler-8").map(str::len), Some(500));
    assert_eq!(
        get(target.address(), "/redirect/2")
            .unwrap()
            .header("location"),
        Some("/redirect/1")
    );
    assert_eq!(
        get(target.address(), "/gzip").unwrap().body[..2],
        [0x1f, 0x8b]
    );
    let cookies = get(target.address(), "/set-cookie?a=b").unwrap();
    assert_eq!(cookies.header("set-cookie"), Some("a=b; Path=/"));
}

#[test]
fn echo_shows_the_request() {
    let target = Target::http().unwrap();
    let headers = [("X-One", "1")];
    let answer = request(target.address(), "PATCH", "/echo?q=1", &headers, b"body").unwrap();
    let echo: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&echo["method"], &echo["query"]),
        (&"PATCH".into(), &"q=1".into())
    );
    assert_eq!(
        (&echo["body"], &echo["headers"]["x-one"]),
        (&"body".into(), &"1".into())
    );
}

#[test]
fn credentials() {
    let target = Target::http().unwrap();
    let status = |headers: &[(&str, &str)]| {
        request(
            target.address(),
            "GET",
            "/basic-auth/user/pass",
            headers,
            b"",
        )
        .unwrap()
        .status
    };
    assert_eq!(status(&[]), 401);
    assert_eq!(status(&[("Authorization", "Basic dXNlcjpwYXNz")]), 200);
}

#[test]
fn broken_answers_break() {
    let target = Target::http().unwrap();
    let answer = get(target.address(), "/close").unwrap();
    assert_eq!(
        (answer.header("content-length"), answer.body.len()),
        (Some("1000"), 10)
    );
    assert!(get(target.address(), "/reset").is_err());
}

#[test]
fn connections_and_requests_are_counted() {
    use std::io::{Read as _, Write as _};
    let target = Target::http().unwrap();
    let mut stream = std::net::TcpStream::connect(target.address()).unwrap();
    stream.write_all(b"GET /bytes/1?a HTTP/1.1\r\nHost: x\r\n\r\nGET /bytes/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    get(target.address(), "/").unwrap();
    assert_eq!((target.connections(), target.requests()), (2, 3));
    assert_eq!(
        (target.requests_of("/bytes/1"), target.requests_of("/none")),
        (2, 0)
    );
}

#[test]
fn a_taken_port_is_named_and_a_dropped_target_is_gone() {
    let target = Target::http().unwrap();
    let address = target.address();
    let error = Target::http_on(address.port()).unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }));
    assert!(error.to_string().contains(&address.to_string()));
    drop(target);
    assert!(get(address, "/").is_err());
}

#[tokio::test]
async fn tls_with_each_protocol() {
    use http_body_util::{BodyExt as _, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let target = Target::https().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    target.write_ca(&ca).unwrap();
    assert_eq!(
        std::fs::read_to_string(&ca).unwrap(),
        target.ca_pem().unwrap()
    );
    let mut roots = rustls::RootCertStore::empty();
    let pem = rustls_pki_types::pem::PemObject::from_pem_file(&ca).unwrap();
    roots.add(pem).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    for (alpn, version) in [("h2", "HTTP/2.0"), ("http/1.1", "HTTP/1.1")] {
        let mut config = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let stream = tokio::net::TcpStream::connect(target.address())
            .await
            .unwrap();
        let name = "localhost".try_into().unwrap();
        let stream = TokioIo::new(connector.connect(name, stream).await.unwrap());
        let request = hyper::Request::get(target.url("/echo"))
            .header("host", "localhost")
            .body(Empty::<bytes::Bytes>::new())
            .unwrap();
        let response = if alpn == "h2" {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), stream)
                    .await
                    .unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.unwrap()
        } else {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.unwrap()
        };
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let echo: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(echo["protocol"], version);
    }
    assert_eq!((target.connections(), target.requests_of("/echo")), (2, 2));
}
