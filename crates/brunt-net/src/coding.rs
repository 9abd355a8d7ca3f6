//! Content codings (RFC 9110, section 8.4): how bodies of requests are packed and those of
//! responses unpacked. `deflate` is zlib's format, as the RFC and k6 have it.

mod decode;
mod encode;

use std::str::FromStr;

pub(crate) use self::decode::decode;
pub use self::decode::unpack;
pub use self::encode::encode;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`
    Gzip,
    /// `deflate`
    Deflate,
    /// `br`
    Brotli,
    /// `zstd`
    Zstd,
}

impl Coding {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// Its name in `Content-Encoding`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

impl FromStr for Coding {
    type Err = ();

    /// A name, in whatever case.
    fn from_str(text: &str) -> Result<Self, ()> {
        let known = Self::ALL
            .into_iter()
            .find(|coding| coding.as_str().eq_ignore_ascii_case(text));
        let old = text.eq_ignore_ascii_case("x-gzip").then_some(Self::Gzip);
        known.or(old).ok_or(())
    }
}
