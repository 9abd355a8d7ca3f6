//! What the keys of an instance mean, checked before the test starts.

mod endpoint;
mod keys;

use std::time::Duration;

use brunt_delivery::http::{self, Auth, Tls};
use brunt_output::{Choice, ConfigError, Settings, TagChoice, lists};
use reqwest::Url;
use reqwest::header::HeaderMap;

use crate::client::RESERVED;
use crate::stream::{Histogram, Temporality};
pub(crate) use keys::{GRAFANA_CLOUD_KEYS, K6_KEYS, NEW_RELIC_KEYS, OTLP_KEYS};

/// Which of the names was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Otlp,
    K6,
    NewRelic,
    GrafanaCloud,
}

/// How requests travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http,
}

/// Everything that is fixed for one instance.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) instance: String,
    /// The same as `--out` has it.
    pub(crate) out_name: String,
    pub(crate) protocol: Protocol,
    /// With the path, without user and password.
    pub(crate) url: Url,
    /// Whether TLS is spoken only because the address does not say what is.
    tls_is_implied: bool,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) gzip: bool,
    pub(crate) most_bytes: usize,
    pub(crate) auth: Auth,
    /// The user's own headers.
    pub(crate) headers: HeaderMap,
    pub(crate) tls: Tls,
    pub(crate) check: bool,
    /// Resource attributes, each name once; `service.instance.id` may be missing.
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) shape: Shape,
}

/// How series are named and what they carry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    pub(crate) prefix: String,
    pub(crate) temporality: Temporality,
    pub(crate) histogram: Histogram,
    pub(crate) tags: TagChoice,
    /// Which metrics are sent.
    pub(crate) metrics: Choice,
    /// Attributes of all series; a tag of the same name wins.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) testid: Option<String>,
    /// Whether the run's summary is sent at its end.
    pub(crate) summary: bool,
    /// Whether it is sent how outputs and engine are doing.
    pub(crate) telemetry: bool,
}

impl Config {
    /// Reads the settings; defaults are those of the flavour's key table.
    pub(crate) fn read(flavour: Flavour, settings: &Settings) -> Result<Self, ConfigError> {
        let settings = &settings.with_defaults(flavour.keys());
        let endpoint::Endpoint {
            protocol,
            mut url,
            tls_is_implied,
        } = endpoint::read(flavour, settings)?;
        let auth = Auth::read(settings, &mut url)?;
        let headers = read_headers(settings)?;
        http::one_authorization(settings, &headers, !auth.is_none())?;
        let gzip = match settings.get("compression").unwrap_or("gzip") {
            "gzip" => true,
            "none" => false,
            other => return Err(settings.invalid("compression", other, "gzip or none")),
        };
        // Only checked: values are added up as they come, whenever they are sent.
        settings.duration("flush-interval")?;
        Ok(Self {
            instance: settings.instance.clone(),
            out_name: settings.out_name(),
            protocol,
            url,
            tls_is_implied,
            interval: settings.interval(Duration::from_secs(10))?,
            timeout: http::timeout(settings)?,
            gzip,
            most_bytes: settings.positive("max-size")?.unwrap_or(4_000_000),
            auth,
            headers,
            tls: Tls::read(settings)?,
            check: settings.switch("check")?.unwrap_or(true),
            resource: read_resource(settings)?,
            shape: read_shape(settings)?,
        })
    }

    /// What else to say about a receiver that did not answer.
    pub(crate) fn hint(&self, error: &reqwest::Error) -> &'static str {
        if self.tls_is_implied && !error.is_timeout() {
            "; it was asked with TLS: http:// before the address asks without"
        } else {
            ""
        }
    }
}

impl Flavour {
    pub(crate) fn keys(self) -> &'static [brunt_output::Key] {
        match self {
            Self::Otlp => OTLP_KEYS,
            Self::K6 => K6_KEYS,
            Self::NewRelic => NEW_RELIC_KEYS,
            Self::GrafanaCloud => GRAFANA_CLOUD_KEYS,
        }
    }
}

fn read_headers(settings: &Settings) -> Result<HeaderMap, ConfigError> {
    // OpenTelemetry's form: `k=v,k=v` with percent-encoded values.
    let listed = lists::pairs(settings.get("headers").unwrap_or_default(), &['='])
        .map_err(|part| settings.invalid("headers", &part, "NAME=VALUE;NAME=VALUE"))?
        .into_iter()
        .map(|(name, value)| (name, lists::percent_decode(&value)));
    let api_key = settings
        .get("api-key")
        .map(|key| ("api-key".to_owned(), key.to_owned()));
    http::headers(settings, listed.chain(api_key), RESERVED)
}

/// The resource attributes; those of the keys win over those of the list (OpenTelemetry, resource
/// SDK: `OTEL_SERVICE_NAME` over `OTEL_RESOURCE_ATTRIBUTES`), and these over defaults.
fn read_resource(settings: &Settings) -> Result<Vec<(String, String)>, ConfigError> {
    let mut resource: Vec<(String, String)> = Vec::new();
    let mut add = |name: String, value: String| {
        if !value.is_empty() && resource.iter().all(|(known, _)| *known != name) {
            resource.push((name, value));
        }
    };
    for (name, key) in [
        ("service.name", "service-name"),
        ("service.version", "service-version"),
    ] {
        let value = settings.get(key).unwrap_or_default();
        add(name.to_owned(), value.to_owned());
    }
    let listed = lists::pairs(settings.get("resource").unwrap_or_default(), &['='])
        .map_err(|part| settings.invalid("resource", &part, "NAME=VALUE;NAME=VALUE"))?;
    for (name, value) in listed {
        add(name, lists::percent_decode(&value));
    }
    add("service.name".to_owned(), "k6".to_owned());
    add(
        "service.version".to_owned(),
        env!("CARGO_PKG_VERSION").to_owned(),
    );
    Ok(resource)
}

fn read_shape(settings: &Settings) -> Result<Shape, ConfigError> {
    // OpenTelemetry's variables are read in any case of letters.
    let word = |key: &str| settings.get(key).unwrap_or_default().to_ascii_lowercase();
    let temporality = match word("temporality").as_str() {
        "cumulative" => Temporality::Cumulative,
        // Differences of everything that is sent here are what "low memory" means as well.
        "delta" | "lowmemory" => Temporality::Delta,
        other => return Err(settings.invalid("temporality", other, "cumulative or delta")),
    };
    let histogram = match word("histogram").as_str() {
        "exponential" | "base2_exponential_bucket_histogram" => Histogram::Exponential,
        "explicit" | "explicit_bucket_histogram" => Histogram::Explicit,
        other => return Err(settings.invalid("histogram", other, "exponential or explicit")),
    };
    let labels = lists::pairs(settings.get("labels").unwrap_or_default(), &[':', '=']);
    let mut labels =
        labels.map_err(|part| settings.invalid("labels", &part, "NAME:VALUE;NAME:VALUE"))?;
    labels.extend(
        settings
            .family("label")
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    Ok(Shape {
        prefix: settings.get("prefix").unwrap_or_default().to_owned(),
        temporality,
        histogram,
        tags: TagChoice {
            keep_url: settings.switch("keep-url")?.unwrap_or(false),
            names: settings.choice("keep", "drop")?,
        },
        metrics: settings.choice("keep-metrics", "drop-metrics")?,
        labels,
        testid: settings.get("testid").map(str::to_owned),
        summary: settings.switch("summary")?.unwrap_or(true),
        telemetry: settings.switch("telemetry")?.unwrap_or(true),
    })
}

#[cfg(test)]
mod tests;
