//! Gatling's `simulation.log`, the text that it wrote up to version 3.11. Lines are read in turn by one thread: how many
//! users there are, and in which scenario a request was, is said by lines before.
//!
//! Versions differ in which cells a line has; what they are is told in [`line`].

mod line;

use brunt_metrics::builtin::{GROUP_DURATION, ITERATION_DURATION, ITERATIONS};
use memchr::memchr;
use rustc_hash::FxHashMap;

use self::line::{Event, Line};
use crate::foreign::{Request, Samples, clip};
use crate::pipeline::Lines;
use crate::series::Known;

/// A counter of what went wrong outside of requests.
pub(crate) const ERRORS: &str = "gatling_errors";

/// Users that are under way at a time, of which scenario and begin are kept.
const MOST_USERS: usize = 1 << 20;

/// What Gatling calls a check that found another status.
const FOUND: &str = "but actually found ";

/// Whether this is the first line of a log.
pub(crate) fn is_gatling(line: &[u8]) -> bool {
    let mut cells = line.split(|byte| *byte == b'\t');
    match cells.next() {
        Some(b"RUN") => cells.count() >= 4,
        // Those of the simulation come first.
        Some(b"ASSERTION") => cells.next().is_some(),
        _ => false,
    }
}

/// Whether a file that begins so is a log as Gatling writes it from 3.12 on: a zero byte for the record of the run, and the
/// version as a text behind its length in four bytes.
pub(crate) fn is_binary(first: &[u8]) -> bool {
    match first {
        [0, 0, 0, 0, length @ 3..=32, version @ ..] => {
            let version = version.get(..usize::from(*length)).unwrap_or_default();
            version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b'.')
        }
        _ => false,
    }
}

/// Reads one log.
#[derive(Debug)]
pub(crate) struct GatlingReader {
    samples: Samples,
    users: u64,
    /// Scenario and begin of the users that are under way, where requests say only their number.
    under_way: FxHashMap<Box<str>, (Box<str>, i64)>,
}

impl GatlingReader {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            samples: Samples::new(known),
            users: 0,
            under_way: FxHashMap::default(),
        }
    }

    /// The samples of these lines.
    pub(crate) fn read(&mut self, lines: &[u8], into: &mut Lines) {
        self.samples.begin_batch();
        let mut begin = 0;
        while begin < lines.len() {
            let end = memchr(b'\n', &lines[begin..]).map_or(lines.len(), |end| begin + end);
            match self.line(&lines[begin..end], into) {
                Ok(()) => into.seen += 1,
                Err(reason) => into.broken(begin, end == lines.len(), reason),
            }
            begin = end + 1;
        }
    }

    fn line(&mut self, line: &[u8], into: &mut Lines) -> Result<(), &'static str> {
        let line = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        match Line::read(line)? {
            Line::Nothing => Ok(()),
            Line::Request(event) => self.request(&event, into),
            Line::Group(event) => self.group(&event, into),
            Line::Start(user) => {
                if !user.id.is_empty() && self.under_way.len() < MOST_USERS {
                    let known = (user.scenario.into(), user.begin);
                    self.under_way.insert(user.id.into(), known);
                }
                self.users += 1;
                self.samples.vus(user.time, self.users as f64, "", into)
            }
            Line::End(user) => {
                self.under_way.remove(user.id);
                self.users = self.users.saturating_sub(1);
                self.samples.vus(user.time, self.users as f64, "", into)?;
                let tags = self.samples.tags(&[("scenario", user.scenario)])?;
                self.samples.add(ITERATIONS, tags, user.time, 1.0, into)?;
                // Later versions do not say when the user had begun.
                if user.id.is_empty() {
                    return Ok(());
                }
                let took = user.time.saturating_sub(user.begin).max(0) as f64 / 1e6;
                self.samples
                    .add(ITERATION_DURATION, tags, user.time, took, into)
            }
            Line::Error { message, time } => {
                let metric = self.samples.metric(ERRORS)?;
                let tags = self.samples.tags(&[("error", clip(message))])?;
                self.samples.add(metric, tags, time, 1.0, into)
            }
        }
    }

    fn request(&mut self, event: &Event<'_>, into: &mut Lines) -> Result<(), &'static str> {
        let message = event.message.trim();
        let found = message.rsplit_once(FOUND).map(|(_, found)| found.trim());
        let scenario = self.scenario(event);
        let request = Request {
            end: event.end,
            duration: event.took,
            failed: event.failed,
            name: event.name,
            status: found
                .filter(|_| message.starts_with("status."))
                .unwrap_or_default(),
            scenario: &scenario,
            group: &event.group,
            error: if event.failed { message } else { "" },
            ..Request::default()
        };
        self.samples.request(&request, into)
    }

    fn group(&mut self, event: &Event<'_>, into: &mut Lines) -> Result<(), &'static str> {
        let scenario = self.scenario(event);
        let tags = [("group", event.group.as_str()), ("scenario", &scenario)];
        let tags = self.samples.tags(&tags)?;
        self.samples
            .add(GROUP_DURATION, tags, event.end, event.took, into)
    }

    /// The scenario of an event: its own, or its user's.
    fn scenario(&self, event: &Event<'_>) -> String {
        let of_user = || Some(self.under_way.get(event.user)?.0.to_string());
        if event.scenario.is_empty() {
            return of_user().unwrap_or_default();
        }
        event.scenario.to_owned()
    }
}

#[cfg(test)]
mod tests;
