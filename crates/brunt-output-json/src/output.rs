//! The output itself: from the inbox through the encoder to the writer.

use std::io;
use std::time::Duration;

use brunt_output::{
    Account, BoxFuture, Inbox, Item, Output, OutputContext, OutputError, OutputReport, Wants,
};
use jiff::tz::TimeZone;
use tokio::time::{Instant, sleep_until};

use crate::encoder::Encoder;
use crate::writer::{Chunk, Sink, Writer};

/// Lines are written when there are this many bytes of them …
const CHUNK_BYTES: usize = 256 * 1024;

/// … or after this time, as k6 does.
const FLUSH: Duration = Duration::from_millis(200);

/// One `--out json`.
pub struct JsonOutput {
    /// `None` is the standard output.
    path: Option<String>,
    sink: Option<Sink>,
}

impl JsonOutput {
    /// An output that writes to this file; empty or `-` is the standard output.
    pub fn new(target: &str) -> Self {
        let path = (!matches!(target, "" | "-")).then(|| target.to_owned());
        Self { path, sink: None }
    }

    fn target(&self) -> String {
        self.path.clone().unwrap_or_else(|| "stdout".to_owned())
    }

    async fn open(&mut self) -> Result<Sink, OutputError> {
        if let Some(sink) = self.sink.take() {
            return Ok(sink);
        }
        let path = self.path.clone();
        // Opening can block: a pipe waits for its reader.
        let opened = tokio::task::spawn_blocking(move || Sink::open(path.as_deref()));
        let opened = opened
            .await
            .unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        opened.map_err(|source| OutputError::Write {
            target: self.target(),
            source,
        })
    }
}

impl Output for JsonOutput {
    fn describe(&self) -> String {
        format!("json ({})", self.target())
    }

    fn wants(&self) -> Wants {
        Wants::Samples
    }

    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async {
            self.sink = Some(self.open().await?);
            Ok(())
        })
    }

    fn run(
        mut self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        Box::pin(async move {
            let target = self.target();
            let failed = |source| OutputError::Write {
                target: target.clone(),
                source,
            };
            let account = &context.account;
            let writer = Writer::start(self.open().await?, account.clone()).map_err(failed)?;
            let mut encoder = Encoder::new(&context, TimeZone::system());
            let mut closing = inbox.closing();
            let deadline = async {
                closing.wait().await;
                context.drain.over().await;
            };
            let mut notes = Vec::new();
            let ended = tokio::select! {
                ended = write_all(inbox, &mut encoder, writer, account) => ended,
                () = deadline => {
                    notes.push(format!("{target} took too long to be written at the end"));
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
    encoder: &mut Encoder,
    mut writer: Writer,
    account: &Account,
) -> io::Result<()> {
    let mut chunk = Chunk {
        text: Vec::with_capacity(CHUNK_BYTES * 2),
        samples: 0,
    };
    let mut flush_at = Instant::now();
    loop {
        let item = tokio::select! {
            item = inbox.next() => item,
            () = sleep_until(flush_at), if !chunk.text.is_empty() => {
                if !hand_over(&mut writer, &mut chunk).await {
                    break;
                }
                continue;
            }
        };
        let Some(item) = item else {
            if !chunk.text.is_empty() {
                hand_over(&mut writer, &mut chunk).await;
            }
            break;
        };
        // Snapshots were not asked for.
        let Item::Samples(batch) = item else { continue };
        if chunk.text.is_empty() {
            flush_at = Instant::now() + FLUSH;
        }
        let samples = encoder.encode(&batch, &mut chunk.text);
        chunk.samples += samples;
        let rejected = batch.samples.len() as u64 - samples;
        if rejected > 0 {
            account.rejected(rejected, &encoder.complaint());
        }
        if chunk.text.len() >= CHUNK_BYTES && !hand_over(&mut writer, &mut chunk).await {
            break;
        }
    }
    drop(writer.chunks);
    let gone = |_| Err(io::Error::other("the writing thread ended without a word"));
    writer.done.await.unwrap_or_else(gone)
}

/// Passes a chunk on and takes an empty one; `false` if the writer has ended.
async fn hand_over(writer: &mut Writer, chunk: &mut Chunk) -> bool {
    let text = writer.empty.try_recv().unwrap_or_default();
    let full = std::mem::replace(chunk, Chunk { text, samples: 0 });
    writer.chunks.send(full).await.is_ok()
}

#[cfg(test)]
mod tests;
