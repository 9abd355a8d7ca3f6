//! What the keys of an instance mean, checked before the test starts.

mod keys;
mod signature;

use std::time::Duration;

use brunt_output::{Choice, ConfigError, Settings, TagChoice, lists};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::labels::Limits;
use crate::loads::Bounds;
use crate::sigv4::Signer;
use crate::trend_stats::TrendStat;
use crate::wire::Version;
pub(crate) use keys::{K6_KEYS, MIMIR_KEYS, PROMETHEUS_KEYS};

/// Which of the three names was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Mimir,
    Prometheus,
    K6,
}

/// Everything that is fixed for one instance.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) instance: String,
    /// Without user and password.
    pub(crate) url: Url,
    pub(crate) interval: Duration,
    pub(crate) auth: Auth,
    /// The user's own headers, the tenant among them.
    pub(crate) headers: HeaderMap,
    pub(crate) tls: Tls,
    pub(crate) timeout: Duration,
    pub(crate) check: bool,
    pub(crate) shape: Shape,
    /// How much goes into one request.
    pub(crate) bounds: Bounds,
    /// Most requests under way at a time.
    pub(crate) concurrency: usize,
    /// The version of the protocol, if it is not to be found out.
    pub(crate) version: Option<Version>,
    /// After how long a series that does not change is sent again.
    pub(crate) resend: Duration,
    pub(crate) stale_markers: bool,
    pub(crate) proxy: Option<String>,
}

/// How series are named and labelled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    pub(crate) prefix: String,
    /// Statistics of trends that are sent as series of their own.
    pub(crate) stats: Vec<TrendStat>,
    /// Whether trends are sent as native histograms.
    pub(crate) native: bool,
    /// Which tags become labels.
    pub(crate) tags: TagChoice,
    /// Which metrics are sent.
    pub(crate) metrics: Choice,
    pub(crate) limits: Limits,
    /// Whether the series of the run as a whole are sent.
    pub(crate) summary: bool,
    /// Labels of all series; a tag of the same name wins.
    pub(crate) labels: Vec<(String, String)>,
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
    /// AWS' signature of each request.
    Signature(Box<Signer>),
}

/// How the receiver's certificate is judged, and our own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    pub(crate) insecure: bool,
    pub(crate) ca_file: Option<String>,
    pub(crate) client_cert: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) only_1_3: bool,
}

impl Config {
    /// Reads the settings; defaults are those of the flavour's key table.
    pub(crate) fn read(flavour: Flavour, settings: &Settings) -> Result<Self, ConfigError> {
        let keys = flavour.keys();
        let settings = &with_defaults(settings, keys);
        let mut url = read_url(flavour, settings)?;
        let mut auth = Auth::None;
        if !url.username().is_empty() {
            let decode = |text: &str| lists::percent_decode(text);
            auth = Auth::Basic {
                user: decode(url.username()),
                password: decode(url.password().unwrap_or_default()),
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
        if let Some(signer) = signature::read(settings)? {
            if !matches!(auth, Auth::None) {
                return Err(settings.error(
                    "sigv4-region is given beside a user or a token: take one of them away",
                ));
            }
            auth = Auth::Signature(Box::new(signer));
        }
        let headers = read_headers(settings)?;
        if headers.contains_key(AUTHORIZATION) && !matches!(auth, Auth::None) {
            return Err(settings.error(
                "the header Authorization is given beside a user, a token or SigV4: take one of them away",
            ));
        }
        let tls_minimum = settings.get("tls-min").unwrap_or("1.2");
        if !matches!(tls_minimum, "1.2" | "1.3") {
            return Err(settings.invalid("tls-min", tls_minimum, "1.2 or 1.3"));
        }
        let owned = |key: &str| settings.get(key).map(str::to_owned);
        let tls = Tls {
            insecure: settings.switch("insecure-skip-verify")?.unwrap_or(false),
            ca_file: owned("ca-file"),
            client_cert: owned("client-cert"),
            client_key: owned("client-key"),
            only_1_3: tls_minimum == "1.3",
        };
        let interval = settings
            .duration("interval")?
            .unwrap_or(Duration::from_secs(5));
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
            interval,
            auth,
            headers,
            tls,
            timeout,
            check: settings.switch("check")?.unwrap_or(true),
            shape: read_shape(settings)?,
            bounds: Bounds {
                series: settings.positive("max-batch")?.unwrap_or(2_000),
                bytes: settings.positive("max-bytes")?.unwrap_or(4_000_000),
            },
            concurrency: settings.positive("concurrency")?.unwrap_or(4),
            version: read_version(settings)?,
            resend: settings
                .duration("resend")?
                .unwrap_or(Duration::from_secs(15)),
            proxy: settings.get("proxy").map(str::to_owned),
            stale_markers: settings.switch("stale-markers")?.unwrap_or(true),
            url,
        })
    }
}

impl Flavour {
    fn keys(self) -> &'static [brunt_output::Key] {
        match self {
            Self::Mimir => MIMIR_KEYS,
            Self::Prometheus => PROMETHEUS_KEYS,
            Self::K6 => K6_KEYS,
        }
    }
}

