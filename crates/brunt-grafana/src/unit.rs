//! Units of values, so that a misspelt one does not compile: Grafana shows an unknown unit as a suffix
//! and says nothing.

/// A unit, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A bare number.
    None,
    /// A number, shortened: 12.3 K.
    Count,
    /// Seconds.
    Seconds,
    /// A share from 0 to 1, shown as percent.
    Share,
    /// Requests per second.
    RequestsPerSecond,
    /// Anything else per second.
    PerSecond,
    /// Bytes, in powers of 1024.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Packets per second.
    PacketsPerSecond,
    /// Operations of input and output per second.
    IoPerSecond,
    /// Milliseconds since the Unix epoch, shown as date and time.
    Date,
}

impl Unit {
    /// Grafana's id of it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Count => "short",
            Self::Seconds => "s",
            Self::Share => "percentunit",
            Self::RequestsPerSecond => "reqps",
            Self::PerSecond => "cps",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "Bps",
            Self::PacketsPerSecond => "pps",
            Self::IoPerSecond => "iops",
            Self::Date => "dateTimeAsIso",
        }
    }
}
