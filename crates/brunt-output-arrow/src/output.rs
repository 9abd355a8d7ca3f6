//! A stream to a file or to the standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use brunt_metrics::SampleBatch;
use brunt_output::worker::{self, Work};
use brunt_output::{BoxFuture, Inbox, Output, OutputContext, OutputError, OutputReport, Wants};

use crate::stream::Stream;

type Target = BufWriter<Box<dyn Write + Send>>;

/// One `--out arrow`.
#[derive(Debug)]
pub struct ArrowOutput {
    /// `None` is the standard output.
    path: Option<String>,
    file: Option<File>,
}

impl ArrowOutput {
    /// An output that writes to this file; empty or `-` is the standard output.
    pub fn new(target: &str) -> Self {
        let path = (!matches!(target, "" | "-")).then(|| target.to_owned());
        Self { path, file: None }
    }

    fn target(&self) -> String {
        self.path.clone().unwrap_or_else(|| "stdout".to_owned())
    }

    async fn open(&mut self) -> Result<(), OutputError> {
        let Some(path) = self.path.clone().filter(|_| self.file.is_none()) else {
            return Ok(());
        };
        // Opening can block: a pipe waits for its reader.
        let opened = tokio::task::spawn_blocking(move || File::create(path)).await;
        let opened = opened.unwrap_or_else(|gone| Err(io::Error::other(gone)));
        self.file = Some(opened.map_err(|source| self.failed(source))?);
        Ok(())
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError::Write {
            target: self.target(),
            source,
        }
    }
}

impl Output for ArrowOutput {
    fn describe(&self) -> String {
        format!("arrow ({})", self.target())
    }

    fn wants(&self) -> Wants {
        Wants::Samples
    }

    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(self.open())
    }

    fn run(
        mut self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        Box::pin(async move {
            self.open().await?;
            let to: Box<dyn Write + Send> = match self.file.take() {
                Some(file) => Box::new(file),
                None => Box::new(io::stdout()),
            };
            let target = self.target();
            let work = ToFile {
                to: Some(to),
                stream: None,
                target: target.clone(),
                context: context.clone(),
                gone: false,
            };
            worker::run("brunt-arrow", &target, work, inbox, &context).await
        })
    }
}

struct ToFile {
    to: Option<Box<dyn Write + Send>>,
    stream: Option<Stream<Target>>,
    target: String,
    context: OutputContext,
    /// The reader went away.
    gone: bool,
}

impl ToFile {
    /// Does something with the stream, which begins on this thread because even that can block.
    fn with(
        &mut self,
        what: impl FnOnce(&mut Stream<Target>) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        if let Some(to) = self.to.take() {
            let to = BufWriter::with_capacity(256 * 1024, to);
            let begun = Stream::begin(to, &self.context);
            let result = begun.map(|stream| self.stream = Some(stream));
            self.settle(result)?;
        }
        let result = self.stream.as_mut().map_or(Ok(()), what);
        self.settle(result)
    }

    /// A reader that went away (`| head`) has seen what it wanted: no error, and nothing more to do.
    fn settle(&mut self, result: io::Result<()>) -> Result<(), OutputError> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                self.stream = None;
                Ok(())
            }
            other => other.map_err(|source| OutputError::Write {
                target: self.target.clone(),
                source,
            }),
        }
    }
}

impl Work for ToFile {
    fn samples(&mut self, batch: &SampleBatch) -> Result<(), OutputError> {
        self.with(|stream| stream.push(batch))
    }

    fn tick(&mut self) -> Result<(), OutputError> {
        self.with(Stream::tick)
    }

    fn finish(mut self) -> Result<Vec<String>, OutputError> {
        // A run that measured nothing leaves a stream that says so.
        self.with(|_| Ok(()))?;
        if let Some(stream) = self.stream.take() {
            let ended = stream.finish();
            self.settle(ended)?;
        }
        let note = || format!("the reader of {} went away before the end", self.target);
        Ok(self.gone.then(note).into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
