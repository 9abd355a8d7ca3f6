//! The table of keys. The three flavours differ in four defaults.

use brunt_output::{Key, key, secret};

/// `--out mimir`.
pub(crate) static MIMIR_KEYS: &[Key] = &keys(&Defaults {
    url: "http://localhost:9009/api/v1/push",
    trends: "both",
    stats: "min,max,avg,p(95),p(99)",
    stale_markers: "true",
});

/// `--out prometheus`.
pub(crate) static PROMETHEUS_KEYS: &[Key] = &keys(&Defaults {
    url: "http://localhost:9090/api/v1/write",
    trends: "both",
    stats: "min,max,avg,p(95),p(99)",
    stale_markers: "true",
});

/// `--out experimental-prometheus-rw`.
pub(crate) static K6_KEYS: &[Key] = &keys(&Defaults {
    url: "http://localhost:9090/api/v1/write",
    trends: "stats",
    stats: "p(99)",
    stale_markers: "false",
});

struct Defaults {
    url: &'static str,
    trends: &'static str,
    stats: &'static str,
    stale_markers: &'static str,
}

const fn keys(defaults: &Defaults) -> [Key; 42] {
    [
        key(
            "url",
            &["BRUNT_PROMETHEUS_URL", "K6_PROMETHEUS_RW_SERVER_URL"],
            defaults.url,
            "The receiver, if it is not the target.",
        ),
        key(
            "tenant",
            &["BRUNT_PROMETHEUS_TENANT"],
            "",
            "Mimir's tenant: the header X-Scope-OrgID.",
        ),
        key(
            "username",
            &["BRUNT_PROMETHEUS_USERNAME", "K6_PROMETHEUS_RW_USERNAME"],
            "",
            "The user for basic authentication.",
        ),
        secret(
            "password",
            &["BRUNT_PROMETHEUS_PASSWORD", "K6_PROMETHEUS_RW_PASSWORD"],
            "The password for basic authentication.",
        ),
        secret(
            "bearer-token",
            &[
                "BRUNT_PROMETHEUS_BEARER_TOKEN",
                "K6_PROMETHEUS_RW_BEARER_TOKEN",
            ],
            "The token for bearer authentication; wins over user and password.",
        ),
        secret(
            "headers",
            &["BRUNT_PROMETHEUS_HEADERS", "K6_PROMETHEUS_RW_HTTP_HEADERS"],
            "More headers: NAME:VALUE;NAME:VALUE.",
        ),
        key(
            "header.*",
            &["BRUNT_PROMETHEUS_HEADERS_*", "K6_PROMETHEUS_RW_HEADERS_*"],
            "",
            "One more header: header.NAME=VALUE.",
        ),
        key(
            "interval",
            &[
                "BRUNT_PROMETHEUS_INTERVAL",
                "K6_PROMETHEUS_RW_PUSH_INTERVAL",
            ],
            "5s",
            "Time between two pushes.",
        ),
        key(
            "timeout",
            &["BRUNT_PROMETHEUS_TIMEOUT"],
            "10s",
            "Time for one request.",
        ),
        key(
            "trends",
            &[
                "BRUNT_PROMETHEUS_TRENDS",
                "K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM",
            ],
            defaults.trends,
            "How trends are sent: native (histograms), stats (one series each) or both.",
        ),
        key(
            "stats",
            &["BRUNT_PROMETHEUS_STATS", "K6_PROMETHEUS_RW_TREND_STATS"],
            defaults.stats,
            "The statistics of trends: avg, min, med, max, count, sum, p(N).",
        ),
        key(
            "labels",
            &["BRUNT_PROMETHEUS_LABELS", "K6_PROMETHEUS_RW_LABELS"],
            "",
            "Labels of all series: NAME:VALUE;NAME:VALUE. A tag of the same name wins.",
        ),
        key(
            "label.*",
            &["BRUNT_PROMETHEUS_LABELS_*"],
            "",
            "One more label: label.NAME=VALUE.",
        ),
        key(
            "testid",
            &["BRUNT_PROMETHEUS_TESTID"],
            "",
            "The label testid where the test has no such tag; the instance without it.",
        ),
        key(
            "prefix",
            &["BRUNT_PROMETHEUS_PREFIX"],
            "k6_",
            "What names of series begin with.",
        ),
        key(
            "keep-url",
            &["BRUNT_PROMETHEUS_KEEP_URL"],
            "false",
            "Whether the tag url is kept where there is a tag name.",
        ),
        key(
            "drop",
            &["BRUNT_PROMETHEUS_DROP"],
            "",
            "Tags to leave out: NAME;NAME, with * and ?.",
        ),
        key(
            "keep",
            &["BRUNT_PROMETHEUS_KEEP"],
            "",
            "Tags to send, all others are left out: NAME;NAME, with * and ?.",
        ),
        key(
            "drop-metrics",
            &["BRUNT_PROMETHEUS_DROP_METRICS"],
            "",
            "Metrics to leave out, by their names in the test: NAME;NAME, with * and ?.",
        ),
        key(
            "keep-metrics",
            &["BRUNT_PROMETHEUS_KEEP_METRICS"],
            "",
            "Metrics to send, all others are left out: NAME;NAME, with * and ?.",
        ),
        key(
            "max-labels",
            &["BRUNT_PROMETHEUS_MAX_LABELS"],
            "30",
            "Most labels of a series, its name among them; further tags are left out.",
        ),
        key(
            "max-label-name",
            &["BRUNT_PROMETHEUS_MAX_LABEL_NAME"],
            "1024",
            "Longest name of a label in bytes; the rest is cut off.",
        ),
        key(
            "max-label-value",
            &["BRUNT_PROMETHEUS_MAX_LABEL_VALUE"],
            "2048",
            "Longest value of a label in bytes; the rest is cut off.",
        ),
        key(
            "protocol",
            &["BRUNT_PROMETHEUS_PROTOCOL"],
            "auto",
            "The version of remote write: 2.0, 1.0, or auto for 2.0 with 1.0 where that is not understood.",
        ),
        key(
            "max-batch",
            &["BRUNT_PROMETHEUS_MAX_BATCH"],
            "2000",
            "Most series in one request.",
        ),
        key(
            "max-bytes",
            &["BRUNT_PROMETHEUS_MAX_BYTES"],
            "4000000",
            "About the most bytes in one request before compression.",
        ),
        key(
            "concurrency",
            &["BRUNT_PROMETHEUS_CONCURRENCY"],
            "4",
            "Most requests under way at a time; each series keeps its order.",
        ),
        key(
            "resend",
            &["BRUNT_PROMETHEUS_RESEND"],
            "15s",
            "After how long a series that does not change is sent again.",
        ),
        key(
            "summary",
            &["BRUNT_PROMETHEUS_SUMMARY"],
            "true",
            "Whether brunt_summary, brunt_threshold and brunt_run_info are sent at the end.",
        ),
        key(
            "stale-markers",
            &[
                "BRUNT_PROMETHEUS_STALE_MARKERS",
                "K6_PROMETHEUS_RW_STALE_MARKERS",
            ],
            defaults.stale_markers,
            "Whether series are marked as ended after the test.",
        ),
        key(
            "check",
            &["BRUNT_PROMETHEUS_CHECK"],
            "true",
            "Whether the receiver is asked before the test starts.",
        ),
        key(
            "insecure-skip-verify",
            &[
                "BRUNT_PROMETHEUS_INSECURE_SKIP_VERIFY",
                "K6_PROMETHEUS_RW_INSECURE_SKIP_TLS_VERIFY",
            ],
            "false",
            "Whether any certificate of the receiver is accepted.",
        ),
        key(
            "ca-file",
            &["BRUNT_PROMETHEUS_CA_FILE"],
            "",
            "More trusted authorities (PEM).",
        ),
        key(
            "client-cert",
            &[
                "BRUNT_PROMETHEUS_CLIENT_CERT",
                "K6_PROMETHEUS_RW_CLIENT_CERTIFICATE",
            ],
            "",
            "Our own certificate (PEM file).",
        ),
        key(
            "client-key",
            &[
                "BRUNT_PROMETHEUS_CLIENT_KEY",
                "K6_PROMETHEUS_RW_CLIENT_CERTIFICATE_KEY",
            ],
            "",
            "The key of our own certificate (PEM file).",
        ),
        key(
            "tls-min",
            &[
                "BRUNT_PROMETHEUS_TLS_MIN",
                "K6_PROMETHEUS_RW_TLS_MINIMUM_VERSION",
            ],
            "1.2",
            "The lowest version of TLS: 1.2 or 1.3.",
        ),
        key(
            "proxy",
            &["BRUNT_PROMETHEUS_PROXY"],
            "",
            "The URL of a proxy; without it HTTP_PROXY, HTTPS_PROXY and NO_PROXY count.",
        ),
        key(
            "sigv4-region",
            &[
                "BRUNT_PROMETHEUS_SIGV4_REGION",
                "K6_PROMETHEUS_RW_SIGV4_REGION",
            ],
            "",
            "Signs requests with AWS SigV4 for this region (Amazon Managed Prometheus).",
        ),
        key(
            "sigv4-access-key",
            &[
                "BRUNT_PROMETHEUS_SIGV4_ACCESS_KEY",
                "K6_PROMETHEUS_RW_SIGV4_ACCESS_KEY",
                "AWS_ACCESS_KEY_ID",
            ],
            "",
            "The access key to sign with.",
        ),
        secret(
            "sigv4-secret-key",
            &[
                "BRUNT_PROMETHEUS_SIGV4_SECRET_KEY",
                "K6_PROMETHEUS_RW_SIGV4_SECRET_KEY",
                "AWS_SECRET_ACCESS_KEY",
            ],
            "The secret of the access key.",
        ),
        secret(
            "sigv4-session-token",
            &["BRUNT_PROMETHEUS_SIGV4_SESSION_TOKEN", "AWS_SESSION_TOKEN"],
            "The session token of temporary credentials.",
        ),
        key(
            "sigv4-profile",
            &["BRUNT_PROMETHEUS_SIGV4_PROFILE", "AWS_PROFILE"],
            "",
            "Without an access key: the profile in AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials.",
        ),
    ]
}
