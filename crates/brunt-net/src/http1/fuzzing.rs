//! The decoder as property tests see it.

use super::decoder::{Decoder, Expectation};
use crate::error::NetError;
use crate::response::Response;

/// A response, and whether another may follow on its connection.
pub type Parsed = Result<(Response, bool), NetError>;

/// Decodes a response that comes in these pieces, after which the connection ends. `limit` bounds
/// head and body.
pub fn parse<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    head_only: bool,
    limit: usize,
) -> Parsed {
    let expect = Expectation {
        head_only,
        discard: false,
        max_head: limit,
        max_body: limit,
    };
    let mut decoder = Decoder::new(expect);
    for piece in pieces {
        decoder.feed(piece)?;
    }
    if !decoder.is_done() {
        decoder.end()?;
    }
    decoder.finish()
}
