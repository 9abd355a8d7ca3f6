//! TLS servers with a wrong certificate, and those that break off, refuse or talk nonsense.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use brunt_net::{Target, TlsOptions, TlsVersion};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio_rustls::rustls;

use crate::support::{Identity, get, run, server, tls_client};

fn fails(options: TlsOptions, port: u16) -> (u32, String) {
    run(async {
        let url = Target::parse(&format!("https://localhost:{port}/")).unwrap();
        let exchange = tls_client(options).send(&get(&url)).await;
        assert_eq!(exchange.timings.receiving, 0);
        let error = exchange.outcome.unwrap_err();
        (error.code(), error.to_string())
    })
}

/// Answers one handshake as rustls would with this configuration.
fn shaking(config: rustls::ServerConfig) -> (u16, std::thread::JoinHandle<()>) {
    let (address, server) = server(move |listener: TcpListener| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let _ = session.complete_io(&mut stream);
        let _ = session.complete_io(&mut stream);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    (address.port(), server)
}

fn no_clients() -> Arc<dyn rustls::server::danger::ClientCertVerifier> {
    rustls::server::WebPkiClientVerifier::no_client_auth()
}

#[test]
fn a_certificate_out_of_its_time_is_1300_and_says_so() {
    for (from, to) in [(2000, 2001), (2990, 2999)] {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        let identity = Identity::of(&params.self_signed(&key).unwrap(), &key);
        let (port, server) = shaking(identity.server_config(no_clients()));
        let (code, text) = fails(identity.options(), port);
        let expected = "x509: certificate has expired or is not yet valid: ";
        assert!(code == 1300 && text.starts_with(expected), "{code} {text}");
        server.join().unwrap();
    }
}

#[test]
fn alerts_of_the_server_are_1300_in_words() {
    for (alert, text) in [
        (40, "handshake failure"),
        (48, "unknown certificate authority"),
        (70, "protocol version not supported"),
        (80, "internal error"),
        (112, "unrecognized name"),
        (116, "certificate required"),
        (120, "no application protocol"),
        (200, "alert(200)"),
    ] {
        let (address, server) = server(move |listener| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).unwrap();
            let mut rest = vec![0; usize::from(u16::from_be_bytes([hello[3], hello[4]]))];
            stream.read_exact(&mut rest).unwrap();
            stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).unwrap();
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let got = fails(TlsOptions::default(), address.port());
        assert_eq!(got, (1300, format!("remote error: tls: {text}")));
        server.join().unwrap();
    }
}

#[test]
fn nothing_in_common_and_certificates_that_are_missed_are_alerts() {
    let identity = Identity::new(&["localhost"]);
    let mut only_other_protocol = identity.server_config(no_clients());
    only_other_protocol.alpn_protocols = vec![b"smtp".to_vec()];
    let (port, server) = shaking(only_other_protocol);
    let got = fails(identity.options(), port);
    assert_eq!(
        got,
        (
            1300,
            "remote error: tls: no application protocol".to_owned()
        )
    );
    server.join().unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(identity.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let wants =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
    for max_version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let (port, server) = shaking(identity.server_config(Arc::clone(&wants) as _));
        let options = TlsOptions {
            max_version,
            ..identity.options()
        };
        let (code, text) = fails(options, port);
        assert!(
            code == 1300 && text.starts_with("remote error: tls: "),
            "{code} {text}"
        );
        server.join().unwrap();
    }
}

#[test]
fn nonsense_in_the_handshake_is_an_error_of_tls() {
    for (nonsense, codes) in [
        (&b"\x16\x03\x03\x00\x04\xfe\x00\x00\x00"[..], 1300..=1300),
        (b"\x16\x03\x03\xff\xff", 1300..=1301),
        (b"\x17\x03\x03\x00\x03abc", 1300..=1300),
        (b"\x15\x03\x03\x00\x01\x02", 1300..=1300),
        (b"\x16\x03\x03\x00\x00", 1300..=1300),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 1301..=1301),
        (b"\x00\x00\x00\x00\x00\x00\x00\x00", 1301..=1301),
        (b"", 1000..=1000),
        (b"\x16\x03\x03", 1000..=1000),
    ] {
        let (address, server) = server(move |listener| {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(nonsense).unwrap();
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let (code, text) = fails(TlsOptions::default(), address.port());
        assert!(codes.contains(&code), "{nonsense:x?}: {code} {text}");
        assert!(!text.is_empty());
        server.join().unwrap();
    }
}
