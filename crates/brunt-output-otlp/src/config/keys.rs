//! The table of keys. The flavours differ in defaults and variables; New Relic has two keys more.

use brunt_output::{Key, key, secret};

/// `--out otlp`.
pub(crate) static OTLP_KEYS: &[Key] = &keys(&OTLP);

/// `--out opentelemetry`.
pub(crate) static K6_KEYS: &[Key] = &keys(&Defaults {
    protocol: "grpc",
    histogram: "explicit",
    ..OTLP
});

/// `--out grafana-cloud`.
pub(crate) static GRAFANA_CLOUD_KEYS: &[Key] = &keys(&Defaults {
    protocol: "http",
    prefix: "k6_",
    username_env: &["BRUNT_GRAFANA_CLOUD_USERNAME", "GRAFANA_CLOUD_INSTANCE_ID"],
    password_env: &["BRUNT_GRAFANA_CLOUD_PASSWORD", "GRAFANA_CLOUD_TOKEN"],
    url_env: &["BRUNT_GRAFANA_CLOUD_URL", "GRAFANA_CLOUD_OTLP_ENDPOINT"],
    ..OTLP
});

/// `--out newrelic`.
pub(crate) static NEW_RELIC_KEYS: &[Key] = &with(
    &keys(&Defaults {
        protocol: "http",
        prefix: "k6.",
        temporality: "delta",
        url_env: &["BRUNT_NEW_RELIC_URL"],
        ..OTLP
    }),
    [
        secret(
            "api-key",
            &["BRUNT_NEW_RELIC_API_KEY", "NEW_RELIC_LICENSE_KEY"],
            "The licence key of the account that takes the data.",
        ),
        key(
            "region",
            &["BRUNT_NEW_RELIC_REGION"],
            "us",
            "Where the account is, if no address is given: us or eu.",
        ),
    ],
);

const OTLP: Defaults = Defaults {
    protocol: "",
    prefix: "",
    temporality: "cumulative",
    histogram: "exponential",
    username_env: &["BRUNT_OTLP_USERNAME", "K6_OTEL_HTTP_EXPORTER_USERNAME"],
    password_env: &["BRUNT_OTLP_PASSWORD", "K6_OTEL_HTTP_EXPORTER_PASSWORD"],
    url_env: &["BRUNT_OTLP_URL"],
};

struct Defaults {
    protocol: &'static str,
    prefix: &'static str,
    temporality: &'static str,
    histogram: &'static str,
    username_env: &'static [&'static str],
    password_env: &'static [&'static str],
    url_env: &'static [&'static str],
}

/// Two tables as one.
const fn with(common: &[Key; COMMON], more: [Key; 2]) -> [Key; COMMON + 2] {
    let mut all = [more[0]; COMMON + 2];
    let mut at = 0;
    while at < COMMON {
        all[at] = common[at];
        at += 1;
    }
    all[COMMON] = more[0];
    all[COMMON + 1] = more[1];
    all
}

const COMMON: usize = 39;

