//! The three names of remote write, which differ in their defaults only.

use brunt_output::{ConfigError, Key, Output, OutputKind, Settings};

use crate::config::{Config, Flavour, K6_KEYS, MIMIR_KEYS, PROMETHEUS_KEYS};
use crate::output::RemoteWriteOutput;

/// `--out mimir=URL`: a URL without a path gets Mimir's `/api/v1/push`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mimir;

/// `--out prometheus=URL`: a URL without a path gets Prometheus' `/api/v1/write`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prometheus;

/// `--out experimental-prometheus-rw`: k6's name with k6's defaults, set by k6's variables.
#[derive(Debug, Clone, Copy, Default)]
pub struct K6RemoteWrite;

fn configure(flavour: Flavour, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
    Ok(Box::new(RemoteWriteOutput::new(Config::read(
        flavour, settings,
    )?)?))
}

impl OutputKind for Mimir {
    fn names(&self) -> &'static [&'static str] {
        &["mimir"]
    }

    fn about(&self) -> &'static str {
        "Grafana Mimir by remote write. A URL without a path gets /api/v1/push."
    }

    fn example(&self) -> &'static str {
        "--out mimir=http://localhost:9009,tenant=team-a"
    }

    fn keys(&self) -> &'static [Key] {
        MIMIR_KEYS
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::Mimir, settings)
    }
}

impl OutputKind for Prometheus {
    fn names(&self) -> &'static [&'static str] {
        &["prometheus"]
    }

    fn about(&self) -> &'static str {
        "Prometheus and whatever else takes remote write. A URL without a path gets /api/v1/write."
    }

    fn example(&self) -> &'static str {
        "--out prometheus=http://localhost:9090"
    }

    fn keys(&self) -> &'static [Key] {
        PROMETHEUS_KEYS
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::Prometheus, settings)
    }
}

impl OutputKind for K6RemoteWrite {
    fn names(&self) -> &'static [&'static str] {
        &["experimental-prometheus-rw"]
    }

    fn about(&self) -> &'static str {
        "Remote write under k6's name and with k6's defaults: only p(99) of trends, no stale markers."
    }

    fn example(&self) -> &'static str {
        "K6_PROMETHEUS_RW_SERVER_URL=http://localhost:9090/api/v1/write ... --out experimental-prometheus-rw"
    }

    fn keys(&self) -> &'static [Key] {
        K6_KEYS
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::K6, settings)
    }
}
