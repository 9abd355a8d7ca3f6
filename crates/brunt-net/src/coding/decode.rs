//! Unpacking the body of a response.
//!
//! As a stream, in pieces: what a body unpacks to is only known when it is there, and a few
//! kilobytes may be gigabytes. Between pieces the other virtual users of the worker get their turn.

use std::future::poll_fn;
use std::io::{self, Cursor, Read};
use std::task::Poll;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::Coding;
use crate::error::NetError;
use crate::response::Response;

/// Codings on top of each other. Each costs memory and time; nobody uses more than two.
const MAX_LAYERS: usize = 5;

/// What is unpacked before the limit is looked at again.
const PIECE: usize = 64 * 1024;

/// After so many pieces the other virtual users get their turn.
const PIECES_PER_TURN: usize = 8;

/// What Zstandard may keep of the past: 8 MiB, the most that RFC 9659 lets an encoder ask for.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Unpacks the body of a response as its `Content-Encoding` says. The header stays.
///
/// A coding that is not known, and what lies below it, is left for the script.
pub(crate) async fn decode(response: &mut Response, limit: usize) -> Result<(), NetError> {
    let layers = layers(response)?;
    if layers.is_empty() {
        return Ok(());
    }
    let packed = std::mem::take(&mut response.body);
    let mut reader = stack(packed, &layers)?;
    let mut body = Vec::new();
    let mut pieces = 0;
    while piece(&mut *reader, &mut body, limit)? {
        pieces += 1;
        if pieces % PIECES_PER_TURN == 0 {
            give_way().await;
        }
    }
    body.shrink_to_fit();
    response.body = body;
    Ok(())
}

/// Unpacks all at once; `codings` are in the order in which they were applied.
pub fn unpack(codings: &[Coding], packed: Vec<u8>, limit: usize) -> Result<Vec<u8>, NetError> {
    let mut reader = stack(packed, codings)?;
    let mut body = Vec::new();
    while piece(&mut *reader, &mut body, limit)? {}
    Ok(body)
}

/// The codings in the order in which they were applied, from the last one back to the first that
/// is not known.
fn layers(response: &Response) -> Result<Vec<Coding>, NetError> {
    let mut layers = Vec::new();
    for value in response.headers.get_all("Content-Encoding") {
        for name in value.split(|&byte| byte == b',') {
            let name = String::from_utf8_lossy(name.trim_ascii());
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            match name.parse() {
                Ok(coding) => layers.push(coding),
                Err(()) => layers.clear(),
            }
            if layers.len() > MAX_LAYERS {
                return Err(error(format!("more than {MAX_LAYERS} codings")));
            }
        }
    }
    Ok(layers)
}

fn stack(packed: Vec<u8>, codings: &[Coding]) -> Result<Box<dyn Read>, NetError> {
    let mut reader: Box<dyn Read> = Box::new(Cursor::new(packed));
    for coding in codings.iter().rev() {
        reader = match coding {
            Coding::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Coding::Deflate => Box::new(ZlibDecoder::new(reader)),
            Coding::Brotli => Box::new(brotli::Decompressor::new(reader, 4096)),
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(reader)
                    .map_err(|reason| read_error(&reason))?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG)
                    .map_err(|reason| read_error(&reason))?;
                Box::new(decoder)
            }
        };
    }
    Ok(reader)
}

/// Appends a piece; `false` at the end.
fn piece(reader: &mut dyn Read, body: &mut Vec<u8>, limit: usize) -> Result<bool, NetError> {
    make_room(body, limit);
    let got = reader
        .take(PIECE as u64)
        .read_to_end(body)
        .map_err(|reason| read_error(&reason))?;
    if body.len() > limit {
        return Err(error(format!("the decoded body exceeds {limit} bytes")));
    }
    Ok(got > 0)
}

/// Room for another piece in a body that is long already: twice what there is, but not beyond the
/// limit, and from half of the limit on all of it at once. So no more than one and a half times the
/// limit is held while a body moves.
fn make_room(body: &mut Vec<u8>, limit: usize) {
    /// Read after the end to see that it is one, without which `read_to_end` would double.
    const SLACK: usize = 64;
    let wanted = body.len() + PIECE + SLACK;
    if body.len() < PIECE || body.capacity() >= wanted {
        return;
    }
    let doubled = body.capacity().saturating_mul(2);
    let target = if doubled >= limit {
        limit.saturating_add(PIECE + SLACK)
    } else {
        doubled
    };
    body.reserve_exact(target.max(wanted) - body.len());
}

fn read_error(reason: &io::Error) -> NetError {
    error(reason.to_string())
}

fn error(reason: String) -> NetError {
    NetError::Decoding(reason)
}

/// Pending once.
async fn give_way() {
    let mut gave = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coding::encode;

    fn codings() -> impl Strategy<Value = Vec<Coding>> {
        proptest::collection::vec(proptest::sample::select(&Coding::ALL[..]), 1..4)
    }

    proptest! {
        #[test]
        fn what_was_packed_unpacks_to_itself(
            codings in codings(), body in proptest::collection::vec(any::<u8>(), 0..5000),
        ) {
            let packed = encode(&codings, &body).unwrap();
            prop_assert_eq!(unpack(&codings, packed, 5000).unwrap(), body);
        }

        #[test]
        fn a_body_that_was_cut_off_is_an_error(coding in 0..4_usize, cut in 1..20_usize) {
            let coding = [Coding::ALL[coding]];
            let body: Vec<u8> = (0..3000_u32).flat_map(u32::to_le_bytes).collect();
            let mut packed = encode(&coding, &body).unwrap();
            packed.truncate(packed.len() - cut);
            prop_assert!(matches!(unpack(&coding, packed, 1 << 20), Err(NetError::Decoding(_))));
        }

        #[test]
        fn nonsense_is_an_error_or_bounded(
            codings in codings(), body in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            if let Ok(body) = unpack(&codings, body, 10_000) {
                prop_assert!(body.len() <= 10_000);
            }
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let zeros = vec![0; 32 << 20];
        for coding in Coding::ALL {
            let bomb = encode(&[coding], &zeros).unwrap();
            assert!(bomb.len() < 64 << 10, "{coding:?}: {}", bomb.len());
            let error = unpack(&[coding], bomb, 1 << 20).unwrap_err();
            assert_eq!(error.code(), 1701);
            assert_eq!(
                error.to_string(),
                "response decompression failed: the decoded body exceeds 1048576 bytes"
            );
        }
    }
}
