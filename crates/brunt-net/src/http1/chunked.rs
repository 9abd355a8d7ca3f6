//! The chunked transfer coding (RFC 9112, section 7.1), byte by byte where framing is, in one piece
//! where data is.

use crate::error::NetError;

/// The longest chunk-size line, with extensions.
const MAX_LINE: usize = 4096;

/// Where a chunked body stands.
#[derive(Debug)]
pub(crate) struct Chunked {
    state: State,
    /// Bytes of the current line, or of all trailers.
    line: usize,
    max_trailers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the digits of the size; `None` before the first.
    Size(Option<u64>),
    /// In an extension or in white space after the size.
    Extension(u64),
    /// After the carriage return of the size line.
    SizeEnd(u64),
    /// In data, with this many bytes to come.
    Data(u64),
    /// Before the carriage return after data.
    DataReturn,
    /// Before the line feed after data.
    DataFeed,
    /// At the beginning of a trailer line.
    TrailerStart,
    /// Within a trailer line.
    Trailer,
    /// After the carriage return of a trailer line.
    TrailerFeed,
    /// After the carriage return of the empty line.
    LastFeed,
    Done,
}

impl Chunked {
    pub(crate) fn new(max_trailers: usize) -> Self {
        Self {
            state: State::Size(None),
            line: 0,
            max_trailers,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes bytes until they or the body are over, gives how many, and hands on the data in them.
    pub(crate) fn feed<F>(&mut self, bytes: &[u8], mut sink: F) -> Result<usize, NetError>
    where
        F: FnMut(&[u8]) -> Result<(), NetError>,
    {
        let mut at = 0;
        while at < bytes.len() && self.state != State::Done {
            if let State::Data(left) = self.state {
                let rest = &bytes[at..];
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                sink(&rest[..take])?;
                at += take;
                let left = left - take as u64;
                self.state = if left == 0 {
                    State::DataReturn
                } else {
                    State::Data(left)
                };
            } else {
                self.state = self.step(bytes[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// One byte of framing.
    fn step(&mut self, byte: u8) -> Result<State, NetError> {
        let malformed = |what: &str| Err(NetError::Malformed(what.to_owned()));
        self.line += 1;
        let next = match (self.state, byte) {
            (State::Size(size), byte) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let size = size.unwrap_or_default();
                if size >> 60 != 0 {
                    return malformed("http chunk length too large");
                }
                State::Size(Some(size << 4 | u64::from(digit)))
            }
            (State::Size(Some(size)) | State::Extension(size), b'\r') => State::SizeEnd(size),
            (State::Size(Some(size)), b';' | b' ' | b'\t') => State::Extension(size),
            (State::Extension(size), byte) if byte != b'\n' => State::Extension(size),
            (State::SizeEnd(0), b'\n') => {
                self.line = 0;
                State::TrailerStart
            }
            (State::SizeEnd(size), b'\n') => State::Data(size),
            (State::DataReturn, b'\r') => State::DataFeed,
            (State::DataFeed, b'\n') => {
                self.line = 0;
                State::Size(None)
            }
            (State::TrailerStart, b'\r') => State::LastFeed,
            (State::Trailer, b'\r') => State::TrailerFeed,
            (State::TrailerStart | State::Trailer, byte) if byte != b'\n' => State::Trailer,
            (State::TrailerFeed, b'\n') => State::TrailerStart,
            (State::LastFeed, b'\n') => State::Done,
            (State::Size(_) | State::Extension(_) | State::SizeEnd(_), _) => {
                return malformed("invalid byte in chunk length");
            }
            (State::DataReturn | State::DataFeed, _) => {
                return malformed("malformed chunked encoding");
            }
            (_, _) => return malformed("malformed trailer"),
        };
        let (what, limit) = match next {
            State::TrailerStart
            | State::Trailer
            | State::TrailerFeed
            | State::LastFeed
            | State::Done => ("the trailer section", self.max_trailers.max(2)),
            _ => ("a chunk length line", MAX_LINE),
        };
        if self.line > limit {
            return Err(NetError::TooLarge { what, limit });
        }
        Ok(next)
    }
}
