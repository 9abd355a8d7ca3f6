//! The tags that brunt itself puts on samples, and the set of those that are switched on.

use std::fmt;
use std::str::FromStr;

/// A tag that brunt knows the value of. `iter` and `vu` are stored as metadata, not as indexed tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SystemTag {
    /// `proto`.
    Proto,
    /// `subproto`.
    Subproto,
    /// `status`.
    Status,
    /// `method`.
    Method,
    /// `url`.
    Url,
    /// `name`.
    Name,
    /// `group`.
    Group,
    /// `check`.
    Check,
    /// `error`.
    Error,
    /// `error_code`.
    ErrorCode,
    /// `tls_version`.
    TlsVersion,
    /// `scenario`.
    Scenario,
    /// `service`.
    Service,
    /// `expected_response`.
    ExpectedResponse,
    /// `iter`.
    Iter,
    /// `vu`.
    Vu,
    /// `ocsp_status`.
    OcspStatus,
    /// `ip`.
    Ip,
}

impl SystemTag {
    /// Every system tag.
    pub const ALL: &[Self] = &[
        Self::Proto,
        Self::Subproto,
        Self::Status,
        Self::Method,
        Self::Url,
        Self::Name,
        Self::Group,
        Self::Check,
        Self::Error,
        Self::ErrorCode,
        Self::TlsVersion,
        Self::Scenario,
        Self::Service,
        Self::ExpectedResponse,
        Self::Iter,
        Self::Vu,
        Self::OcspStatus,
        Self::Ip,
    ];

    /// The tag's name, as samples carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proto => "proto",
            Self::Subproto => "subproto",
            Self::Status => "status",
            Self::Method => "method",
            Self::Url => "url",
            Self::Name => "name",
            Self::Group => "group",
            Self::Check => "check",
            Self::Error => "error",
            Self::ErrorCode => "error_code",
            Self::TlsVersion => "tls_version",
            Self::Scenario => "scenario",
            Self::Service => "service",
            Self::ExpectedResponse => "expected_response",
            Self::Iter => "iter",
            Self::Vu => "vu",
            Self::OcspStatus => "ocsp_status",
            Self::Ip => "ip",
        }
    }
}

impl fmt::Display for SystemTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no system tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no system tag")]
pub struct UnknownSystemTag(pub String);

impl FromStr for SystemTag {
    type Err = UnknownSystemTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|tag| tag.as_str() == text);
        found
            .copied()
            .ok_or_else(|| UnknownSystemTag(text.to_owned()))
    }
}

/// A set of system tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemTags(u32);

impl SystemTags {
    /// No tag at all.
    pub const NONE: Self = Self(0);

    /// Whether this tag is in the set.
    pub fn has(self, tag: SystemTag) -> bool {
        self.0 & (1 << tag as u32) != 0
    }

    /// The set with this tag in it.
    #[must_use]
    pub const fn with(self, tag: SystemTag) -> Self {
        Self(self.0 | (1 << tag as u32))
    }

    /// The tags of the set, in the order of [`SystemTag::ALL`].
    pub fn iter(self) -> impl Iterator<Item = SystemTag> {
        SystemTag::ALL
            .iter()
            .copied()
            .filter(move |tag| self.has(*tag))
    }
}

impl Default for SystemTags {
    /// All but `iter`, `vu`, `ocsp_status` and `ip`, which k6 leaves to opt in.
    fn default() -> Self {
        let off = [
            SystemTag::Iter,
            SystemTag::Vu,
            SystemTag::OcspStatus,
            SystemTag::Ip,
        ];
        SystemTag::ALL
            .iter()
            .copied()
            .filter(|tag| !off.contains(tag))
            .collect()
    }
}

impl FromIterator<SystemTag> for SystemTags {
    fn from_iter<I: IntoIterator<Item = SystemTag>>(tags: I) -> Self {
        tags.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for tag in SystemTag::ALL {
            assert_eq!(tag.to_string().parse(), Ok(*tag));
        }
        let error = "vus".parse::<SystemTag>().unwrap_err();
        assert_eq!(error.to_string(), "'vus' is no system tag");
    }

    #[test]
    fn the_default_leaves_four_to_opt_in() {
        let default = SystemTags::default();
        assert_eq!(default.iter().count(), SystemTag::ALL.len() - 4);
        for tag in [
            SystemTag::Iter,
            SystemTag::Vu,
            SystemTag::OcspStatus,
            SystemTag::Ip,
        ] {
            assert!(!default.has(tag), "{tag}");
        }
        assert!(default.has(SystemTag::ExpectedResponse) && default.has(SystemTag::Url));
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let set: SystemTags = [SystemTag::Ip, SystemTag::Proto, SystemTag::Ip]
            .into_iter()
            .collect();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [SystemTag::Proto, SystemTag::Ip]
        );
        assert_eq!(SystemTags::NONE.iter().count(), 0);
    }
}
