//! From files to batches: one thread reads, some parse, and whoever called gets the batches in order.
//!
//! Each block goes to the parsers with a channel for its answer, and the channels wait in the order of the
//! blocks. So the order is kept without sorting, and what is under way is bounded by how many may wait.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use brunt_arrow::Decoder;
use brunt_metrics::SampleBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::block::{Block, Blocks};
use crate::csv::{Columns, CsvReader};
use crate::format::Format;
use crate::gatling::GatlingReader;
use crate::input::{Input, Inputs};
use crate::jmeter::{self, JmeterCsvReader, JmeterXmlReader, State};
use crate::json::JsonReader;
use crate::locust::LocustReader;
use crate::retag::Retag;
pub use crate::series::Known;

/// Rows of a batch of a columnar file.
const ROWS: usize = 16 * 1024;

/// No first row that names columns is longer.
const FIRST_ROW: u64 = 64 << 10;

/// Broken lines of a block that are told one by one; the others are counted.
const TOLD: usize = 20;

/// How files are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where metrics and series are made.
    pub known: Known,
    /// Threads that parse; at least one.
    pub threads: usize,
    /// Whether the samples of each file get a tag `instance` with the file's name, where they have none.
    pub instance_tag: bool,
}

/// A file cannot be read any further.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {name}: {source}")]
pub struct ReadError {
    name: String,
    source: io::Error,
}

impl ReadError {
    pub(crate) fn of(name: &str, source: io::Error) -> Self {
        Self {
            name: name.to_owned(),
            source,
        }
    }
}

/// A line that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub name: String,
    /// The line, from 1.
    pub line: u64,
    /// Where it begins, in bytes; in a packed file, of what was packed.
    pub offset: u64,
    /// What is wrong with it, to follow its place.
    pub reason: &'static str,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Samples.
    pub samples: u64,
    /// Lines that were skipped because they are broken.
    pub broken: u64,
    /// Rows whose tags could have meant something else: k6's CSV does not escape them.
    pub doubtful: u64,
    /// Sentences about files that end early.
    pub notices: Vec<String>,
}

impl Tally {
    /// Adds what was read of other files.
    pub(crate) fn add(&mut self, other: Self) {
        self.samples += other.samples;
        self.broken += other.broken;
        self.doubtful += other.doubtful;
        self.notices.extend(other.notices);
    }
}

/// Work, and where what became of it goes.
type Task = (Work, SyncSender<Result<Lines, String>>);

/// What a parser made of a block.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) batch: SampleBatch,
    /// Lines that were looked at, broken ones too.
    pub(crate) seen: u64,
    pub(crate) doubtful: u64,
    broken: u64,
    /// Line from 0 and byte in the block.
    told: Vec<(u64, usize, &'static str)>,
    /// The last line has no end and is not whole.
    pub(crate) half: bool,
}

impl Lines {
    /// Notes a broken line that begins at this byte; a last one without an end was being written.
    pub(crate) fn broken(&mut self, at: usize, is_unended: bool, reason: &'static str) {
        if is_unended {
            self.half = true;
        } else {
            self.broken += 1;
            if self.told.len() < TOLD {
                self.told.push((self.seen, at, reason));
            }
        }
        self.seen += 1;
    }
}

#[cfg(test)]
impl Lines {
    /// Line from 0 and byte of each broken line.
    pub(crate) fn told(&self) -> impl Iterator<Item = (u64, usize)> {
        self.told.iter().map(|(line, at, _)| (*line, *at))
    }
}

enum Work {
    Json(Block),
    Csv(Block, Arc<Columns>),
    Jmeter(Block, Arc<jmeter::Columns>),
    Rows(RecordBatch),
}

enum Step {
    /// A file begins.
    File(usize),
    /// A block of it, read from this byte on.
    Block(u64, Receiver<Result<Lines, String>>),
    /// It was cut off within packed data.
    Cut,
    Failed(io::Error),
}

