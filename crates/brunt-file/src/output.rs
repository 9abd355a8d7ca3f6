//! The output that writes a file: on a thread of its own through an encoder into chunks.

use std::io;
use std::time::{Duration, Instant};

use brunt_metrics::SampleBatch;
use brunt_output::worker::{self, Work};
use brunt_output::{BoxFuture, Inbox, Output, OutputContext, OutputError, OutputReport, Wants};

use crate::sink::Sink;
use crate::target::Target;

/// A chunk is written when it has this many bytes …
const CHUNK_BYTES: usize = 256 * 1024;

/// … or, if the output says nothing else, after this time, as k6's JSON output does.
const FLUSH: Duration = Duration::from_millis(200);

/// A full disk is told once in this time.
const QUIET: Duration = Duration::from_mins(1);

/// What makes bytes of samples.
pub trait Encode: Send {
    /// Appends what stands at the beginning of a file.
    fn begin(&mut self, _out: &mut Vec<u8>) {}

    /// What was encoded last is lost: what stands once in a file is to be encoded again.
    fn forget(&mut self) {}

    /// Appends the samples of a batch, each as a whole record; returns how many it wrote.
    fn encode(&mut self, batch: &SampleBatch, out: &mut Vec<u8>) -> u64;

    /// Why [`Encode::encode`] left samples out.
    fn complaint(&self) -> String;
}

/// Makes the encoder once it is known what the run measures.
type MakeEncoder = Box<dyn FnOnce(&OutputContext) -> Box<dyn Encode> + Send>;

/// One file output.
pub struct FileOutput {
    name: &'static str,
    target: Target,
    flush: Duration,
    make: MakeEncoder,
    opened: Option<Sink>,
}

impl FileOutput {
    /// An output of this kind that writes to this target what the encoder makes.
    pub fn new(
        name: &'static str,
        target: Target,
        make: impl FnOnce(&OutputContext) -> Box<dyn Encode> + Send + 'static,
    ) -> Self {
        Self {
            name,
            target,
            flush: FLUSH,
            make: Box::new(make),
            opened: None,
        }
    }

    /// The same, where a sample waits at most this long to be written.
    #[must_use]
    pub fn flushed_within(mut self, flush: Duration) -> Self {
        self.flush = flush;
        self
    }
}

impl Output for FileOutput {
    fn describe(&self) -> String {
        format!("{} ({})", self.name, self.target)
    }

    fn wants(&self) -> Wants {
        Wants::Samples
    }

    /// Makes the file. A pipe is left to the writer: without a reader it would hold up the test.
    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async {
            let target = self.target.clone();
            let opened = tokio::task::spawn_blocking(move || {
                let now = !target.is_pipe();
                now.then(|| Sink::open(&target)).transpose()
            });
            let opened = opened
                .await
                .unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
            self.opened = opened.map_err(|source| OutputError::Write {
                target: self.target.to_string(),
                source,
            })?;
            Ok(())
        })
    }

    fn run(
        self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        Box::pin(async move {
            let target = self.target.to_string();
            let work = Lines {
                encoder: (self.make)(&context),
                chunk: Chunk::default(),
                flush: self.flush,
                sink: self.opened,
                target: self.target,
                full: None,
                told: None,
                context: context.clone(),
            };
            match worker::run("brunt-file", &target, work, inbox, &context).await {
                // A reader that went away (`| head`) has seen what it wanted.
                Err(OutputError::Write { target, source })
                    if source.kind() == io::ErrorKind::BrokenPipe =>
                {
                    let note = format!("the reader of {target} went away before the end");
                    Ok(OutputReport { notes: vec![note] })
                }
                ended => ended,
            }
        })
    }
}

/// Encoded samples that are not written yet.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    samples: u64,
    /// The time of the newest one, in nanoseconds since the Unix epoch.
    newest: i64,
    /// When its first bytes were encoded.
    since: Option<Instant>,
}

/// What the thread does: encodes, and writes in chunks.
struct Lines {
    encoder: Box<dyn Encode>,
    chunk: Chunk,
    flush: Duration,
    target: Target,
    sink: Option<Sink>,
    /// Since there is no space.
    full: Option<Gap>,
    /// When that was told: some lines may fit yet where others do not, again and again.
    told: Option<Instant>,
    context: OutputContext,
}

/// What is missing in a file.
struct Gap {
    samples: u64,
    /// Whether the user was told of it.
    told: bool,
}