const fn keys(defaults: &Defaults) -> [Key; COMMON] {
    [
        key(
            "url",
            defaults.url_env,
            "",
            "The receiver, if it is not the target; an address without http:// is asked with TLS.",
        ),
        key(
            "protocol",
            &[
                "BRUNT_OTLP_PROTOCOL",
                "K6_OTEL_EXPORTER_PROTOCOL",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
                "OTEL_EXPORTER_OTLP_PROTOCOL",
            ],
            defaults.protocol,
            "grpc or http. Without it: http for addresses with a path or port 4318, else grpc.",
        ),
        key(
            "grpc-endpoint",
            &["K6_OTEL_GRPC_EXPORTER_ENDPOINT"],
            "",
            "k6's: the receiver for grpc.",
        ),
        key(
            "grpc-insecure",
            &["K6_OTEL_GRPC_EXPORTER_INSECURE"],
            "false",
            "k6's: whether an address without http:// is asked without TLS, for grpc.",
        ),
        key(
            "http-endpoint",
            &["K6_OTEL_HTTP_EXPORTER_ENDPOINT"],
            "",
            "k6's: the receiver for http.",
        ),
        key(
            "http-insecure",
            &["K6_OTEL_HTTP_EXPORTER_INSECURE"],
            "false",
            "k6's: whether an address without http:// is asked without TLS, for http.",
        ),
        key(
            "http-path",
            &["K6_OTEL_HTTP_EXPORTER_URL_PATH"],
            "",
            "The whole path for http; without it, /v1/metrics after the address's own path.",
        ),
        key(
            "username",
            defaults.username_env,
            "",
            "The user for basic authentication.",
        ),
        secret(
            "password",
            defaults.password_env,
            "The password for basic authentication.",
        ),
        secret(
            "bearer-token",
            &["BRUNT_OTLP_BEARER_TOKEN"],
            "The token for bearer authentication; wins over user and password.",
        ),
        secret(
            "headers",
            &[
                "BRUNT_OTLP_HEADERS",
                "K6_OTEL_HEADERS",
                "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
                "OTEL_EXPORTER_OTLP_HEADERS",
            ],
            "More headers, values percent-encoded: NAME=VALUE;NAME=VALUE.",
        ),
        key(
            "header.*",
            &["BRUNT_OTLP_HEADERS_*"],
            "",
            "One more header: header.NAME=VALUE.",
        ),
        key(
            "compression",
            &[
                "BRUNT_OTLP_COMPRESSION",
                "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
                "OTEL_EXPORTER_OTLP_COMPRESSION",
            ],
            "gzip",
            "gzip or none.",
        ),
        key(
            "interval",
            &["BRUNT_OTLP_INTERVAL", "K6_OTEL_EXPORT_INTERVAL"],
            "10s",
            "Time between two exports.",
        ),
        key(
            "flush-interval",
            &["K6_OTEL_FLUSH_INTERVAL"],
            "",
            "k6's, without effect: samples are added up as they come.",
        ),
        key(
            "timeout",
            &[
                "BRUNT_OTLP_TIMEOUT",
                "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
                "OTEL_EXPORTER_OTLP_TIMEOUT",
            ],
            "10s",
            "Time for one request.",
        ),
        key(
            "max-size",
            &["BRUNT_OTLP_MAX_SIZE"],
            "4000000",
            "Most bytes of one request before compression; receivers of gRPC take 4 MiB.",
        ),
        key(
            "temporality",
            &[
                "BRUNT_OTLP_TEMPORALITY",
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            ],
            defaults.temporality,
            "cumulative: values since the start; delta: values since the last export.",
        ),
        key(
            "histogram",
            &[
                "BRUNT_OTLP_HISTOGRAM",
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            ],
            defaults.histogram,
            "Trends: exponential buckets in seconds, or explicit ones with k6's bounds in ms.",
        ),
        key(
            "service-name",
            &["K6_OTEL_SERVICE_NAME", "OTEL_SERVICE_NAME"],
            "",
            "The resource attribute service.name; k6 without it.",
        ),
        key(
            "service-version",
            &["K6_OTEL_SERVICE_VERSION"],
            "",
            "The resource attribute service.version; brunt's without it.",
        ),
        key(
            "resource",
            &["OTEL_RESOURCE_ATTRIBUTES"],
            "",
            "More resource attributes, values percent-encoded: NAME=VALUE;NAME=VALUE.",
        ),
        key(
            "prefix",
            &["BRUNT_OTLP_PREFIX", "K6_OTEL_METRIC_PREFIX"],
            defaults.prefix,
            "What names of metrics begin with.",
        ),
        key(
            "labels",
            &["BRUNT_OTLP_LABELS"],
            "",
            "Attributes of all series: NAME:VALUE;NAME:VALUE. A tag of the same name wins.",
        ),
        key(
            "label.*",
            &["BRUNT_OTLP_LABELS_*"],
            "",
            "One more attribute: label.NAME=VALUE.",
        ),
        key(
            "testid",
            &["BRUNT_OTLP_TESTID"],
            "",
            "The attribute testid where the test has no such tag; the instance without it.",
        ),
        key(
            "keep-url",
            &["BRUNT_OTLP_KEEP_URL"],
            "false",
            "Whether the tag url is kept where there is a tag name.",
        ),
        key(
            "drop",
            &["BRUNT_OTLP_DROP"],
            "",
            "Tags to leave out, * for any text: NAME;NAME*.",
        ),
        key(
            "keep",
            &["BRUNT_OTLP_KEEP"],
            "",
            "The only tags to send: NAME;NAME*.",
        ),
        key(
            "drop-metrics",
            &["BRUNT_OTLP_DROP_METRICS"],
            "",
            "Metrics to leave out, by k6's names: NAME;NAME*.",
        ),
        key(
            "keep-metrics",
            &["BRUNT_OTLP_KEEP_METRICS"],
            "",
            "The only metrics to send, by k6's names: NAME;NAME*.",
        ),
        key(
            "summary",
            &["BRUNT_OTLP_SUMMARY"],
            "true",
            "Whether the run's summary is sent at its end: brunt_summary, brunt_threshold, brunt_run_info.",
        ),
        key(
            "telemetry",
            &["BRUNT_OTLP_TELEMETRY"],
            "true",
            "Whether it is sent how outputs and engine are doing: brunt_output_*, brunt_engine_*.",
        ),
        key(
            "check",
            &["BRUNT_OTLP_CHECK"],
            "true",
            "Whether the receiver is asked before the test starts.",
        ),
        key(
            "insecure-skip-verify",
            &[
                "BRUNT_OTLP_INSECURE_SKIP_VERIFY",
                "K6_OTEL_TLS_INSECURE_SKIP_VERIFY",
            ],
            "false",
            "Whether any certificate of the receiver is accepted.",
        ),
        key(
            "ca-file",
            &[
                "BRUNT_OTLP_CA_FILE",
                "K6_OTEL_TLS_CERTIFICATE",
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
            ],
            "",
            "More trusted authorities (PEM).",
        ),
        key(
            "client-cert",
            &["BRUNT_OTLP_CLIENT_CERT", "K6_OTEL_TLS_CLIENT_CERTIFICATE"],
            "",
            "Our own certificate (PEM file).",
        ),
        key(
            "client-key",
            &["BRUNT_OTLP_CLIENT_KEY", "K6_OTEL_TLS_CLIENT_KEY"],
            "",
            "The key of our own certificate (PEM file).",
        ),
        key(
            "tls-min",
            &["BRUNT_OTLP_TLS_MIN"],
            "1.2",
            "The lowest version of TLS: 1.2 or 1.3.",
        ),
    ]
}
