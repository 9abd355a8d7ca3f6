//! Client certificates: who gets to see which, and keys in all their forms (made by OpenSSL).

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;

use brunt_net::{Identity as ClientIdentity, IdentityError, Target, TlsOptions};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, pki_types};

use crate::support::{Identity, get, run, tls_client};

struct Authority(Issuer<'static, KeyPair>, pki_types::CertificateDer<'static>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap().der().clone();
        Self(Issuer::new(params, key), own)
    }

    /// Certificate and key in PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        (
            params.signed_by(&key, &self.0).unwrap().pem(),
            key.serialize_pem(),
        )
    }
}

/// Shakes hands with one client after the other and gives the certificate that each showed.
fn ask_for_certificates(
    server: &Identity,
    authority: &Authority,
    clients: usize,
) -> (u16, std::thread::JoinHandle<Vec<Option<Vec<u8>>>>) {
    let mut roots = RootCertStore::empty();
    roots.add(authority.1.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
    let config = Arc::new(server.server_config(verifier));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        for _ in 0..clients {
            let (mut stream, _) = listener.accept().unwrap();
            let mut session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let answer = session.complete_io(&mut stream);
            let chain = session.peer_certificates().and_then(<[_]>::first);
            shown.push(chain.filter(|_| answer.is_ok()).map(|it| it.to_vec()));
            let mut tls = rustls::Stream::new(&mut session, &mut stream);
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            let _ = std::io::copy(&mut tls, &mut std::io::sink());
        }
        shown
    });
    (port, shown)
}

fn der(pem: &str) -> Vec<u8> {
    use pki_types::pem::PemObject as _;
    pki_types::CertificateDer::from_pem_slice(pem.as_bytes())
        .unwrap()
        .to_vec()
}

#[test]
fn a_server_sees_the_certificate_that_is_meant_for_it() {
    let server = Identity::new(&["localhost", "127.0.0.1"]);
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (general, local, foreign) = (
        ours.issue("general"),
        ours.issue("local"),
        theirs.issue("foreign"),
    );
    let read = |pair: &(String, String), domains: &[&str]| {
        ClientIdentity::from_pem(&pair.0, &pair.1, None, domains.iter().copied()).unwrap()
    };
    let (port, shown) = ask_for_certificates(&server, &ours, 5);
    run(async {
        let cases = [
            (vec![read(&general, &[])], "localhost"),
            (
                vec![read(&general, &[]), read(&local, &["localhost"])],
                "localhost",
            ),
            (
                vec![read(&general, &[]), read(&local, &["localhost"])],
                "127.0.0.1",
            ),
            // The one whose issuer the server names.
            (vec![read(&foreign, &[]), read(&general, &[])], "localhost"),
            (vec![read(&local, &["*.other.test"])], "localhost"),
        ];
        for (seen, (identities, host)) in (1..).zip(cases) {
            let client = tls_client(TlsOptions {
                identities: identities.into(),
                ..server.options()
            });
            let url = Target::parse(&format!("https://{host}:{port}/")).unwrap();
            let exchange = client.send(&get(&url)).await;
            assert!(exchange.outcome.is_ok(), "{seen}: {exchange:?}");
        }
    });
    let shown = shown.join().unwrap();
    let wanted = [
        Some(&general),
        Some(&local),
        Some(&general),
        Some(&general),
        None,
    ];
    let wanted: Vec<Option<Vec<u8>>> = wanted.map(|it| it.map(|(cert, _)| der(cert))).into();
    assert_eq!(shown, wanted);
}

fn openssl(args: &[&str], input: &str) -> String {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn keys_are_read_in_the_forms_that_openssl_writes() {
    let (cert, key) = Authority::new("a").issue("b");
    let read = |key: &str, password| ClientIdentity::from_pem(&cert, key, password, []);
    assert!(read(&key, None).is_ok());
    let old = |cipher| openssl(&["ec", cipher, "-passout", "pass:secret"], &key);
    let pkcs8 = openssl(
        &[
            "pkcs8",
            "-topk8",
            "-v2",
            "aes-256-cbc",
            "-passout",
            "pass:secret",
        ],
        &key,
    );
    for encrypted in [old("-aes256"), old("-aes128"), pkcs8] {
        assert!(encrypted.contains("ENCRYPTED"), "{encrypted}");
        assert!(read(&encrypted, Some("secret")).is_ok(), "{encrypted}");
        for (password, reason) in [
            (Some("wrong"), "wrong password"),
            (None, "no `password`"),
            (Some(""), "no `password`"),
        ] {
            let error = read(&encrypted, password).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
    let error = read(&old("-des3"), Some("secret")).unwrap_err().to_string();
    assert!(
        error.contains("DES-EDE3-CBC") && error.contains("openssl pkey"),
        "{error}"
    );
}

#[test]
fn what_is_no_pair_is_refused_with_the_reason() {
    let (cert, key) = Authority::new("a").issue("b");
    let other = Authority::new("a").issue("c").1;
    let read = |cert: &str, key: &str| ClientIdentity::from_pem(cert, key, None, []).unwrap_err();
    assert!(matches!(read("", &key), IdentityError::Certificate(_)));
    assert!(matches!(read(&cert, "x"), IdentityError::Key(_)));
    assert!(matches!(read(&cert, &other), IdentityError::Pair(_)));
}
