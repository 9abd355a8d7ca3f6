//! Tells an Arrow stream from other bytes before a reader believes them.
//!
//! The reader of the Arrow library reserves as much memory as the first bytes say; in a file of another kind
//! they say anything.

use std::io::{self, BufRead};

/// What every message of a stream begins with.
const MARK: [u8; 4] = [0xff; 4];

/// A description of a schema is never this long.
const LONGEST: i32 = 64 << 20;

/// Whether an Arrow IPC stream begins here. Nothing is consumed.
pub fn is_stream(reader: &mut impl BufRead) -> io::Result<bool> {
    let Some((mark, rest)) = reader.fill_buf()?.split_first_chunk::<4>() else {
        return Ok(false);
    };
    let length = rest
        .first_chunk::<4>()
        .map(|length| i32::from_le_bytes(*length));
    Ok(*mark == MARK && length.is_some_and(|length| (0..LONGEST).contains(&length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_are_no_stream() {
        let is = |mut bytes: &[u8]| is_stream(&mut bytes).unwrap();
        assert!(is(&[0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 9]));
        for other in [
            &b""[..],
            b"PAR1",
            b"no stream at all",
            &[0xff; 8],
            &[0xff; 5],
        ] {
            assert!(!is(other), "{other:?}");
        }
    }
}
