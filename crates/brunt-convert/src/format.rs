//! What a file is, told by its first bytes: names lie, and standard input has none.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::csv::Columns;
use crate::{gatling, jmeter, locust};

/// What results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// k6's JSON lines.
    Json,
    /// k6's CSV.
    Csv,
    /// Parquet, with brunt's columns.
    Parquet,
    /// An Arrow IPC stream, with brunt's columns.
    Arrow,
    /// JMeter's JTL as CSV.
    JmeterCsv,
    /// JMeter's JTL as XML.
    JmeterXml,
    /// Gatling's `simulation.log`, as text.
    Gatling,
    /// Locust's `…_stats_history.csv`.
    Locust,
}

/// What a file's first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Results(Format),
    /// Another program's file from which no samples can be made, with what to do instead.
    Refused(&'static str),
    /// No results.
    Nothing,
}

const BINARY_GATLING: &str = "is the binary log that Gatling writes from version 3.12 on, whose format is Gatling's own: \
     let Gatling turn it into text or CSV first, or run the simulation with Gatling 3.11 or older";

const LOCUST_TOTALS: &str = "has totals of a run of Locust's without times: take the file of the same run that ends in \
     _stats_history.csv, which `locust --csv` writes beside it";

/// How it is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "k6 JSON",
            Self::Csv => "k6 CSV",
            Self::Parquet => "Parquet",
            Self::Arrow => "an Arrow stream",
            Self::JmeterCsv => "JMeter CSV",
            Self::JmeterXml => "JMeter XML",
            Self::Gatling => "a Gatling log",
            Self::Locust => "a Locust history",
        })
    }
}

impl Packing {
    /// Of a file that begins so.
    pub(crate) fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// What was packed, all members and frames of it.
    pub(crate) fn unpack(
        self,
        file: impl Read + Send + 'static,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Plain => Box::new(file),
            Self::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file))),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(file)?),
        })
    }
}

impl Format {
    /// Of unpacked bytes that begin so.
    pub(crate) fn of(reader: &mut impl BufRead) -> io::Result<Found> {
        if brunt_arrow::is_stream(reader)? {
            return Ok(Found::Results(Self::Arrow));
        }
        let mut first = Vec::new();
        reader
            .take(64 << 10)
            .read_to_end(&mut first)
            .or_else(|error| {
                // A packed file that was cut off early.
                (error.kind() == io::ErrorKind::UnexpectedEof)
                    .then_some(0)
                    .ok_or(error)
            })?;
        if first.starts_with(b"PAR1") {
            return Ok(Found::Results(Self::Parquet));
        }
        if gatling::is_binary(&first) {
            return Ok(Found::Refused(BINARY_GATLING));
        }
        let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first);
        let line = text
            .split(|byte| *byte == b'\n')
            .find(|line| !line.trim_ascii().is_empty());
        let line = line.unwrap_or_default();
        let has = |word: &[u8]| memchr::memmem::find(line, word).is_some();
        if line.trim_ascii_start().starts_with(b"{") && has(b"\"metric\"") && has(b"\"type\"") {
            return Ok(Found::Results(Self::Json));
        }
        if jmeter::is_jmeter_xml(text) {
            return Ok(Found::Results(Self::JmeterXml));
        }
        if gatling::is_gatling(line) {
            return Ok(Found::Results(Self::Gatling));
        }
        match locust::of(line) {
            Some(locust::Kind::History) => return Ok(Found::Results(Self::Locust)),
            Some(locust::Kind::Totals) => return Ok(Found::Refused(LOCUST_TOTALS)),
            None => {}
        }
        if Columns::read(line).is_some() {
            return Ok(Found::Results(Self::Csv));
        }
        Ok(match jmeter::Columns::read(line) {
            Some(_) => Found::Results(Self::JmeterCsv),
            None => Found::Nothing,
        })
    }
}
