//! What keeps a page from being made at all; what only one panel lacks is told in that panel.

/// Why there is no page.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum PreviewError {
    /// The text is no dashboard.
    #[error("{0}")]
    Board(#[from] brunt_grafana::BoardError),
    /// The form that only Grafana 13 writes.
    #[error(
        "the dashboard is in the form v2, of which there is no preview: export it from Grafana as classic JSON"
    )]
    V2,
    /// The address is none.
    #[error("--prometheus {0}: not a URL such as http://localhost:9090")]
    Url(String),
    /// A header that cannot be one.
    #[error("--header {0}: not a header such as 'X-Scope-OrgID: team'")]
    Header(String),
    /// A time that cannot be read, or a range that ends before it begins.
    #[error(
        "{flag} {text}: not a time such as now-30m, 2026-11-23T10:00:00Z or seconds since 1970; the range begins before it ends"
    )]
    Time {
        /// `--from` or `--to`.
        flag: &'static str,
        /// What was given.
        text: String,
    },
    /// A variable that the dashboard lacks.
    #[error("--var {name}: the dashboard has no such variable; it has {known}")]
    Variable {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Nobody answers, or somebody else than a Prometheus.
    #[error("{0}")]
    Unreachable(String),
}
