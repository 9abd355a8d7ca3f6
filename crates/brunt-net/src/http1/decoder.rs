//! Bytes to a response, however they come cut up. Knows nothing of sockets and clocks.

use super::chunked::Chunked;
use super::head::{self, Announced, Head};
use crate::error::NetError;
use crate::response::Response;

/// Informational responses that are skipped before the real one, as in Go.
const MAX_INFORMATIONAL: usize = 5;

/// A body gets this much at once when it says that it is longer; the rest follows its arrival.
const MAX_RESERVE: u64 = 1024 * 1024;

/// What a decoder must know about the request, and how far it may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expectation {
    /// The request was `HEAD`: no body follows.
    pub(crate) head_only: bool,
    /// Do not keep the body.
    pub(crate) discard: bool,
    pub(crate) max_head: usize,
    pub(crate) max_body: usize,
}

/// Decodes one response.
#[derive(Debug)]
pub(crate) struct Decoder {
    expect: Expectation,
    state: State,
    /// The beginning of a head that has not come completely.
    carry: Vec<u8>,
    response: Option<Response>,
    informational: usize,
    close: bool,
    /// Bytes came after the response.
    excess: bool,
    started: bool,
}

#[derive(Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Done,
}

impl Decoder {
    pub(crate) fn new(expect: Expectation) -> Self {
        Self {
            expect,
            state: State::Head,
            carry: Vec::new(),
            response: None,
            informational: 0,
            close: false,
            excess: false,
            started: false,
        }
    }

    /// Whether a byte has come.
    pub(crate) fn has_started(&self) -> bool {
        self.started
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        self.started |= !bytes.is_empty();
        if self.carry.is_empty() {
            let used = self.consume(bytes)?;
            self.carry.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        // Only a head is ever carried over. Parsing it again for every byte that comes would be
        // quadratic, so look for its end first.
        let seen = self.carry.len();
        self.carry.extend_from_slice(bytes);
        let from = seen.saturating_sub(3);
        if !has_head_end(&self.carry[from..]) {
            return self.check_head(self.carry.len());
        }
        let carry = std::mem::take(&mut self.carry);
        let used = self.consume(&carry)?;
        self.carry.extend_from_slice(&carry[used..]);
        Ok(())
    }

    /// Takes the end of the stream.
    pub(crate) fn end(&mut self) -> Result<(), NetError> {
        match self.state {
            State::UntilClose => {
                self.state = State::Done;
                Ok(())
            }
            State::Done => Ok(()),
            State::Head if !self.started => Err(NetError::Eof),
            State::Head | State::Length(_) | State::Chunked(_) => Err(NetError::UnexpectedEof),
        }
    }

    /// The response, once done, and whether another may follow on the connection.
    pub(crate) fn finish(self) -> Result<(Response, bool), NetError> {
        let reusable = !self.close && !self.excess;
        match self.response {
            Some(response) if matches!(self.state, State::Done) => Ok((response, reusable)),
            _ => Err(NetError::UnexpectedEof),
        }
    }

    /// Gives how many bytes it could use; the others belong to a head that is not complete.
    fn consume(&mut self, bytes: &[u8]) -> Result<usize, NetError> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match &mut self.state {
                State::Head => match head::parse(rest)? {
                    None => {
                        self.check_head(rest.len())?;
                        return Ok(at);
                    }
                    Some((head, used)) => {
                        self.check_head(used)?;
                        self.begin_body(head)?;
                        used
                    }
                },
                State::Length(left) => {
                    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= take as u64;
                    if *left == 0 {
                        self.state = State::Done;
                    }
                    keep(self.expect, self.response.as_mut(), &rest[..take])?;
                    take
                }
                State::Chunked(chunked) => {
                    let response = &mut self.response;
                    let used =
                        chunked.feed(rest, |data| keep(self.expect, response.as_mut(), data))?;
                    if chunked.is_done() {
                        self.state = State::Done;
                    }
                    used
                }
                State::UntilClose => {
                    keep(self.expect, self.response.as_mut(), rest)?;
                    rest.len()
                }
                State::Done => {
                    self.excess = true;
                    rest.len()
                }
            };
        }
        Ok(at)
    }

    fn check_head(&self, length: usize) -> Result<(), NetError> {
        if length > self.expect.max_head {
            let limit = self.expect.max_head;
            return Err(NetError::TooLarge {
                what: "the header section",
                limit,
            });
        }
        Ok(())
    }

    /// RFC 9112, section 6.3.
    fn begin_body(&mut self, head: Head) -> Result<(), NetError> {
        let Head {
            mut response,
            length,
            close,
        } = head;
        match response.status {
            101 => {
                let message = "unexpected 101 Switching Protocols".to_owned();
                return Err(NetError::Malformed(message));
            }
            100..=199 => {
                self.informational += 1;
                if self.informational > MAX_INFORMATIONAL {
                    return Err(NetError::Malformed(
                        "too many 1xx informational responses".to_owned(),
                    ));
                }
                return Ok(());
            }
            _ => {}
        }
        self.close = close;
        let bodyless = self.expect.head_only || matches!(response.status, 204 | 304);
        self.state = match length {
            _ if bodyless => State::Done,
            Announced::Length(0) => State::Done,
            Announced::Length(length) => {
                if !self.expect.discard {
                    if length > self.expect.max_body as u64 {
                        return Err(body_too_large(self.expect));
                    }
                    response
                        .body
                        .reserve_exact(length.min(MAX_RESERVE) as usize);
                }
                State::Length(length)
            }
            Announced::Chunked => State::Chunked(Chunked::new(self.expect.max_head)),
            Announced::Nothing => {
                self.close = true;
                State::UntilClose
            }
        };
        self.response = Some(response);
        Ok(())
    }
}

fn keep(expect: Expectation, response: Option<&mut Response>, data: &[u8]) -> Result<(), NetError> {
    if expect.discard {
        return Ok(());
    }
    let Some(response) = response else {
        return Ok(());
    };
    if response.body.len().saturating_add(data.len()) > expect.max_body {
        return Err(body_too_large(expect));
    }
    response.body.extend_from_slice(data);
    Ok(())
}

fn body_too_large(expect: Expectation) -> NetError {
    NetError::TooLarge {
        what: "the body",
        limit: expect.max_body,
    }
}

/// Whether an empty line ends somewhere in here.
fn has_head_end(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, &byte)| {
        byte == b'\n' && matches!(bytes.get(at + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..]))
    })
}
