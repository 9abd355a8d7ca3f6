use brunt_output::{Catalogue, Environment};

use super::*;
use crate::{K6RemoteWrite, Mimir, Prometheus};

fn read(
    flavour: Flavour,
    argument: &str,
    environment: &[(&str, &str)],
) -> Result<Config, ConfigError> {
    let environment: Environment = environment
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let catalogue = Catalogue::new()
        .with(Mimir)
        .with(Prometheus)
        .with(K6RemoteWrite);
    Config::read(flavour, &catalogue.settings(argument, &environment)?)
}

fn mimir(argument: &str) -> Config {
    read(Flavour::Mimir, argument, &[]).unwrap()
}

fn error(argument: &str) -> String {
    read(Flavour::Mimir, argument, &[])
        .err()
        .unwrap()
        .to_string()
}

fn header<'a>(config: &'a Config, name: &str) -> &'a str {
    config.headers[name].to_str().unwrap()
}

#[test]
fn a_url_without_a_path_gets_the_receiver_s_own() {
    assert_eq!(
        mimir("mimir=http://h:9009").url.as_str(),
        "http://h:9009/api/v1/push"
    );
    assert_eq!(
        mimir("mimir=http://h:9009/").url.as_str(),
        "http://h:9009/api/v1/push"
    );
    assert_eq!(
        mimir("mimir=http://h/x/push").url.as_str(),
        "http://h/x/push"
    );
    assert_eq!(
        mimir("mimir=url=https://h").url.as_str(),
        "https://h/api/v1/push"
    );
    assert_eq!(
        mimir("mimir").url.as_str(),
        "http://localhost:9009/api/v1/push"
    );
    let prometheus = read(Flavour::Prometheus, "prometheus=http://h:9090", &[]).unwrap();
    assert_eq!(prometheus.url.as_str(), "http://h:9090/api/v1/write");
}

#[test]
fn a_wrong_url_is_explained_without_its_password() {
    assert!(error("mimir=localhost:9009").contains("it must begin with http:// or https://"));
    let shown = error("mimir=ftp://me:hush@h");
    assert!(!shown.contains("hush"), "{shown}");
    let shown = error("mimir=http://me:hush@h:99999");
    assert!(shown.contains("port") && !shown.contains("hush"), "{shown}");
}

#[test]
fn credentials_leave_the_url() {
    let config = mimir("mimir=http://me:a%40b@h");
    assert_eq!(config.url.as_str(), "http://h/api/v1/push");
    assert!(
        matches!(config.auth, Auth::Basic { user, password } if user == "me" && password == "a@b")
    );
    assert!(error("mimir=http://h,password=x").contains("no username"));
    let config = mimir("mimir=http://h,username=u,password=p,bearer-token=t");
    assert!(matches!(config.auth, Auth::Bearer(token) if token == "t"));
    assert!(
        error("mimir=http://h,bearer-token=t,header.authorization=x").contains("Authorization")
    );
}

#[test]
fn headers_come_in_every_form() {
    let config = mimir("mimir=http://h,tenant=a,headers=X-A:1:2;X-B:p,header.X-C=3");
    let all: Vec<_> = ["x-scope-orgid", "x-a", "x-b", "x-c"]
        .map(|name| header(&config, name))
        .into();
    assert_eq!(all, ["a", "1:2", "p", "3"]);
    let k6 = [
        ("K6_PROMETHEUS_RW_HTTP_HEADERS", "X-A:1,X-B:2"),
        ("K6_PROMETHEUS_RW_HEADERS_X-C", "3"),
    ];
    let config = read(Flavour::K6, "experimental-prometheus-rw", &k6).unwrap();
    let all: Vec<_> = ["x-a", "x-b", "x-c"]
        .map(|name| header(&config, name))
        .into();
    assert_eq!(all, ["1", "2", "3"]);
    assert!(error("mimir=http://h,header.User-Agent=x").contains("belongs to the protocol"));
    assert!(error("mimir=http://h,headers=nonsense").contains("'nonsense'"));
    assert!(error("mimir=http://h,header.a b=x").contains("no name of a header"));
}

