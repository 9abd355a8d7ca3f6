use brunt_output::{Catalogue, Environment};

use super::*;
use crate::kinds::{GrafanaCloud, K6Opentelemetry, NewRelic, Otlp};

fn read(argument: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let catalogue = Catalogue::new()
        .with(Otlp)
        .with(K6Opentelemetry)
        .with(NewRelic)
        .with(GrafanaCloud);
    let environment: Environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let flavour = match argument.split(['=', ',']).next() {
        Some("otlp") => Flavour::Otlp,
        Some("newrelic") => Flavour::NewRelic,
        Some("grafana-cloud") => Flavour::GrafanaCloud,
        _ => Flavour::K6,
    };
    let settings = catalogue.settings(argument, &environment);
    settings
        .and_then(|settings| Config::read(flavour, &settings))
        .map_err(|error| error.to_string())
}

#[test]
fn addresses_are_read_as_they_are_meant() {
    const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    let table = [
        ("otlp", "http://localhost:4317", true),
        (
            "otlp,protocol=http",
            "http://localhost:4318/v1/metrics",
            false,
        ),
        ("otlp=http://h:4317", "http://h:4317", true),
        ("otlp=http://h:4318", "http://h:4318/v1/metrics", false),
        ("otlp=http://h:4318,protocol=grpc", "http://h:4318", true),
        ("otlp=h:4317", "https://h:4317", true),
        ("otlp=h:4317,grpc-insecure=true", "http://h:4317", true),
        ("otlp=https://h/otlp", "https://h/otlp/v1/metrics", false),
        ("otlp=https://h/otlp/", "https://h/otlp/v1/metrics", false),
        ("otlp=https://h/v1/metrics", "https://h/v1/metrics", false),
        (
            "otlp=http://h:1,protocol=http,http-path=/in",
            "http://h:1/in",
            false,
        ),
        ("opentelemetry", "https://localhost:4317", true),
        (
            "newrelic,api-key=x",
            "https://otlp.nr-data.net/v1/metrics",
            false,
        ),
        (
            "newrelic,region=eu",
            "https://otlp.eu01.nr-data.net/v1/metrics",
            false,
        ),
        (
            "grafana-cloud=https://h/otlp",
            "https://h/otlp/v1/metrics",
            false,
        ),
    ];
    for (argument, url, grpc) in table {
        let config = read(argument, &[]).unwrap();
        let expected = if grpc {
            format!("{url}{METHOD}")
        } else {
            url.to_owned()
        };
        assert_eq!(config.url.as_str(), expected, "{argument}");
        assert_eq!(config.protocol == Protocol::Grpc, grpc, "{argument}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let table = [
        ("otlp=ftp://h", "it must begin with http://"),
        ("otlp=http://me:hidden@", "no address"),
        ("otlp=http://h/x,protocol=grpc", "gRPC has no path"),
        ("otlp,protocol=udp", "grpc or http"),
        ("otlp,compression=zip", "gzip or none"),
        ("otlp,temporality=sometimes", "cumulative or delta"),
        ("otlp,histogram=none", "exponential or explicit"),
        ("otlp,interval=1ms", "at least 100ms"),
        ("otlp,flush-interval=soon", "flush-interval"),
        ("otlp,timeout=0", "above zero"),
        ("otlp,max-size=0", "at least 1"),
        ("otlp,password=x", "add username"),
        ("otlp,header.content-type=x", "belongs to the protocol"),
        (
            "otlp,username=a,header.authorization=x",
            "take one of them away",
        ),
        ("otlp,resource=a", "NAME=VALUE"),
        ("otlp,tls-min=1.1", "1.2 or 1.3"),
        ("newrelic,region=mars", "us or eu"),
        ("grafana-cloud", "the address is missing"),
        ("opentelemetry,nothing=1", "unknown key"),
    ];
    for (argument, words) in table {
        let error = read(argument, &[]).err().unwrap();
        assert!(error.contains(words), "{argument}: {error}");
        assert!(!error.contains("hidden"), "{error}");
    }
}

#[test]
fn variables_are_read_below_the_command_line() {
    let variables = [
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=listed,a=b%20c"),
        ("K6_OTEL_METRIC_PREFIX", "p_"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=1%2C2"),
    ];
    let config = read("otlp", &variables).unwrap();
    assert_eq!(config.resource[0], ("service.name".into(), "listed".into()));
    assert_eq!(config.resource[1], ("a".into(), "b c".into()));
    assert_eq!(config.resource[2].0, "service.version");
    assert_eq!(config.shape.prefix, "p_");
    assert_eq!(config.timeout, Duration::from_millis(2_500));
    assert_eq!(config.headers["x"], "1,2");
    let config = read("otlp,prefix=q_,service-name=own", &variables).unwrap();
    assert_eq!(config.shape.prefix, "q_");
    assert_eq!(config.resource[0].1, "own");
    let plain = read("opentelemetry", &[]).unwrap();
    assert_eq!(plain.shape.histogram, Histogram::Explicit);
    assert_eq!(plain.shape.prefix, "");
}
