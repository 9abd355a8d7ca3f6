//! JMeter's result files (JTL), CSV and XML: what they say of a sample is the same, and so is what becomes of it.
//!
//! The fields and their names are those of JMeter's user manual, "Introduction to listeners", sections "CSV Log format"
//! and "XML Log format 2.1".

mod columns;
mod csv;
mod xml;

use brunt_metrics::builtin::{CHECKS, GROUP_DURATION};

pub(crate) use self::columns::Columns;
pub(crate) use self::csv::JmeterCsvReader;
pub(crate) use self::xml::{JmeterXmlReader, State, is_jmeter_xml};
use crate::foreign::{Request, Samples, clip, millis, status};
use crate::pipeline::Lines;

/// What a transaction controller's samples say instead of a message.
const TRANSACTION: &str = "Number of samples in transaction";

/// What JMeter puts before what is no answer of HTTP.
const NO_ANSWER: [&str; 2] = ["Non HTTP response code: ", "Non HTTP response message: "];

/// A sample as it stands in the file. What is not there is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Row<T> {
    pub(crate) time: T,
    pub(crate) elapsed: T,
    pub(crate) label: T,
    pub(crate) code: T,
    pub(crate) message: T,
    pub(crate) thread: T,
    pub(crate) success: T,
    pub(crate) failure: T,
    pub(crate) bytes: T,
    pub(crate) sent: T,
    pub(crate) all_threads: T,
    pub(crate) url: T,
    pub(crate) latency: T,
    pub(crate) connect: T,
    pub(crate) host: T,
    pub(crate) method: T,
    pub(crate) count: T,
}

/// Where a sample stands among others.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The transactions around it, as k6 writes groups.
    pub(crate) group: &'a str,
    /// A part of a sample that counts already, as a redirect or an embedded picture is.
    pub(crate) is_part: bool,
}

/// The number of threads that was told last, and in which second.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    told: (i64, u64),
}

impl<T: AsRef<str>> Row<T> {
    /// Whether it stands for the samples of a transaction controller.
    pub(crate) fn is_transaction(&self) -> bool {
        self.message.as_ref().starts_with(TRANSACTION)
    }

    /// The thread group, without the numbers of group and thread: `Thread Group 1-12`.
    pub(crate) fn scenario(&self) -> &str {
        let thread = self.thread.as_ref();
        let number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let group = thread.rsplit_once(' ').filter(|(_, numbers)| {
            let numbers = numbers.split_once('-');
            numbers.is_some_and(|(one, other)| number(one) && number(other))
        });
        group.map_or(thread, |(group, _)| group).trim()
    }

    /// When it ended. Times are those of the begin, as JMeter's `jmeter.properties` has it.
    pub(crate) fn end(&self) -> Result<i64, &'static str> {
        let begin = millis(self.time.as_ref()).ok_or(
            "has no time in milliseconds: let JMeter write with jmeter.save.saveservice.timestamp_format=ms",
        )?;
        let elapsed = number(self.elapsed.as_ref())?.ok_or("has no elapsed time")?;
        let end = begin.checked_add((elapsed * 1e6) as i64);
        end.ok_or("has a time that cannot be")
    }

    /// Its samples of k6's metrics.
    pub(crate) fn samples(
        &self,
        place: Place<'_>,
        samples: &mut Samples,
        threads: &mut Threads,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let end = self.end()?;
        let duration = number(self.elapsed.as_ref())?.unwrap_or_default();
        if number(self.count.as_ref())?.is_some_and(|count| count > 1.0) {
            return Err(
                "stands for several samples, of which JMeter's statistical mode keeps no single one",
            );
        }
        let failed = match self.success.as_ref() {
            "true" => false,
            "false" => true,
            _ => return Err("is neither a success nor a failure"),
        };
        let (scenario, instance) = (self.scenario(), self.host.as_ref());
        if self.is_transaction() {
            let group = nested(place.group, self.label.as_ref());
            let tags = [
                ("group", group.as_str()),
                ("scenario", scenario),
                ("instance", instance),
            ];
            let tags = samples.tags(&tags)?;
            samples.add(GROUP_DURATION, tags, end, duration, into)?;
        } else if !place.is_part {
            let error = if failed { self.error() } else { String::new() };
            let url = self.url.as_ref();
            let request = Request {
                end,
                duration,
                waiting: number(self.latency.as_ref())?,
                connecting: number(self.connect.as_ref())?,
                sent: number(self.sent.as_ref())?,
                received: number(self.bytes.as_ref())?,
                failed,
                name: self.label.as_ref(),
                method: self.method.as_ref(),
                status: self.code.as_ref(),
                // What samplers of other kinds have there.
                url: if url == "null" { "" } else { url },
                scenario,
                group: place.group,
                instance,
                error: &error,
            };
            samples.request(&request, into)?;
        }
        if let Some(count) = number(self.all_threads.as_ref())? {
            threads.tell(end, count as u64, instance, samples, into)?;
        }
        Ok(())
    }

    /// An assertion's result, as a check.
    pub(crate) fn check(
        &self,
        name: &str,
        passed: bool,
        group: &str,
        samples: &mut Samples,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let tags = samples.tags(&[
            ("check", clip(name)),
            ("name", self.label.as_ref()),
            ("scenario", self.scenario()),
            ("group", group),
            ("instance", self.host.as_ref()),
        ])?;
        samples.add(CHECKS, tags, self.end()?, f64::from(u8::from(passed)), into)
    }

    /// What went wrong: the first assertion that failed, or why there was no answer.
    fn error(&self) -> String {
        let (code, message) = (self.code.as_ref(), self.message.as_ref());
        let failure = self.failure.as_ref();
        if !failure.is_empty() {
            return failure.to_owned();
        }
        if status(code).is_some() {
            return String::new();
        }
        let plain = |text: &str| {
            let begin = NO_ANSWER.iter().find_map(|begin| text.strip_prefix(begin));
            begin.unwrap_or(text).to_owned()
        };
        match (plain(code), plain(message)) {
            (code, message) if code.is_empty() => message,
            (code, message) if message.is_empty() => code,
            (code, message) => format!("{code}: {message}"),
        }
    }
}

impl Threads {
    fn tell(
        &mut self,
        time: i64,
        count: u64,
        instance: &str,
        samples: &mut Samples,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let now = (time / 1_000_000_000, count);
        if self.told == now {
            return Ok(());
        }
        self.told = now;
        samples.vus(time, count as f64, instance, into)
    }
}

/// A group within others, as k6 writes it.
pub(crate) fn nested(outer: &str, name: &str) -> String {
    format!("{outer}::{name}")
}

/// A number that is not negative; none in an empty text.
fn number(text: &str) -> Result<Option<f64>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let number: Option<u64> = text.parse().ok();
    let number = number.filter(|number| *number < 1 << 53);
    let number = number.ok_or("has text or too large a number where JMeter writes a count")?;
    Ok(Some(number as f64))
}

#[cfg(test)]
mod tests;
