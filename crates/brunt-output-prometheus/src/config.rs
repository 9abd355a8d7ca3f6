//! What the keys of an instance mean, checked before the test starts.

mod keys;
mod signature;

use std::time::Duration;

use brunt_delivery::http::{self, Auth, Tls};
use brunt_output::{Choice, ConfigError, Settings, TagChoice, lists};
use reqwest::Url;
use reqwest::header::HeaderMap;

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
    /// The same as `--out` has it.
    pub(crate) out_name: String,
    /// Without user and password.
    pub(crate) url: Url,
    pub(crate) interval: Duration,
    pub(crate) auth: Auth,
    /// AWS' signature of each request, instead.
    pub(crate) signer: Option<Box<Signer>>,
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

impl Config {
    /// Reads the settings; defaults are those of the flavour's key table.
    pub(crate) fn read(flavour: Flavour, settings: &Settings) -> Result<Self, ConfigError> {
        let settings = &settings.with_defaults(flavour.keys());
        let mut url = read_url(flavour, settings)?;
        let auth = Auth::read(settings, &mut url)?;
        let signer = signature::read(settings)?;
        if signer.is_some() && !auth.is_none() {
            return Err(settings
                .error("sigv4-region is given beside a user or a token: take one of them away"));
        }
        let headers = read_headers(settings)?;
        http::one_authorization(settings, &headers, signer.is_some() || !auth.is_none())?;
        Ok(Self {
            instance: settings.instance.clone(),
            out_name: settings.out_name(),
            interval: settings.interval(Duration::from_secs(5))?,
            auth,
            signer: signer.map(Box::new),
            headers,
            tls: Tls::read(settings)?,
            timeout: http::timeout(settings)?,
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
    let tenant = settings
        .get("tenant")
        .map(|tenant| ("X-Scope-OrgID".to_owned(), tenant.to_owned()));
    http::headers(settings, listed.into_iter().chain(tenant), RESERVED)
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
