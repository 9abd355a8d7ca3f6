//! What the keys of an instance mean, checked before the test starts.

mod endpoint;
mod keys;

use std::time::Duration;

use brunt_delivery::http::Tls;
use brunt_output::{Choice, ConfigError, Settings, TagChoice, lists};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

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
    pub(crate) flavour: Flavour,
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

/// How a request says who sends it.
#[derive(Clone, Default)]
pub(crate) enum Auth {
    #[default]
    None,
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
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
        let auth = read_auth(settings, &mut url)?;
        let headers = read_headers(settings)?;
        if headers.contains_key(AUTHORIZATION) && !matches!(auth, Auth::None) {
            return Err(settings.error(
                "the header Authorization is given beside a user or a token: take one of them away",
            ));
        }
        let gzip = match settings.get("compression").unwrap_or("gzip") {
            "gzip" => true,
            "none" => false,
            other => return Err(settings.invalid("compression", other, "gzip or none")),
        };
        // Only checked: values are added up as they come, whenever they are sent.
        settings.duration("flush-interval")?;
        let interval = settings
            .duration("interval")?
            .unwrap_or(Duration::from_secs(10));
        if interval < Duration::from_millis(100) {
            let given = settings.get("interval").unwrap_or_default();
            return Err(settings.invalid("interval", given, "at least 100ms"));
        }
        let timeout = settings
            .duration("timeout")?
            .unwrap_or(Duration::from_secs(10));
        if timeout.is_zero() {
            return Err(settings.invalid("timeout", "0", "a time above zero"));
        }
        Ok(Self {
            instance: settings.instance.clone(),
            flavour,
            protocol,
            url,
            tls_is_implied,
            interval,
            timeout,
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

    /// How `--out` would name this instance.
    pub(crate) fn named(&self) -> String {
        let name = self.flavour.name();
        if self.instance == name {
            self.instance.clone()
        } else {
            format!("{name}@{}", self.instance)
        }
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
    /// The name in `--out`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Otlp => "otlp",
            Self::K6 => "opentelemetry",
            Self::NewRelic => "newrelic",
            Self::GrafanaCloud => "grafana-cloud",
        }
    }

    pub(crate) fn keys(self) -> &'static [brunt_output::Key] {
        match self {
            Self::Otlp => OTLP_KEYS,
            Self::K6 => K6_KEYS,
            Self::NewRelic => NEW_RELIC_KEYS,
            Self::GrafanaCloud => GRAFANA_CLOUD_KEYS,
        }
    }
}

fn read_auth(settings: &Settings, url: &mut Url) -> Result<Auth, ConfigError> {
    let mut auth = Auth::None;
    if !url.username().is_empty() {
        auth = Auth::Basic {
            user: lists::percent_decode(url.username()),
            password: lists::percent_decode(url.password().unwrap_or_default()),
        };
        // Neither fails for a URL with a host, which http and https always have.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    match (settings.get("username"), settings.get("password")) {
        (None, None) => {}
        (Some(user), password) => {
            auth = Auth::Basic {
                user: user.to_owned(),
                password: password.unwrap_or_default().to_owned(),
            };
        }
        (None, Some(_)) => {
            return Err(settings.error("there is a password but no username: add username=…"));
        }
    }
    if let Some(token) = settings.get("bearer-token") {
        auth = Auth::Bearer(token.to_owned());
    }
    Ok(auth)
}

fn read_headers(settings: &Settings) -> Result<HeaderMap, ConfigError> {
    // OpenTelemetry's form: `k=v,k=v` with percent-encoded values.
    let listed = lists::pairs(settings.get("headers").unwrap_or_default(), &['='])
        .map_err(|part| settings.invalid("headers", &part, "NAME=VALUE;NAME=VALUE"))?
        .into_iter()
        .map(|(name, value)| (name, lists::percent_decode(&value)));
    let named = settings
        .family("header")
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let api_key = settings
        .get("api-key")
        .map(|key| ("api-key".to_owned(), key.to_owned()));
    let mut headers = HeaderMap::new();
    for (name, value) in listed.chain(named).chain(api_key) {
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(settings.error(format!(
                "the header '{name}' belongs to the protocol and cannot be set"
            )));
        }
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| settings.error(format!("'{name}' is no name of a header")))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            settings.error(format!(
                "the value of the header '{name}' has characters that no header can have"
            ))
        })?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
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
