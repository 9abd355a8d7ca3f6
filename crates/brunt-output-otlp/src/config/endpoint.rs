//! Where requests go, and how: the target, or what k6's variables say.

use brunt_output::{ConfigError, Settings};
use reqwest::Url;

use super::{Flavour, Protocol};

/// The gRPC method (OTLP specification, OTLP/gRPC).
const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// The path of metrics (OTLP specification, OTLP/HTTP).
const METRICS: &str = "/v1/metrics";

/// The port of OTLP over HTTP.
const HTTP_PORT: u16 = 4318;

pub(super) struct Endpoint {
    pub(super) protocol: Protocol,
    pub(super) url: Url,
    pub(super) tls_is_implied: bool,
}

/// Reads the target, `url`, `region` and `protocol`, and k6's keys for endpoints.
pub(super) fn read(flavour: Flavour, settings: &Settings) -> Result<Endpoint, ConfigError> {
    let protocol = match settings.get("protocol") {
        None => None,
        Some("grpc") => Some(Protocol::Grpc),
        Some("http" | "http/protobuf") => Some(Protocol::Http),
        Some(other) => return Err(settings.invalid("protocol", other, "grpc or http")),
    };
    // Both are read whichever is used, so that no mistake goes unseen.
    let grpc_plain = settings.switch("grpc-insecure")?;
    let http_plain = settings.switch("http-insecure")?;
    let given = Some(settings.target.as_str())
        .filter(|target| !target.is_empty())
        .or(settings.get("url"));
    let k6 = match protocol {
        Some(Protocol::Http) => settings.get("http-endpoint"),
        _ => settings.get("grpc-endpoint"),
    };
    let target = match (given, k6, flavour) {
        (Some(target), ..) | (None, Some(target), _) => target,
        (None, None, Flavour::NewRelic) => of_region(settings)?,
        (None, None, Flavour::GrafanaCloud) => {
            return Err(settings.error(
                "the address is missing: --out grafana-cloud=https://otlp-gateway-….grafana.net/otlp, \
                 as the stack's page shows it under OpenTelemetry",
            ));
        }
        // k6's own default, which is asked with TLS.
        (None, None, Flavour::K6) => match protocol {
            Some(Protocol::Http) => "localhost:4318",
            _ => "localhost:4317",
        },
        (None, None, Flavour::Otlp) => match protocol {
            Some(Protocol::Http) => "http://localhost:4318",
            _ => "http://localhost:4317",
        },
    };
    let has_scheme = target.contains("://");
    // `localhost:4317`, as k6 and OpenTelemetry have it: TLS, unless it is switched off.
    let plain = match protocol {
        Some(Protocol::Http) => http_plain,
        _ => grpc_plain,
    }
    .unwrap_or(false);
    let full = match (has_scheme, plain) {
        (true, _) => target.to_owned(),
        (false, true) => format!("http://{target}"),
        (false, false) => format!("https://{target}"),
    };
    // Whatever is wrong with it, a password in it must not be shown.
    let shown = target.rsplit_once('@').map_or(target, |(_, host)| host);
    let wrong = |why: &str| {
        settings.error(format!(
            "'{shown}' is no address of a receiver: {why}, as in http://localhost:4317"
        ))
    };
    let mut url = Url::parse(&full).map_err(|reason| wrong(&reason.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with http:// or https://"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let protocol = protocol.unwrap_or(if !path.is_empty() || url.port() == Some(HTTP_PORT) {
        Protocol::Http
    } else {
        Protocol::Grpc
    });
    match protocol {
        Protocol::Grpc if !path.is_empty() => {
            return Err(wrong(
                "gRPC has no path; take it away, or send with protocol=http",
            ));
        }
        Protocol::Grpc => url.set_path(METHOD),
        Protocol::Http => match settings.get("http-path") {
            Some(own) => url.set_path(own),
            None if path.ends_with(METRICS) => {}
            None => url.set_path(&format!("{path}{METRICS}")),
        },
    }
    Ok(Endpoint {
        protocol,
        url,
        tls_is_implied: !has_scheme && !plain,
    })
}

fn of_region(settings: &Settings) -> Result<&'static str, ConfigError> {
    match settings.get("region").unwrap_or("us") {
        "us" => Ok("https://otlp.nr-data.net"),
        "eu" => Ok("https://otlp.eu01.nr-data.net"),
        other => Err(settings.invalid("region", other, "us or eu")),
    }
}
