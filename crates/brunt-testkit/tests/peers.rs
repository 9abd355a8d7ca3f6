//! Real peers: they start, answer, and are gone when dropped. Skipped, with a line that says so,
//! where one is not installed.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use brunt_testkit::certificates::Certificates;
use brunt_testkit::client::get;
use brunt_testkit::process::{self, ProcessError};

fn installed<T>(started: Result<T, ProcessError>) -> Option<T> {
    match started {
        Err(error @ ProcessError::Missing(_)) => {
            eprintln!("skipped: {error}");
            None
        }
        other => Some(other.unwrap()),
    }
}

#[test]
fn nginx_answers_and_is_gone_when_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let started = process::nginx(folder.path(), "location / { return 200 'hello'; }");
    let Some(nginx) = installed(started) else {
        return;
    };
    let address = nginx.address();
    assert_eq!(get(address, "/").unwrap().text(), "hello");
    drop(nginx);
    assert!(get(address, "/").is_err());
}

#[test]
fn prometheus_keeps_its_data_over_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut prometheus) = installed(process::prometheus(folder.path())) else {
        return;
    };
    prometheus.kill();
    assert!(prometheus.query("vector(1)").is_err());
    prometheus.restart().unwrap();
    assert_eq!(prometheus.query("vector(1)").unwrap()[0].value, 1.0);
}

#[test]
fn httpbin_over_tcp_and_tls() {
    let folder = tempfile::tempdir().unwrap();
    let venv = process::test_venv();
    let Some(httpbin) = installed(process::httpbin(&venv, folder.path(), None)) else {
        return;
    };
    assert_eq!(get(httpbin.address(), "/status/418").unwrap().status, 418);
    let arrivals = httpbin.arrivals().unwrap();
    let [arrival] = &arrivals[..] else {
        panic!("{arrivals:?}");
    };
    assert_eq!(
        (arrival.path.as_str(), arrival.in_flight),
        ("/status/418?", 1)
    );
    assert!(arrival.version == "1.1" && arrival.answered >= arrival.arrived);

    let certificates = Certificates::generate().unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&certificate, &certificates.server_pem).unwrap();
    std::fs::write(&key, &certificates.server_key_pem).unwrap();
    let tls = Some((certificate.as_path(), key.as_path()));
    let httpbin = process::httpbin(&venv, folder.path(), tls).unwrap();
    // Plain HTTP is no answer on a port with TLS.
    assert!(get(httpbin.address(), "/status/418").is_err());
}
