//! The four names of OTLP, which differ in defaults only.

use brunt_output::{ConfigError, Key, Output, OutputKind, Settings};

use crate::config::{Config, Flavour};
use crate::output::OtlpOutput;

/// `--out otlp=URL`: any receiver of OTLP.
#[derive(Debug, Clone, Copy, Default)]
pub struct Otlp;

/// `--out opentelemetry`: k6's name with k6's defaults, set by k6's variables.
#[derive(Debug, Clone, Copy, Default)]
pub struct K6Opentelemetry;

/// `--out newrelic`: New Relic's endpoints, delta temporality, the licence key as a header.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewRelic;

/// `--out grafana-cloud=URL`: the OTLP gateway of a Grafana Cloud stack.
#[derive(Debug, Clone, Copy, Default)]
pub struct GrafanaCloud;

fn configure(flavour: Flavour, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
    Ok(Box::new(OtlpOutput::new(Config::read(flavour, settings)?)?))
}

impl OutputKind for Otlp {
    fn names(&self) -> &'static [&'static str] {
        &["otlp"]
    }

    fn about(&self) -> &'static str {
        "Metrics by OTLP, gRPC or HTTP, to collectors and whatever else takes it."
    }

    fn example(&self) -> &'static str {
        "--out otlp=http://localhost:4317"
    }

    fn keys(&self) -> &'static [Key] {
        Flavour::Otlp.keys()
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::Otlp, settings)
    }
}

impl OutputKind for K6Opentelemetry {
    fn names(&self) -> &'static [&'static str] {
        &["opentelemetry", "experimental-opentelemetry"]
    }

    fn about(&self) -> &'static str {
        "OTLP under k6's name and with k6's defaults: gRPC, explicit histograms in milliseconds."
    }

    fn example(&self) -> &'static str {
        "K6_OTEL_GRPC_EXPORTER_ENDPOINT=localhost:4317 K6_OTEL_GRPC_EXPORTER_INSECURE=true ... --out opentelemetry"
    }

    fn keys(&self) -> &'static [Key] {
        Flavour::K6.keys()
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::K6, settings)
    }
}

impl OutputKind for NewRelic {
    fn names(&self) -> &'static [&'static str] {
        &["newrelic"]
    }

    fn about(&self) -> &'static str {
        "New Relic by OTLP: delta temporality, the licence key from NEW_RELIC_LICENSE_KEY."
    }

    fn example(&self) -> &'static str {
        "--out newrelic,region=eu"
    }

    fn keys(&self) -> &'static [Key] {
        Flavour::NewRelic.keys()
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::NewRelic, settings)
    }
}

impl OutputKind for GrafanaCloud {
    fn names(&self) -> &'static [&'static str] {
        &["grafana-cloud"]
    }

    fn about(&self) -> &'static str {
        "Grafana Cloud by OTLP: username is the instance id, password the access policy's token."
    }

    fn example(&self) -> &'static str {
        "--out grafana-cloud=https://otlp-gateway-prod-eu-west-2.grafana.net/otlp,username=123456,password-file=token"
    }

    fn keys(&self) -> &'static [Key] {
        Flavour::GrafanaCloud.keys()
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        configure(Flavour::GrafanaCloud, settings)
    }
}
