//! JMeter's XML, element by element: a file of gigabytes is one document, and can neither be held nor cut into blocks
//! of lines.
//!
//! Samples stand within samples. Below a transaction they are requests of it; below a request they are its redirects
//! and embedded resources, whose time and bytes the request has already.

mod element;
mod limited;

use std::io::{self, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::Event;

use self::element::{Open, Pending};
use self::limited::Limited;
use super::{Place, Threads, nested};
use crate::foreign::Samples;
use crate::pipeline::Lines;
use crate::series::Known;

/// Samples of a batch.
const BATCH: usize = 16 * 1024;

/// Elements are not nested deeper: JMeter's are five or six.
const DEEPEST: usize = 256;

/// Whether a file that begins so is one of JMeter's XML.
pub(crate) fn is_jmeter_xml(first: &[u8]) -> bool {
    let first = first.trim_ascii_start();
    first.starts_with(b"<") && memchr::memmem::find(first, b"<testResults").is_some()
}

/// Reads one file.
pub(crate) struct JmeterXmlReader {
    reader: Reader<Limited>,
    text: Vec<u8>,
    samples: Samples,
    threads: Threads,
    /// Samples that have begun and not ended.
    pending: Vec<Pending>,
    /// Elements that have begun and not ended, and what is known of them.
    open: Vec<Open>,
    state: State,
}

/// How far the file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    More,
    Whole,
    /// It ends within an element, as JMeter leaves it when it is killed.
    Cut,
}

impl JmeterXmlReader {
    pub(crate) fn new(known: Known, file: Box<dyn Read + Send>) -> Self {
        let mut reader = Reader::from_reader(Limited::new(BufReader::with_capacity(1 << 18, file)));
        // A program's message can have an ampersand that is none of XML's.
        reader.config_mut().allow_dangling_amp = true;
        Self {
            reader,
            text: Vec::new(),
            samples: Samples::new(known),
            threads: Threads::default(),
            pending: Vec::new(),
            open: Vec::new(),
            state: State::More,
        }
    }

    /// Where the next batch begins.
    pub(crate) fn offset(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// Reads the next samples, some thousands of them.
    pub(crate) fn read(&mut self, into: &mut Lines) -> io::Result<State> {
        self.samples.begin_batch();
        let begin = self.offset();
        self.reader.get_mut().count_lines_anew();
        while self.state == State::More && into.batch.samples.len() < BATCH {
            self.reader.get_mut().begin_event();
            self.text.clear();
            let at = self.reader.buffer_position();
            let event = match self.reader.read_event_into(&mut self.text) {
                Ok(event) => event,
                Err(error) => {
                    self.failed(error)?;
                    break;
                }
            };
            let broken = match event {
                Event::Eof => {
                    self.state = if self.open.is_empty() {
                        State::Whole
                    } else {
                        State::Cut
                    };
                    break;
                }
                Event::Start(start) => {
                    if self.open.len() == DEEPEST {
                        return Err(invalid(at, "elements are nested too deep"));
                    }
                    let open = Open::of(&start, at, &mut self.pending);
                    self.open.push(open);
                    None
                }
                Event::Empty(start) => {
                    let open = Open::of(&start, at, &mut self.pending);
                    end(
                        open,
                        &mut self.pending,
                        &mut self.samples,
                        &mut self.threads,
                        into,
                    )
                }
                Event::End(_) => self.open.pop().and_then(|open| {
                    end(
                        open,
                        &mut self.pending,
                        &mut self.samples,
                        &mut self.threads,
                        into,
                    )
                }),
                Event::Text(text) => {
                    if let Some(open) = self.open.last_mut() {
                        open.add(&text);
                    }
                    None
                }
                Event::CData(text) => {
                    if let Some(open) = self.open.last_mut() {
                        open.add(&text);
                    }
                    None
                }
                Event::GeneralRef(entity) => {
                    if let Some(open) = self.open.last_mut() {
                        open.add_entity(&entity);
                    }
                    None
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
            };
            if let Some((at, reason)) = broken {
                // The line where the sample ends, which is where JMeter's begins unless it has other elements in it.
                into.seen = self.reader.get_ref().lines();
                into.broken(
                    usize::try_from(at.saturating_sub(begin)).unwrap_or(0),
                    false,
                    reason,
                );
            }
        }
        into.seen = self.reader.get_ref().lines();
        Ok(self.state)
    }

    /// What an error means: the end of a file that was cut off, or one that cannot be read further.
    fn failed(&mut self, error: quick_xml::Error) -> io::Result<()> {
        let at = self.reader.error_position();
        match error {
            quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            quick_xml::Error::Io(error) => {
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
            // All of them are about an end that comes too early.
            quick_xml::Error::Syntax(_) if self.reader.get_mut().is_at_end() => {}
            error => return Err(invalid(at, &error.to_string())),
        }
        self.state = State::Cut;
        Ok(())
    }
}

fn invalid(at: u64, what: &str) -> io::Error {
    let message = format!("at byte {at}: {what}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Ends an element; where and why if it was a sample that is broken.
fn end(
    open: Open,
    pending: &mut Vec<Pending>,
    samples: &mut Samples,
    threads: &mut Threads,
    into: &mut Lines,
) -> Option<(u64, &'static str)> {
    if !open.is_sample() {
        if let Some(sample) = pending.last_mut() {
            sample.learn(open);
        }
        return None;
    }
    let sample = pending.pop()?;
    let group = pending
        .iter()
        .filter(|it| it.row.is_transaction())
        .fold(String::new(), |group, it| nested(&group, &it.row.label));
    let place = Place {
        group: &group,
        is_part: pending.iter().any(|it| !it.row.is_transaction()),
    };
    let before = into.batch.samples.len();
    let read = sample
        .row
        .samples(place, samples, threads, into)
        .and_then(|()| {
            sample.checks.iter().try_for_each(|(name, passed)| {
                sample.row.check(name, *passed, &group, samples, into)
            })
        });
    read.err().map(|reason| {
        into.batch.samples.truncate(before);
        (sample.at, reason)
    })
}
