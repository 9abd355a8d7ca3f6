//! Packing the body of a request.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::Coding;

/// Brotli's quality and window. Its own default quality, 11, takes seconds for a megabyte.
const BROTLI_QUALITY: u32 = 6;
const BROTLI_WINDOW: u32 = 22;

/// Packs a body, in this order. Uses more stack than a fiber has; takes milliseconds for a
/// megabyte.
pub fn encode(codings: &[Coding], body: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = body.to_vec();
    for coding in codings {
        packed = one(*coding, &packed)?;
    }
    Ok(packed)
}

fn one(coding: Coding, body: &[u8]) -> io::Result<Vec<u8>> {
    let out = Vec::with_capacity(body.len() / 4 + 64);
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(out, Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(out, Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let mut encoder =
                brotli::CompressorWriter::new(out, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
            encoder.write_all(body)?;
            Ok(encoder.into_inner())
        }
        Coding::Zstd => zstd::stream::encode_all(body, zstd::DEFAULT_COMPRESSION_LEVEL),
    }
}
