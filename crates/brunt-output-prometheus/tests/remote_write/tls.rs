//! HTTPS: whose certificate is believed. The target is no receiver; that it can answer 404 shows that
//! the connection stands.

use brunt_output::{Catalogue, Environment};
use brunt_output_prometheus::Mimir;
use brunt_testkit::Target;

use crate::common::output;

async fn check(target: &Target, keys: &str) -> String {
    let url = target.url("/no-receiver").replace("127.0.0.1", "localhost");
    output(&format!("mimir={url}{keys}"))
        .check()
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_believed_only_with_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    let target = Target::https().unwrap();
    target.write_ca(&authority).unwrap();
    let stranger = check(&target, "").await;
    assert!(stranger.contains("certificate"), "{stranger}");
    let known = check(&target, &format!(",ca-file={}", authority.display())).await;
    assert!(known.contains("404 Not Found"), "{known}");
    let blind = check(&target, ",insecure-skip-verify=true,tls-min=1.3").await;
    assert!(blind.contains("404 Not Found"), "{blind}");
}

#[test]
fn files_that_are_no_certificates_are_errors_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.pem");
    std::fs::write(&file, "nonsense").unwrap();
    let file = file.display();
    let error = |keys: String| {
        let argument = format!("mimir=http://localhost,{keys}");
        let catalogue = Catalogue::new().with(Mimir);
        catalogue
            .configure(&[argument], &Environment::new())
            .err()
            .unwrap()
            .to_string()
    };
    assert!(error("ca-file=/nowhere/ca.pem".to_owned()).contains("cannot read '/nowhere/ca.pem'"));
    assert!(error(format!("ca-file={file}")).contains("no PEM certificate"));
    assert!(error(format!("client-cert={file}")).contains("together or not at all"));
    let pair = error(format!("client-cert={file},client-key={file}"));
    assert!(pair.contains("not a PEM certificate and its key"), "{pair}");
}
