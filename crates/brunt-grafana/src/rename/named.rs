//! Mappings of names: those between k6's two ways into a Prometheus, and a person's own from a file.
//!
//! By OTLP, a Prometheus builds a name from the metric's, its unit and its kind (OpenTelemetry's
//! specification of Prometheus compatibility), and k6 sends no prefix and milliseconds; by remote write,
//! k6 names them itself, with `k6_` and in seconds. Rates have no counterpart: one counter with the label
//! `condition` there, a gauge or two counters here.

/// k6's built-in counters without a unit.
const COUNTERS: [&str; 9] = [
    "http_reqs",
    "iterations",
    "dropped_iterations",
    "ws_sessions",
    "ws_msgs_sent",
    "ws_msgs_received",
    "grpc_streams",
    "grpc_streams_msgs_sent",
    "grpc_streams_msgs_received",
];
/// Those of bytes.
const DATA: [&str; 2] = ["data_sent", "data_received"];
const GAUGES: [&str; 2] = ["vus", "vus_max"];
/// Those of times.
const TRENDS: [&str; 13] = [
    "http_req_duration",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
    "iteration_duration",
    "group_duration",
    "ws_connecting",
    "ws_session_duration",
    "ws_ping",
    "grpc_req_duration",
];

/// A mapping that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedRename {
    /// From names that k6's OTLP output leads to, to those of its remote write output.
    OtlpToRemoteWrite,
    /// And back.
    RemoteWriteToOtlp,
}

impl NamedRename {
    /// All by name.
    pub const ALL: [(&'static str, Self); 2] = [
        ("otlp-to-remote-write", Self::OtlpToRemoteWrite),
        ("remote-write-to-otlp", Self::RemoteWriteToOtlp),
    ];

    /// The mapping of this name.
    pub fn of(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(own, _)| *own == name);
        found.map(|(_, mapping)| *mapping)
    }

    /// Old and new names.
    pub fn pairs(self) -> Vec<(String, String)> {
        let same = COUNTERS.map(|it| (format!("{it}_total"), format!("k6_{it}_total")));
        let data = DATA.map(|it| (format!("{it}_bytes_total"), format!("k6_{it}_total")));
        let gauges = GAUGES.map(|it| (it.to_owned(), format!("k6_{it}")));
        let trends = TRENDS.map(|it| (format!("{it}_milliseconds"), format!("k6_{it}_seconds")));
        let pairs = same.into_iter().chain(data).chain(gauges).chain(trends);
        match self {
            Self::OtlpToRemoteWrite => pairs.collect(),
            Self::RemoteWriteToOtlp => pairs.map(|(otlp, own)| (own, otlp)).collect(),
        }
    }
}

/// Why a mapping is not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RenameError {
    /// A line without an equals sign, or with nothing beside it.
    #[error("line {0}: wants OLD=NEW, two names of metrics")]
    Line(usize),
    /// The first name comes a second time.
    #[error("line {0}: {1} has a new name already")]
    Twice(usize, String),
}

/// A mapping from a file: `OLD=NEW` in each line, empty lines and those with `#` aside.
pub fn mapping(text: &str) -> Result<Vec<(String, String)>, RenameError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = line.split_once('=').map(|(a, b)| (a.trim(), b.trim()));
        let Some((old, new)) = pair.filter(|it| !it.0.is_empty() && !it.1.is_empty()) else {
            return Err(RenameError::Line(at + 1));
        };
        if pairs.iter().any(|it| it.0 == old) {
            return Err(RenameError::Twice(at + 1, old.to_owned()));
        }
        pairs.push((old.to_owned(), new.to_owned()));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_mappings_are_each_others_inverse() {
        let there = NamedRename::OtlpToRemoteWrite.pairs();
        let back = NamedRename::RemoteWriteToOtlp.pairs();
        assert_eq!(there.len(), back.len());
        for (old, new) in &there {
            let found: Vec<_> = back.iter().filter(|it| it.0 == *new).collect();
            assert_eq!(found, [&(new.clone(), old.clone())]);
        }
        let of = |name: &str| there.iter().find(|it| it.0 == name).map(|it| it.1.as_str());
        assert_eq!(of("data_sent_bytes_total"), Some("k6_data_sent_total"));
        assert_eq!(of("ws_ping_milliseconds"), Some("k6_ws_ping_seconds"));
    }

    #[test]
    fn a_mapping_is_read_line_by_line() {
        let pairs = mapping("# mine\n a = b \n\nc=d\n").unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(pairs, [pair("a", "b"), pair("c", "d")]);
        assert_eq!(mapping("a=b\n\nx\n"), Err(RenameError::Line(3)));
        assert_eq!(mapping("a=b\n=x"), Err(RenameError::Line(2)));
        assert_eq!(
            mapping("a=b\na=c"),
            Err(RenameError::Twice(2, "a".to_owned()))
        );
    }
}
