//! The columns of a CSV file of JMeter's: by the names in its first row, in any order, or JMeter's own order where
//! files have no names (`jmeter.save.saveservice.print_field_names=false`).

use super::Row;
use crate::foreign::Cells;

/// JMeter's default columns. Those before version 5 have no `URL`.
const DEFAULT: [&str; 17] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Latency",
    "IdleTime",
    "Connect",
];

/// Where `URL` stands there.
const URL: usize = 13;

/// What may be between cells, `jmeter.save.saveservice.default_delimiter`.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Where a file has what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) delimiter: u8,
    /// The row that names them, if there is one.
    header: Option<Vec<u8>>,
    at: Row<Option<usize>>,
    /// No row has fewer cells.
    least: usize,
}

impl Columns {
    /// From the first row of a file, without its end; `None` if it is another program's.
    pub(crate) fn read(row: &[u8]) -> Option<Self> {
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        DELIMITERS.iter().find_map(|delimiter| {
            let mut cells = Cells::default();
            cells.read(row, *delimiter).ok()?;
            Self::named(row, &cells, *delimiter).or_else(|| Self::unnamed(&cells, *delimiter))
        })
    }

    fn named(row: &[u8], cells: &Cells, delimiter: u8) -> Option<Self> {
        let names: Vec<&str> = cells.iter().collect();
        let it = Self::of(&names, delimiter, Some(row.to_vec()));
        let at = &it.at;
        (at.time.is_some() && at.elapsed.is_some() && at.success.is_some()).then_some(it)
    }

    fn unnamed(cells: &Cells, delimiter: u8) -> Option<Self> {
        let is_number = |at: usize| {
            let cell = cells.get(at);
            !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
        };
        let fits = cells.count() >= DEFAULT.len() - 1
            && cells.get(0).len() == 13
            && [0, 1, 9, 10, 11, 12].into_iter().all(is_number)
            && matches!(cells.get(7), "true" | "false");
        if !fits {
            return None;
        }
        let mut names = DEFAULT.to_vec();
        if is_number(URL) {
            names.remove(URL);
        }
        Some(Self::of(&names, delimiter, None))
    }

    fn of(names: &[&str], delimiter: u8, header: Option<Vec<u8>>) -> Self {
        let at = |name: &str| names.iter().position(|it| *it == name);
        Self {
            delimiter,
            header,
            at: Row {
                time: at("timeStamp"),
                elapsed: at("elapsed"),
                label: at("label"),
                code: at("responseCode"),
                message: at("responseMessage"),
                thread: at("threadName"),
                success: at("success"),
                failure: at("failureMessage"),
                bytes: at("bytes"),
                sent: at("sentBytes"),
                all_threads: at("allThreads"),
                url: at("URL"),
                latency: at("Latency"),
                connect: at("Connect"),
                host: at("Hostname"),
                method: None,
                count: at("SampleCount"),
            },
            least: names.len(),
        }
    }

    /// Whether this row names the columns: the first one, and each where JMeter went on with a file.
    pub(super) fn is_header(&self, row: &[u8]) -> bool {
        self.header.as_deref() == Some(row)
    }

    /// What a row has in its columns.
    pub(super) fn row<'a>(&self, cells: &'a Cells) -> Result<Row<&'a str>, &'static str> {
        if cells.count() < self.least {
            return Err("has fewer cells than there are columns");
        }
        let cell = |at: Option<usize>| at.map_or("", |at| cells.get(at));
        let at = &self.at;
        Ok(Row {
            time: cell(at.time),
            elapsed: cell(at.elapsed),
            label: cell(at.label),
            code: cell(at.code),
            message: cell(at.message),
            thread: cell(at.thread),
            success: cell(at.success),
            failure: cell(at.failure),
            bytes: cell(at.bytes),
            sent: cell(at.sent),
            all_threads: cell(at.all_threads),
            url: cell(at.url),
            latency: cell(at.latency),
            connect: cell(at.connect),
            host: cell(at.host),
            method: cell(at.method),
            count: cell(at.count),
        })
    }
}
