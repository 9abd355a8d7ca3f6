//! Compression in chunks, each of which can be read as soon as it is written.
//!
//! The compressors of the libraries write where they are pointed at; here they write into memory, so
//! that the bytes of a chunk go to the file in one piece and a chunk that could not be written can be
//! taken back.

use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// RFC 1952, for names that end in `.gz`.
    Gzip,
    /// RFC 8878, for names that end in `.zst`.
    Zstd,
}

/// Packs the chunks of one file.
pub(crate) enum Packer {
    Plain,
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

/// The fastest regular level: the default one takes twice the time for lines, and is not smaller
/// (decision 013).
const ZSTD_LEVEL: i32 = 1;

impl Packing {
    /// What the ending of a file's name says.
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

impl Packer {
    pub(crate) fn new(packing: Packing) -> io::Result<Self> {
        Ok(match packing {
            Packing::Plain => Self::Plain,
            Packing::Gzip => {
                // The fastest level, for the same reason as zstd's.
                Self::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::fast())))
            }
            Packing::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(Box::new(encoder))
            }
        })
    }

    /// A chunk as it goes to the file. A reader finds all of it, also if nothing follows: gzip is
    /// flushed to a byte boundary, zstd ends a block.
    pub(crate) fn pack<'a>(&'a mut self, chunk: &'a [u8]) -> io::Result<&'a [u8]> {
        match self {
            Self::Plain => Ok(chunk),
            Self::Gzip(encoder) => {
                encoder.get_mut().clear();
                encoder.write_all(chunk)?;
                encoder.flush()?;
                Ok(encoder.get_ref())
            }
            Self::Zstd(encoder) => {
                encoder.get_mut().clear();
                encoder.write_all(chunk)?;
                encoder.flush()?;
                Ok(encoder.get_ref())
            }
        }
    }

    /// What follows the last chunk.
    pub(crate) fn end(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(Vec::new()),
            Self::Gzip(mut encoder) => {
                encoder.get_mut().clear();
                encoder.finish()
            }
            Self::Zstd(mut encoder) => {
                encoder.get_mut().clear();
                encoder.finish()
            }
        }
    }
}
