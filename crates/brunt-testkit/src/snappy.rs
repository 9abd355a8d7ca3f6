//! Decompression of snappy's block format, the one that remote write asks for.
//!
//! Written from the format description (google/snappy, `format_description.txt`) and not taken from
//! a library: the sender compresses with one, and a receiver must not inherit its bugs.

/// Why bytes are not a snappy block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnappyError {
    /// The stream format with its magic chunk was sent.
    #[error("snappy framing format; remote write asks for the block format")]
    Framed,
    /// The leading length is missing or longer than 32 bits.
    #[error("the uncompressed length at the start is not a 32-bit varint")]
    Length,
    /// The block claims to be longer than the receiver accepts.
    #[error("{claimed} bytes uncompressed, at most {limit} are accepted")]
    TooLong {
        /// What the block's header says.
        claimed: usize,
        /// What is accepted.
        limit: usize,
    },
    /// The input ends inside an element.
    #[error("the block ends inside the element at byte {0}")]
    Truncated(usize),
    /// A copy reaches back before the start of the output.
    #[error("the copy at byte {0} reaches back {1} bytes, before the start")]
    Offset(usize, usize),
    /// More or fewer bytes come out than the header says.
    #[error("{actual} bytes come out, the header says {claimed}")]
    Mismatch {
        /// What the block's header says.
        claimed: usize,
        /// What came out until the mistake was seen.
        actual: usize,
    },
}

/// Decompresses one block of at most `limit` bytes of output.
pub fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, SnappyError> {
    if input.starts_with(b"\xff\x06\x00\x00sNaPpY") {
        return Err(SnappyError::Framed);
    }
    let (claimed, mut at) = length(input)?;
    if claimed > limit {
        return Err(SnappyError::TooLong { claimed, limit });
    }
    let mut out = Vec::with_capacity(claimed);
    while at < input.len() {
        let start = at;
        let tag = input[at];
        at += 1;
        let kind = tag & 3;
        if kind == 0 {
            let mut len = usize::from(tag >> 2);
            if len >= 60 {
                let wide = len - 59;
                len = little_endian(input, at, wide).ok_or(SnappyError::Truncated(start))?;
                at += wide;
            }
            let literal = at
                .checked_add(len)
                .and_then(|end| input.get(at..=end))
                .ok_or(SnappyError::Truncated(start))?;
            grow_within(claimed, out.len(), literal.len())?;
            out.extend_from_slice(literal);
            at += literal.len();
        } else {
            let (len, wide) = match kind {
                1 => (usize::from((tag >> 2) & 7) + 4, 1),
                2 => (usize::from(tag >> 2) + 1, 2),
                _ => (usize::from(tag >> 2) + 1, 4),
            };
            let mut offset = little_endian(input, at, wide).ok_or(SnappyError::Truncated(start))?;
            at += wide;
            if wide == 1 {
                offset |= usize::from(tag >> 5) << 8;
            }
            let from = match out.len().checked_sub(offset) {
                Some(from) if offset > 0 => from,
                _ => return Err(SnappyError::Offset(start, offset)),
            };
            grow_within(claimed, out.len(), len)?;
            // A copy may overlap what it writes, so it goes byte by byte.
            for i in from..from + len {
                out.push(out[i]);
            }
        }
    }
    if out.len() == claimed {
        Ok(out)
    } else {
        Err(SnappyError::Mismatch {
            claimed,
            actual: out.len(),
        })
    }
}

fn grow_within(claimed: usize, now: usize, more: usize) -> Result<(), SnappyError> {
    match now.checked_add(more) {
        Some(actual) if actual <= claimed => Ok(()),
        actual => Err(SnappyError::Mismatch {
            claimed,
            actual: actual.unwrap_or(usize::MAX),
        }),
    }
}

fn length(input: &[u8]) -> Result<(usize, usize), SnappyError> {
    let mut value = 0_u64;
    for (at, byte) in input.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|_| SnappyError::Length)?;
            return Ok((value as usize, at + 1));
        }
    }
    Err(SnappyError::Length)
}

fn little_endian(input: &[u8], at: usize, wide: usize) -> Option<usize> {
    let bytes = input.get(at..at + wide)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | usize::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hand_made_blocks() {
        // "abcd" literal, then a copy of 8 bytes from 4 back: the overlapping case.
        assert_eq!(
            decompress(b"\x0c\x0cabcd\x11\x04", 99).unwrap(),
            b"abcdabcdabcd"
        );
        assert_eq!(decompress(b"\x00", 99).unwrap(), b"");
    }

    #[test]
    fn broken_blocks_are_refused() {
        use SnappyError::{Framed, Length, Mismatch, Offset, TooLong, Truncated};
        let cases: [(&[u8], SnappyError); 8] = [
            (b"\xff\x06\x00\x00sNaPpY", Framed),
            (b"", Length),
            (b"\xff\xff\xff\xff\x7f", Length),
            (
                b"\x64\x0cabcd",
                TooLong {
                    claimed: 100,
                    limit: 99,
                },
            ),
            (b"\x04\x0cabc", Truncated(1)),
            (b"\x08\x0cabcd\x11\x05", Offset(6, 5)),
            (
                b"\x05\x0cabcd",
                Mismatch {
                    claimed: 5,
                    actual: 4,
                },
            ),
            (
                b"\x03\x0cabcd",
                Mismatch {
                    claimed: 3,
                    actual: 4,
                },
            ),
        ];
        for (bytes, error) in cases {
            assert_eq!(decompress(bytes, 99), Err(error));
        }
    }

    proptest! {
        #[test]
        fn reads_what_the_sender_compresses(
            seed in proptest::collection::vec(any::<u8>(), 0..300),
            repeat in 1..400_usize,
        ) {
            let plain = seed.repeat(repeat);
            let packed = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
            prop_assert_eq!(decompress(&packed, plain.len()).unwrap(), plain);
        }

        #[test]
        fn no_input_panics_or_exceeds_the_limit(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            if let Ok(out) = decompress(&bytes, 1000) {
                prop_assert!(out.len() <= 1000);
            }
        }
    }
}
