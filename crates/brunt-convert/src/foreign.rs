//! What other load generators measured, as k6's metrics: one place that says which samples a request is, for all of
//! them. How each file is read stands apart, in a module for each program.

mod error_code;

use brunt_metrics::builtin::{
    DATA_RECEIVED, DATA_SENT, HTTP_REQ_CONNECTING, HTTP_REQ_DURATION, HTTP_REQ_FAILED,
    HTTP_REQ_WAITING, HTTP_REQS, VUS,
};
use brunt_metrics::{MetaId, MetricId, Sample, TagSet};

pub(crate) use crate::csv::cells::{Cells, Rows};
use crate::pipeline::Lines;
use crate::series::{Known, SeriesReader, SetId};

/// Bytes of a message that become the tag `error`: some programs put a whole page into theirs.
const LONGEST_ERROR: usize = 256;

/// Nanoseconds of a millisecond, which is what other programs count in.
const MILLI: i64 = 1_000_000;

/// A request. Texts that are empty are no tags.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    /// When it ended, in nanoseconds since the Unix epoch: k6's samples have that time.
    pub(crate) end: i64,
    /// Milliseconds, as all times.
    pub(crate) duration: f64,
    pub(crate) waiting: Option<f64>,
    pub(crate) connecting: Option<f64>,
    /// Bytes.
    pub(crate) sent: Option<f64>,
    pub(crate) received: Option<f64>,
    pub(crate) failed: bool,
    pub(crate) name: &'a str,
    pub(crate) method: &'a str,
    /// Of HTTP; anything else is no status, and a failed request without one has 0.
    pub(crate) status: &'a str,
    pub(crate) url: &'a str,
    pub(crate) scenario: &'a str,
    pub(crate) group: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) error: &'a str,
}

/// Writes samples of series whose tags are known as pairs.
#[derive(Debug)]
pub(crate) struct Samples {
    series: SeriesReader,
    key: Vec<u8>,
}

impl Samples {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            series: SeriesReader::new(known),
            key: Vec::new(),
        }
    }

    /// Called before each batch; sets of tags from before mean nothing any more.
    pub(crate) fn begin_batch(&mut self) {
        self.series.begin_batch();
    }

    /// The set of those tags that are not empty.
    pub(crate) fn tags(&mut self, tags: &[(&str, &str)]) -> Result<SetId, &'static str> {
        self.key.clear();
        for (name, value) in tags {
            if !value.is_empty() {
                self.key.extend_from_slice(name.as_bytes());
                self.key.push(0);
                // With its length, so that no value passes for the next tag.
                self.key.extend_from_slice(&value.len().to_le_bytes());
                self.key.extend_from_slice(value.as_bytes());
            }
        }
        let parse = |_: &[u8]| {
            let some = tags.iter().filter(|(_, value)| !value.is_empty());
            Some((some.copied().collect::<TagSet>(), false))
        };
        let set = self.series.tags(&self.key, parse);
        set.ok_or("has tags that cannot be")
    }

    /// The metric of this name, which must have been declared.
    pub(crate) fn metric(&mut self, name: &str) -> Result<MetricId, &'static str> {
        let metric = self.series.metric(name.as_bytes());
        metric.ok_or("has a metric that cannot be")
    }

    pub(crate) fn add(
        &mut self,
        metric: MetricId,
        tags: SetId,
        time: i64,
        value: f64,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let series = self.series.series(metric, tags, &mut into.batch);
        into.batch.samples.push(Sample {
            series: series.ok_or("belongs to no series")?,
            meta: MetaId::NONE,
            time,
            value,
        });
        Ok(())
    }

    /// How many virtual users there are.
    pub(crate) fn vus(
        &mut self,
        time: i64,
        count: f64,
        instance: &str,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let tags = self.tags(&[("instance", instance)])?;
        self.add(VUS, tags, time, count, into)
    }

    /// All samples of a request.
    pub(crate) fn request(
        &mut self,
        request: &Request<'_>,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let status = status(request.status);
        let code = match status {
            Some(status @ 400..600) if request.failed => format!("{}", 1000 + status),
            None if request.failed => error_code::of(request.error).to_owned(),
            _ => String::new(),
        };
        let tags = self.tags(&[
            ("name", request.name),
            ("method", request.method),
            (
                "status",
                match status {
                    Some(_) => request.status,
                    None if request.failed => "0",
                    None => "",
                },
            ),
            ("url", request.url),
            ("scenario", request.scenario),
            ("group", request.group),
            ("instance", request.instance),
            (
                "expected_response",
                if request.failed { "false" } else { "true" },
            ),
            ("error", clip(request.error)),
            ("error_code", &code),
        ])?;
        let (end, failed) = (request.end, f64::from(u8::from(request.failed)));
        self.add(HTTP_REQS, tags, end, 1.0, into)?;
        self.add(HTTP_REQ_DURATION, tags, end, request.duration, into)?;
        self.add(HTTP_REQ_FAILED, tags, end, failed, into)?;
        if let Some(waiting) = request.waiting {
            self.add(HTTP_REQ_WAITING, tags, end, waiting, into)?;
        }
        if let Some(connecting) = request.connecting {
            self.add(HTTP_REQ_CONNECTING, tags, end, connecting, into)?;
        }
        if request.sent.is_none() && request.received.is_none() {
            return Ok(());
        }
        let place = self.tags(&[
            ("scenario", request.scenario),
            ("group", request.group),
            ("instance", request.instance),
        ])?;
        if let Some(sent) = request.sent {
            self.add(DATA_SENT, place, end, sent, into)?;
        }
        if let Some(received) = request.received {
            self.add(DATA_RECEIVED, place, end, received, into)?;
        }
        Ok(())
    }
}

/// A time in milliseconds since the Unix epoch, in nanoseconds.
pub(crate) fn millis(text: &str) -> Option<i64> {
    let millis: i64 = text.trim().parse().ok()?;
    (millis > 0).then_some(millis)?.checked_mul(MILLI)
}

/// The status if it is one of HTTP.
pub(crate) fn status(text: &str) -> Option<u16> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_code)
}

/// The begin of a message that is as long as a tag may be.
pub(crate) fn clip(text: &str) -> &str {
    let end = text.floor_char_boundary(LONGEST_ERROR);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_letters() {
        let text = "ü".repeat(LONGEST_ERROR);
        assert_eq!(clip(&text).len(), LONGEST_ERROR);
        assert_eq!(clip(&format!("x{text}")).len(), LONGEST_ERROR - 1);
        assert_eq!(clip("short"), "short");
    }

    #[test]
    fn times_that_cannot_be_are_none() {
        assert_eq!(millis("1795439544123"), Some(1_795_439_544_123_000_000));
        for text in [
            "",
            "x",
            "-1",
            "0",
            "9223372036854775807",
            "2026/11/22 10:00:00",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}

/// Samples as lines of text, for the tests of those who write them.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Time in seconds, metric, value and tags of each sample.
    pub(crate) fn told(known: &Known, lines: &Lines) -> Vec<String> {
        let metrics = known.registry.all();
        let sample = |sample: &Sample| {
            let series = known.interner.resolve(sample.series).unwrap();
            let metric = metrics.iter().find(|it| it.id == series.metric).unwrap();
            let tags = series
                .tags
                .iter()
                .map(|(name, value)| format!(" {name}={value}"));
            let seconds = sample.time as f64 / 1e9;
            format!(
                "{seconds:.3} {} {}{}",
                metric.name,
                sample.value,
                tags.collect::<String>()
            )
        };
        lines.batch.samples.iter().map(sample).collect()
    }
}