#[test]
fn k6_s_name_has_k6_s_defaults_and_variables() {
    let names = |config: &Config| {
        config
            .shape
            .stats
            .iter()
            .map(TrendStat::suffix)
            .collect::<Vec<_>>()
            .join(",")
    };
    let config = read(Flavour::K6, "experimental-prometheus-rw", &[]).unwrap();
    assert_eq!(
        (names(&config).as_str(), config.shape.native),
        ("p99", false)
    );
    assert!(!config.stale_markers);
    let own = mimir("mimir");
    assert_eq!(
        (names(&own).as_str(), own.shape.native),
        ("min,max,avg,p95,p99", true)
    );
    assert!(own.stale_markers);
    let k6 = [
        ("K6_PROMETHEUS_RW_SERVER_URL", "http://h/w"),
        ("K6_PROMETHEUS_RW_PUSH_INTERVAL", "2s"),
        ("K6_PROMETHEUS_RW_TREND_STATS", "p(95),count"),
        ("K6_PROMETHEUS_RW_STALE_MARKERS", "true"),
        ("K6_PROMETHEUS_RW_USERNAME", "u"),
        ("K6_PROMETHEUS_RW_PASSWORD", "p"),
        ("K6_PROMETHEUS_RW_LABELS", "a=1,b=2"),
        ("K6_PROMETHEUS_RW_INSECURE_SKIP_TLS_VERIFY", "true"),
        ("K6_PROMETHEUS_RW_TLS_MINIMUM_VERSION", "1.3"),
    ];
    let config = read(Flavour::K6, "experimental-prometheus-rw", &k6).unwrap();
    assert_eq!(
        (names(&config).as_str(), config.interval.as_secs()),
        ("p95,count", 2)
    );
    assert_eq!(config.url.as_str(), "http://h/w");
    assert!(config.stale_markers && config.tls.insecure && config.tls.only_1_3);
    assert!(matches!(config.auth, Auth::Basic { .. }));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(config.shape.labels, [pair("a", "1"), pair("b", "2")]);
    let native = [("K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM", "true")];
    let config = read(Flavour::K6, "experimental-prometheus-rw", &native).unwrap();
    assert!(config.shape.native && config.shape.stats.is_empty());
    let signed = [
        ("K6_PROMETHEUS_RW_SIGV4_REGION", "eu-west-1"),
        ("K6_PROMETHEUS_RW_SIGV4_ACCESS_KEY", "A"),
        ("K6_PROMETHEUS_RW_SIGV4_SECRET_KEY", "S"),
    ];
    let config = read(Flavour::K6, "experimental-prometheus-rw", &signed).unwrap();
    assert!(config.signer.is_some());
    let refused = |environment: &[(&str, &str)]| {
        let config = read(Flavour::K6, "experimental-prometheus-rw", environment);
        config.err().unwrap().to_string()
    };
    assert!(refused(&signed[..2]).contains("together"));
    let both = [&signed[..], &[("K6_PROMETHEUS_RW_BEARER_TOKEN", "t")]].concat();
    assert!(refused(&both).contains("sigv4-region is given beside"));
    // A developer's own keys do not sign anything by themselves.
    let keys = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "S")];
    let config = read(Flavour::Mimir, "mimir", &keys).unwrap();
    assert!(matches!(config.auth, Auth::None));
}

#[test]
fn a_wrong_value_names_its_key() {
    for (argument, word) in [
        ("mimir=http://h,interval=0", "interval"),
        ("mimir=http://h,timeout=0s", "timeout"),
        ("mimir=http://h,trends=some", "trends"),
        ("mimir=http://h,stats=p(101)", "stats"),
        ("mimir=http://h,prefix=9_", "prefix"),
        ("mimir=http://h,labels=x", "labels"),
        ("mimir=http://h,max-batch=0", "max-batch"),
        ("mimir=http://h,max-bytes=x", "max-bytes"),
        ("mimir=http://h,concurrency=0", "concurrency"),
        ("mimir=http://h,protocol=3", "protocol"),
        ("mimir=http://h,resend=never", "resend"),
        ("mimir=http://h,summary=maybe", "summary"),
        ("mimir=http://h,max-labels=3", "max-labels"),
        ("mimir=http://h,max-label-name=8", "max-label-name"),
        ("mimir=http://h,max-label-value=0", "max-label-value"),
        ("mimir=http://h,check=maybe", "check"),
        ("mimir=http://h,tls-min=1.1", "tls-min"),
    ] {
        let message = error(argument);
        assert!(message.contains(&format!("key '{word}'")), "{message}");
    }
}