fn read_version(settings: &Settings) -> Result<Option<Version>, ConfigError> {
    match settings.get("protocol").unwrap_or("auto") {
        "auto" => Ok(None),
        "1.0" | "1" => Ok(Some(Version::One)),
        "2.0" | "2" => Ok(Some(Version::Two)),
        other => Err(settings.invalid("protocol", other, "auto, 1.0 or 2.0")),
    }
}

/// The table that `brunt outputs` prints is where the defaults are, so that both cannot differ.
fn with_defaults(settings: &Settings, keys: &[brunt_output::Key]) -> Settings {
    let mut all = settings.clone();
    for key in keys.iter().filter(|key| !key.default.is_empty()) {
        all.keys
            .entry(key.name.to_owned())
            .or_insert_with(|| key.default.to_owned());
    }
    all
}

fn read_url(flavour: Flavour, settings: &Settings) -> Result<Url, ConfigError> {
    let target = match settings.target.as_str() {
        "" => settings.get("url").unwrap_or_default(),
        target => target,
    };
    // Whatever is wrong with it, a password in it must not be shown.
    let shown = target.rsplit_once('@').map_or(target, |(_, host)| host);
    let wrong = |why: &str| {
        settings.error(format!(
            "'{shown}' is no URL of a receiver: {why}, as in http://localhost:9009"
        ))
    };
    if !target.starts_with("http://") && !target.starts_with("https://") {
        return Err(wrong("it must begin with http:// or https://"));
    }
    let mut url = Url::parse(target).map_err(|reason| wrong(&reason.to_string()))?;
    if matches!(url.path(), "" | "/") {
        let path = if flavour == Flavour::Mimir {
            "/api/v1/push"
        } else {
            "/api/v1/write"
        };
        url.set_path(path);
    }
    Ok(url)
}

fn read_headers(settings: &Settings) -> Result<HeaderMap, ConfigError> {
    const RESERVED: &[&str] = &[
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-amz-date",
        "x-prometheus-remote-write-version",
    ];
    let listed = lists::pairs(settings.get("headers").unwrap_or_default(), &[':']);
    let listed =
        listed.map_err(|part| settings.invalid("headers", &part, "NAME:VALUE;NAME:VALUE"))?;
    let named = settings
        .family("header")
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let tenant = settings
        .get("tenant")
        .map(|tenant| ("X-Scope-OrgID".to_owned(), tenant.to_owned()));
    let mut headers = HeaderMap::new();
    for (name, value) in listed.into_iter().chain(named).chain(tenant) {
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

fn read_shape(settings: &Settings) -> Result<Shape, ConfigError> {
    let prefix = settings.get("prefix").unwrap_or_default().to_owned();
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    if !prefix.bytes().all(valid) || prefix.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        let expected = "letters, digits, underscores and colons, not beginning with a digit";
        return Err(settings.invalid("prefix", &prefix, expected));
    }
    // k6's switch for native histograms is one of the variables of this key.
    let trends = settings.get("trends").unwrap_or("both");
    let (native, statistics) = match trends {
        "both" => (true, true),
        "native" | "true" => (true, false),
        "stats" | "false" => (false, true),
        other => return Err(settings.invalid("trends", other, "native, stats or both")),
    };
    let mut stats = Vec::new();
    for name in lists::items(settings.get("stats").unwrap_or_default()).filter(|_| statistics) {
        let stat = TrendStat::parse(name).ok_or_else(|| {
            settings.invalid(
                "stats",
                name,
                "avg, min, med, max, count, sum or p(N) with N from 0 to 100",
            )
        })?;
        if !stats.contains(&stat) {
            stats.push(stat);
        }
    }
    let labels = lists::pairs(settings.get("labels").unwrap_or_default(), &[':', '=']);
    let mut labels =
        labels.map_err(|part| settings.invalid("labels", &part, "NAME:VALUE;NAME:VALUE"))?;
    labels.extend(
        settings
            .family("label")
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    if let Some(testid) = settings.get("testid") {
        labels.push(("testid".to_owned(), testid.to_owned()));
    }
    let mimir = Limits::default();
    let limits = Limits {
        labels: settings.positive("max-labels")?.unwrap_or(mimir.labels),
        name: settings.positive("max-label-name")?.unwrap_or(mimir.name),
        value: settings.positive("max-label-value")?.unwrap_or(mimir.value),
    };
    // The name, the instance and the test, without which series would be mixed up; and names that
    // cannot be told apart would be mixed up too.
    for (key, given, least) in [
        ("max-labels", limits.labels, 4),
        ("max-label-name", limits.name, 16),
    ] {
        if given < least {
            let expected = format!("at least {least}");
            return Err(settings.invalid(key, &given.to_string(), &expected));
        }
    }
    Ok(Shape {
        prefix,
        stats,
        native,
        tags: TagChoice {
            keep_url: settings.switch("keep-url")?.unwrap_or(false),
            names: settings.choice("keep", "drop")?,
        },
        metrics: settings.choice("keep-metrics", "drop-metrics")?,
        limits,
        summary: settings.switch("summary")?.unwrap_or(true),
        labels,
    })
}

#[cfg(test)]
mod tests;