/// Reads the samples of all files, in the order of the files. `take` is given each batch and says whether to go
/// on; `tell` is given the first broken lines.
///
/// # Errors
/// If a file cannot be read any further. What could be read before was given to `take`.
pub fn read(
    inputs: &Inputs,
    options: &Options,
    mut take: impl FnMut(SampleBatch) -> bool,
    mut tell: impl FnMut(&Broken),
) -> Result<Tally, ReadError> {
    let threads = options.threads.max(1);
    let (work, todo) = sync_channel::<Task>(threads);
    let (steps, ordered) = sync_channel::<Step>(threads * 2);
    let todo = Mutex::new(todo);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| parse(options, &todo));
        }
        scope.spawn(move || read_files(inputs, &options.known, &work, &steps));
        let mut tally = Tally::default();
        let mut name = "";
        let mut lines = 0;
        let mut retag = None;
        for step in &ordered {
            match step {
                Step::File(at) => {
                    name = inputs.files.get(at).map_or("", |file| file.name.as_str());
                    lines = 0;
                    let instance = inputs.files.get(at).filter(|_| options.instance_tag);
                    retag = instance.map(|file| Retag::new(&options.known, &file.instance));
                }
                Step::Block(offset, answer) => {
                    let gone = Err("a thread ended without a word".to_owned());
                    let parsed = answer.recv().unwrap_or(gone);
                    let mut parsed =
                        parsed.map_err(|error| ReadError::of(name, io::Error::other(error)))?;
                    if let Some(retag) = &mut retag {
                        retag.batch(&mut parsed.batch);
                    }
                    for (line, at, reason) in &parsed.told {
                        if tally.broken < TOLD as u64 {
                            tell(&Broken {
                                name: name.to_owned(),
                                line: lines + line + 1,
                                offset: offset + *at as u64,
                                reason,
                            });
                        }
                        tally.broken += 1;
                    }
                    tally.broken += parsed.broken - parsed.told.len() as u64;
                    lines += parsed.seen;
                    tally.doubtful += parsed.doubtful;
                    tally.samples += parsed.batch.samples.len() as u64;
                    if parsed.half {
                        let notice =
                            format!("{name} ends in the middle of a line, which is left out");
                        tally.notices.push(notice);
                    }
                    if !parsed.batch.samples.is_empty() && !take(parsed.batch) {
                        break;
                    }
                }
                Step::Cut => tally.notices.push(format!(
                    "{name} was cut off, as by a crash: all that can be unpacked was read"
                )),
                Step::Failed(source) => return Err(ReadError::of(name, source)),
            }
        }
        // So that the reader does not wait for room that nobody makes.
        drop(ordered);
        Ok(tally)
    })
}

/// Parses what there is to do until nothing more comes.
fn parse(options: &Options, todo: &Mutex<Receiver<Task>>) {
    let known = &options.known;
    let mut json = JsonReader::new(known.clone());
    let mut csv = CsvReader::new(known.clone());
    let mut jmeter = JmeterCsvReader::new(known.clone());
    let decoder = Decoder::new(Arc::clone(&known.registry), Arc::clone(&known.interner));
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((work, answer)) = next else { return };
        let mut lines = Lines::default();
        let parsed = match work {
            Work::Json(block) => {
                json.read(&block.bytes, &mut lines);
                Ok(lines)
            }
            Work::Csv(block, columns) => {
                csv.read(&block.bytes, &columns, &mut lines);
                Ok(lines)
            }
            Work::Jmeter(block, columns) => {
                jmeter.read(&block.bytes, &columns, &mut lines);
                Ok(lines)
            }
            Work::Rows(rows) => match decoder.decode(&rows) {
                Ok(batch) => {
                    lines.batch = batch;
                    lines.seen = rows.num_rows() as u64;
                    Ok(lines)
                }
                Err(error) => Err(error.to_string()),
            },
        };
        // Nobody waits for it after an error.
        let _ = answer.send(parsed);
    }
}

/// The end of the one who takes the steps; then there is no use in reading on.
struct Gone;

struct Reader<'a> {
    known: &'a Known,
    work: &'a SyncSender<Task>,
    steps: &'a SyncSender<Step>,
}

