//! HTTPS by both protocols: whose certificate is believed, and our own.

use brunt_output::kit::Fixture;
use brunt_testkit::Otlp;
use brunt_testkit::certificates::Clients;
use brunt_testkit::otlp::Config;

use crate::common::*;

async fn check(argument: &str) -> String {
    match output(argument).check().await {
        Ok(()) => "fine".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn start(clients: Clients) -> Otlp {
    let config = Config {
        tls: Some(clients),
        ..Config::default()
    };
    Otlp::start_with(config).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_believed_only_with_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    for protocol in PROTOCOLS {
        let receiver = start(Clients::Known);
        let certificates = receiver.certificates().unwrap();
        let ca = file("ca.pem", &certificates.ca_pem);
        let cert = file("cert.pem", &certificates.server_pem);
        let key = file("key.pem", &certificates.server_key_pem);
        let url = format!("otlp={},protocol={protocol}", receiver.url());
        let own = format!("client-cert={cert},client-key={key}");
        let stranger = check(&format!("{url},{own}")).await;
        assert!(stranger.contains("certificate"), "{protocol}: {stranger}");
        let nobody = check(&format!("{url},ca-file={ca}")).await;
        assert_ne!(nobody, "fine", "{protocol}");
        for trust in [
            format!("ca-file={ca}"),
            "insecure-skip-verify=true".to_owned(),
        ] {
            assert_eq!(
                check(&format!("{url},{own},{trust}")).await,
                "fine",
                "{protocol}"
            );
        }
        let fixture = Fixture::new();
        let series = vec![item(&fixture, "http_reqs", &[], counter(3.0))];
        let keys = format!(",protocol={protocol},{own},ca-file={ca}");
        run(&receiver, &keys, &[snapshot(0, true, series)], &fixture).await;
        assert_eq!(receiver.value("http_reqs", &[]), Some(3.0), "{protocol}");
        let old = start(Clients::Old);
        let url = format!(
            "otlp={},insecure-skip-verify=true,protocol={protocol}",
            old.url()
        );
        assert_eq!(check(&url).await, "fine", "{protocol}");
        let newer = check(&format!("{url},tls-min=1.3")).await;
        assert_ne!(newer, "fine", "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_to_do() {
    let nothing = check("otlp=http://127.0.0.1:1").await;
    assert!(nothing.contains("check=false"), "{nothing}");
    assert_eq!(check("otlp=http://127.0.0.1:1,check=false").await, "fine");
    let receiver = Otlp::start().unwrap();
    let address = receiver.address();
    let with_tls = check(&format!("otlp={address}")).await;
    assert!(
        with_tls.contains("it was asked with TLS: http:// before the address"),
        "{with_tls}"
    );
    let elsewhere = check(&format!("otlp=http://{address}/otlp")).await;
    assert!(
        elsewhere.contains("404 Not Found") && elsewhere.contains("port 4318"),
        "{elsewhere}"
    );
    let locked = Config {
        headers: vec![("authorization".to_owned(), "Bearer right".to_owned())],
        ..Config::default()
    };
    let locked = Otlp::start_with(locked).unwrap();
    for protocol in PROTOCOLS {
        let url = format!("otlp={},protocol={protocol}", locked.url());
        let wrong = check(&format!("{url},bearer-token=wrongwrong")).await;
        assert!(wrong.contains("set username and password"), "{wrong}");
        assert_eq!(check(&format!("{url},bearer-token=right")).await, "fine");
    }
}
