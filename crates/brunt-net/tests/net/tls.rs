//! HTTP over TLS: what was agreed on, whom to trust, what goes wrong.

use brunt_net::{Request, Target, TlsOptions, TlsVersion, Version};

use crate::support::{Identity, Secure, body, get, run, server, tls_client, write};

#[test]
fn http_over_tls_says_what_was_agreed_on_and_keeps_the_connection() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["http/1.1"], 0);
    run(async {
        let client = tls_client(identity.options());
        let url = secure.target("/x");
        let first = client.send(&get(&url)).await;
        assert_eq!(body(&first), "GET /x ");
        assert_eq!(first.outcome.as_ref().unwrap().version, Version::Http11);
        let tls = first.tls.unwrap();
        assert_eq!(tls.version, "tls1.3");
        assert!(
            tls.cipher_suite.starts_with("TLS_AES_"),
            "{}",
            tls.cipher_suite
        );
        assert!(first.timings.tls_handshaking > 0 && !first.stamp_fallback);
        assert!(first.timings.blocked >= first.timings.connecting + first.timings.tls_handshaking);
        let upload = vec![b'x'; 300_000];
        let request = Request {
            method: "POST",
            body: Some(&upload),
            ..get(&url)
        };
        let second = client.send(&request).await;
        assert_eq!((body(&second), second.reused), ("300000 bytes", true));
        assert_eq!((second.tls, second.timings.tls_handshaking), (Some(tls), 0));
        let url = secure.target("/bytes/500000");
        let third = client.send(&get(&url)).await;
        assert_eq!((body(&third).len(), third.reused), (500_000, true));
        assert!(client.bytes_received() > 500_000 && client.bytes_sent() > 300_000);
        assert_eq!(secure.connections(), 1);
    });
}

#[test]
fn a_large_upload_on_a_new_connection_is_not_stopped_by_session_tickets() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["http/1.1"], 0);
    run(async {
        let upload = vec![b'x'; 16 << 20];
        let url = secure.target("/");
        let request = Request {
            method: "POST",
            body: Some(&upload),
            ..get(&url)
        };
        let exchange = tls_client(identity.options()).send(&request).await;
        assert_eq!(body(&exchange), "16777216 bytes");
    });
}

#[test]
fn the_versions_asked_for_are_spoken() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["http/1.1"], 0);
    run(async {
        let client = tls_client(TlsOptions {
            max_version: TlsVersion::Tls12,
            ..identity.options()
        });
        let tls = client.send(&get(&secure.target("/"))).await.tls.unwrap();
        assert_eq!(tls.version, "tls1.2");
        assert!(
            tls.cipher_suite.starts_with("TLS_ECDHE_"),
            "{}",
            tls.cipher_suite
        );
    });
}

#[test]
fn certificates_are_checked_and_the_reason_is_told() {
    let identity = Identity::new(&["elsewhere.example"]);
    let secure = Secure::start(&identity, &["http/1.1"], 0);
    run(async {
        let url = secure.target("/");
        let stranger = TlsOptions {
            system_roots: false,
            ..TlsOptions::default()
        };
        for (options, code, text) in [
            (stranger, 1310, "x509: unknown authority"),
            (
                identity.options(),
                1311,
                "x509: certificate doesn't match hostname",
            ),
        ] {
            let exchange = tls_client(options).send(&get(&url)).await;
            let error = exchange.outcome.unwrap_err();
            assert_eq!((error.code(), error.to_string().as_str()), (code, text));
            assert_eq!(exchange.timings.duration(), 0);
        }
        let careless = TlsOptions {
            insecure_skip_verify: true,
            ..TlsOptions::default()
        };
        let exchange = tls_client(careless).send(&get(&url)).await;
        assert_eq!(body(&exchange), "GET / ");
    });
}

#[test]
fn an_address_can_be_a_certificates_name() {
    let identity = Identity::new(&["127.0.0.1"]);
    let secure = Secure::start(&identity, &["http/1.1"], 0);
    run(async {
        let url = Target::parse(&format!("https://127.0.0.1:{}/", secure.port)).unwrap();
        let exchange = tls_client(identity.options()).send(&get(&url)).await;
        assert_eq!(body(&exchange), "GET / ");
    });
}

#[test]
fn plain_http_in_answer_to_a_handshake_is_recognised() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        write(
            &stream,
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        );
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = std::io::copy(&mut &stream, &mut std::io::sink());
    });
    run(async {
        let url = Target::parse(&format!("https://{address}/")).unwrap();
        let exchange = tls_client(TlsOptions::default()).send(&get(&url)).await;
        assert_eq!(exchange.outcome.unwrap_err().code(), 1301);
    });
    server.join().unwrap();
}
