//! The output that writes a file: from the inbox through an encoder to the writer.

use std::io;
use std::time::Duration;

use brunt_metrics::SampleBatch;
use brunt_output::{
    Account, BoxFuture, Inbox, Item, Output, OutputContext, OutputError, OutputReport, Wants,
};
use tokio::time::{Instant, sleep_until};

use crate::sink::Sink;
use crate::target::Target;
use crate::writer::{Chunk, Writer};

/// A chunk is written when it has this many bytes …
const CHUNK_BYTES: usize = 256 * 1024;

/// … or, if the output says nothing else, after this time, as k6's JSON output does.
const FLUSH: Duration = Duration::from_millis(200);

/// What makes bytes of samples.
pub trait Encode: Send {
    /// Appends what stands at the beginning of a file.
    fn begin(&mut self, _out: &mut Vec<u8>) {}

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
            let Self {
                target,
                flush,
                make,
                opened,
                ..
            } = *self;
            let failed = |source| OutputError::Write {
                target: target.to_string(),
                source,
            };
            let account = &context.account;
            let open = {
                let target = target.clone();
                move || opened.map_or_else(|| Sink::open(&target), Ok)
            };
            let writer = Writer::start(open, account.clone()).map_err(failed)?;
            let books = writer.books.clone();
            let mut encoder = make(&context);
            let mut closing = inbox.closing();
            let deadline = async {
                closing.wait().await;
                context.drain.over().await;
            };
            let mut notes = Vec::new();
            let ended = tokio::select! {
                ended = write_all(inbox, &mut *encoder, writer, account, flush) => ended,
                () = deadline => {
                    books.close();
                    notes.push(format!(
                        "{target} was not written to its end: what reads it, or the disk below it, is too slow or hangs"
                    ));
                    Ok(())
                }
            };
            if let Err(source) = ended {
                // A reader that went away (`| head`) has seen what it wanted.
                if source.kind() != io::ErrorKind::BrokenPipe {
                    return Err(failed(source));
                }
                notes.push(format!("the reader of {target} went away before the end"));
            }
            Ok(OutputReport { notes })
        })
    }
}

/// Encodes and hands over until the inbox closes and everything is written, or writing fails.
async fn write_all(
    mut inbox: Inbox,
    encoder: &mut dyn Encode,
    mut writer: Writer,
    account: &Account,
    flush: Duration,
) -> io::Result<()> {
    let mut chunk = Chunk {
        bytes: Vec::with_capacity(CHUNK_BYTES * 2),
        ..Chunk::default()
    };
    encoder.begin(&mut chunk.bytes);
    let mut flush_at = Instant::now() + flush;
    loop {
        let item = tokio::select! {
            item = inbox.next() => item,
            () = sleep_until(flush_at), if !chunk.bytes.is_empty() => {
                if !hand_over(&mut writer, &mut chunk).await {
                    break;
                }
                continue;
            }
            // Told at once, also where nothing is measured for a while.
            () = writer.chunks.closed() => break,
        };
        let Some(item) = item else {
            if !chunk.bytes.is_empty() {
                hand_over(&mut writer, &mut chunk).await;
            }
            break;
        };
        let newest = item.newest();
        // Snapshots were not asked for.
        let Item::Samples(batch) = item else { continue };
        if chunk.bytes.is_empty() {
            flush_at = Instant::now() + flush;
        }
        let samples = encoder.encode(&batch, &mut chunk.bytes);
        chunk.samples += samples;
        chunk.newest = chunk.newest.max(newest);
        let rejected = batch.samples.len() as u64 - samples;
        if rejected > 0 {
            account.rejected(rejected, &encoder.complaint());
        }
        if chunk.bytes.len() >= CHUNK_BYTES && !hand_over(&mut writer, &mut chunk).await {
            break;
        }
    }
    drop(writer.chunks);
    let gone = |_| Err(io::Error::other("the writing thread ended without a word"));
    writer.done.await.unwrap_or_else(gone)
}

/// Passes a chunk on and takes an empty one; `false` if the writer has ended.
async fn hand_over(writer: &mut Writer, chunk: &mut Chunk) -> bool {
    let bytes = writer.empty.try_recv().unwrap_or_default();
    let empty = Chunk {
        bytes,
        ..Chunk::default()
    };
    let full = std::mem::replace(chunk, empty);
    writer.chunks.send(full).await.is_ok()
}

#[cfg(test)]
mod tests;