impl Reader<'_> {
    fn step(&self, step: Step) -> Result<(), Gone> {
        self.steps.send(step).map_err(|_| Gone)
    }

    fn work(&self, offset: u64, work: Work) -> Result<(), Gone> {
        let (answer, waiting) = sync_channel(1);
        self.step(Step::Block(offset, waiting))?;
        self.work.send((work, answer)).map_err(|_| Gone)
    }

    /// Hands on what was read on this thread.
    fn done(&self, offset: u64, lines: Lines) -> Result<(), Gone> {
        let (answer, waiting) = sync_channel(1);
        // Its other end is here, and there is room for one.
        let _ = answer.send(Ok(lines));
        self.step(Step::Block(offset, waiting))
    }

    fn file(&self, inputs: &Inputs, input: &Input) -> Result<(), Gone> {
        let read = match inputs.format() {
            Format::Json => self.lines(inputs, input, false),
            Format::Csv => self.lines(inputs, input, true),
            Format::Parquet => self.parquet(input),
            Format::Arrow => self.arrow(inputs, input),
            Format::JmeterCsv => self.jmeter_csv(inputs, input),
            Format::JmeterXml => self.jmeter_xml(inputs, input),
            Format::Gatling => {
                let mut reader = GatlingReader::new(self.known.clone());
                self.in_turn(inputs, input, None, |bytes, into| reader.read(bytes, into))
            }
            Format::Locust => {
                let mut reader = LocustReader::new(self.known.clone());
                self.in_turn(inputs, input, Some(b','), |bytes, into| {
                    reader.read(bytes, into);
                })
            }
        };
        read.unwrap_or_else(|error| self.step(Step::Failed(error)))
    }

    fn lines(&self, inputs: &Inputs, input: &Input, csv: bool) -> io::Result<Result<(), Gone>> {
        let mut blocks = Blocks::new(input.open_counted(inputs)?, csv.then_some(b','));
        let mut columns = None;
        while let Some(block) = blocks.next()? {
            let offset = block.offset;
            let work = if csv {
                let columns = match &columns {
                    Some(columns) => Arc::clone(columns),
                    None => Arc::clone(columns.insert(header(&block.bytes)?)),
                };
                Work::Csv(block, columns)
            } else {
                Work::Json(block)
            };
            if self.work(offset, work).is_err() {
                return Ok(Err(Gone));
            }
        }
        if blocks.is_cut() {
            return Ok(self.step(Step::Cut));
        }
        Ok(Ok(()))
    }

    fn jmeter_csv(&self, inputs: &Inputs, input: &Input) -> io::Result<Result<(), Gone>> {
        let mut file = input.open_counted(inputs)?;
        // The delimiter is in the first row, and blocks cannot be cut without it.
        let mut first = Vec::new();
        let read = (&mut file).take(FIRST_ROW).read_to_end(&mut first);
        let row = first
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let row = row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row);
        let columns = jmeter::Columns::read(row).map(Arc::new);
        let columns = columns.ok_or_else(|| invalid("the first row is none of JMeter's"))?;
        let rest: Box<dyn Read + Send> = match read {
            Ok(_) => file,
            Err(error) => Box::new(Broke(error.kind())),
        };
        let file = Box::new(io::Cursor::new(first).chain(rest));
        let mut blocks = Blocks::new(file, Some(columns.delimiter));
        while let Some(block) = blocks.next()? {
            let offset = block.offset;
            if self
                .work(offset, Work::Jmeter(block, Arc::clone(&columns)))
                .is_err()
            {
                return Ok(Err(Gone));
            }
        }
        Ok(if blocks.is_cut() {
            self.step(Step::Cut)
        } else {
            Ok(())
        })
    }

    fn jmeter_xml(&self, inputs: &Inputs, input: &Input) -> io::Result<Result<(), Gone>> {
        let mut reader = JmeterXmlReader::new(self.known.clone(), input.open_counted(inputs)?);
        loop {
            let (offset, mut lines) = (reader.offset(), Lines::default());
            let read = reader.read(&mut lines);
            // What could be read before an error comes first.
            if self.done(offset, lines).is_err() {
                return Ok(Err(Gone));
            }
            match read? {
                State::More => {}
                State::Whole => return Ok(Ok(())),
                State::Cut => return Ok(self.step(Step::Cut)),
            }
        }
    }

    /// Reads blocks on this thread, because each says something of those behind it.
    fn in_turn(
        &self,
        inputs: &Inputs,
        input: &Input,
        delimiter: Option<u8>,
        mut read: impl FnMut(&[u8], &mut Lines),
    ) -> io::Result<Result<(), Gone>> {
        let mut blocks = Blocks::new(input.open_counted(inputs)?, delimiter);
        while let Some(block) = blocks.next()? {
            let mut lines = Lines::default();
            read(&block.bytes, &mut lines);
            if self.done(block.offset, lines).is_err() {
                return Ok(Err(Gone));
            }
        }
        Ok(if blocks.is_cut() {
            self.step(Step::Cut)
        } else {
            Ok(())
        })
    }

    fn parquet(&self, input: &Input) -> io::Result<Result<(), Gone>> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(input.file()?);
        let reader = builder.and_then(|builder| builder.with_batch_size(ROWS).build());
        for rows in reader.map_err(io::Error::other)? {
            let rows = rows.map_err(io::Error::other)?;
            if self.work(0, Work::Rows(rows)).is_err() {
                return Ok(Err(Gone));
            }
        }
        Ok(Ok(()))
    }

    fn arrow(&self, inputs: &Inputs, input: &Input) -> io::Result<Result<(), Gone>> {
        let reader = BufReader::with_capacity(1 << 18, input.open_counted(inputs)?);
        let reader = StreamReader::try_new(reader, None).map_err(io::Error::other)?;
        for rows in reader {
            let rows = rows.map_err(io::Error::other)?;
            if self.work(0, Work::Rows(rows)).is_err() {
                return Ok(Err(Gone));
            }
        }
        Ok(Ok(()))
    }
}

fn read_files(inputs: &Inputs, known: &Known, work: &SyncSender<Task>, steps: &SyncSender<Step>) {
    let reader = Reader { known, work, steps };
    for (at, input) in inputs.files.iter().enumerate() {
        let file = reader.step(Step::File(at));
        if file.and_then(|()| reader.file(inputs, input)).is_err() {
            return;
        }
    }
}

/// The end of a file that could be read up to here.
struct Broke(io::ErrorKind);

impl Read for Broke {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn header(bytes: &[u8]) -> io::Result<Arc<Columns>> {
    let first = bytes.split(|byte| *byte == b'\n').next();
    let columns = first.and_then(Columns::read);
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the first row names no columns");
    columns.map(Arc::new).ok_or_else(missing)
}