impl Lines {
    fn failed(&self, source: io::Error) -> OutputError {
        OutputError::Write {
            target: self.target.to_string(),
            source,
        }
    }

    /// Opens the target where that was not done before the start: here, because it can block.
    fn open(&mut self) -> Result<&mut Sink, OutputError> {
        let sink = match self.sink.take() {
            Some(sink) => sink,
            None => Sink::open(&self.target).map_err(|source| self.failed(source))?,
        };
        if sink.is_new() && self.chunk.bytes.is_empty() {
            self.encoder.begin(&mut self.chunk.bytes);
            let has_head = !self.chunk.bytes.is_empty();
            self.chunk.since = has_head.then(Instant::now);
        }
        Ok(self.sink.insert(sink))
    }

    /// Writes what waits. A full disk is waited for: what comes meanwhile is given up, and a whole line
    /// is written first when there is space again.
    fn write(&mut self) -> Result<(), OutputError> {
        if self.chunk.bytes.is_empty() {
            return Ok(());
        }
        let Some(sink) = &mut self.sink else {
            return Ok(());
        };
        let account = &self.context.account;
        let chunk = &mut self.chunk;
        match sink.write(&chunk.bytes) {
            Ok(bytes) => {
                account.wrote(bytes);
                account.delivered(chunk.samples);
                if chunk.samples > 0 {
                    account.settled(chunk.newest);
                }
                if let Some(gap) = self.full.take() {
                    account.goes_on();
                    let (target, missing) = (&self.target, gap.samples);
                    let text = format!(
                        "{target}: there is space again; {missing} samples before are missing"
                    );
                    if gap.told {
                        self.context.log.info(&text);
                    }
                }
            }
            // Who can read its samples again begins anew instead of leaving some out.
            Err(error) if is_full(&error) && sink.goes_on() && !self.context.repeatable => {
                account.dropped(chunk.samples);
                let reason = format!("cannot write {}: {error}", self.target);
                account.gave_up(&reason);
                let gap = self.full.get_or_insert_with(|| Gap {
                    samples: 0,
                    told: self.told.is_none_or(|at| at.elapsed() >= QUIET),
                });
                if gap.told && gap.samples == 0 {
                    let text = format!(
                        "{reason}; the test goes on, what is measured is lost until there is space again"
                    );
                    self.context.log.error(&text);
                    self.told = Some(Instant::now());
                }
                gap.samples += chunk.samples;
                self.encoder.forget();
            }
            Err(source) => return Err(self.failed(source)),
        }
        chunk.bytes.clear();
        chunk.samples = 0;
        chunk.since = None;
        Ok(())
    }
}

/// Whether space is all that is missing.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

impl Work for Lines {
    fn samples(&mut self, batch: &SampleBatch) -> Result<(), OutputError> {
        self.open()?;
        let chunk = &mut self.chunk;
        let samples = self.encoder.encode(batch, &mut chunk.bytes);
        chunk.samples += samples;
        let newest = batch.samples.last().map_or(0, |sample| sample.time);
        chunk.newest = chunk.newest.max(newest);
        let since = *chunk.since.get_or_insert_with(Instant::now);
        let long = chunk.bytes.len() >= CHUNK_BYTES;
        let rejected = batch.samples.len() as u64 - samples;
        if rejected > 0 {
            let complaint = self.encoder.complaint();
            self.context.account.rejected(rejected, &complaint);
        }
        if long || since.elapsed() >= self.flush {
            self.write()?;
        }
        Ok(())
    }

    /// Between two ticks there is a quarter of the time that a sample may wait.
    fn tick(&mut self) -> Result<(), OutputError> {
        self.open()?;
        let old = |since: Instant| since.elapsed() >= self.flush * 3 / 4;
        if self.chunk.since.is_some_and(old) {
            self.write()?;
        }
        Ok(())
    }

    fn tick_every(&self) -> Duration {
        self.flush / 4
    }

    fn finish(mut self) -> Result<Vec<String>, OutputError> {
        self.open()?;
        self.write()?;
        if let Some(sink) = self.sink.take() {
            let ended = sink.finish();
            let bytes = ended.map_err(|source| self.failed(source))?;
            self.context.account.wrote(bytes);
        }
        let target = &self.target;
        let missing =
            |gap: Gap| format!("{target} ends early: {} samples had no space", gap.samples);
        Ok(self.full.map(missing).into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
