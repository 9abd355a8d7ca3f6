//! A stream to a plug-in.
//!
//! The plug-in decides how fast it reads. One that stands still fills the pipe, then the output's edge,
//! where samples are dropped and counted; one that dies ends its output and nothing else.

use std::io::{self, BufWriter, Write};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use brunt_metrics::SampleBatch;
use brunt_output::worker::{self, Work};
use brunt_output::{BoxFuture, Inbox, Output, OutputContext, OutputError, OutputReport, Wants};

use crate::plugin::{Kill, Plugin};
use crate::stream::Stream;

/// A plug-in that has not read for so long is told to the user.
const STALLED: Duration = Duration::from_secs(2);

/// One `--out exec`.
#[derive(Debug)]
pub struct ExecOutput {
    command: String,
}

impl ExecOutput {
    /// An output that feeds this shell command.
    pub fn new(command: &str) -> Self {
        Self {
            command: command.to_owned(),
        }
    }
}

impl Output for ExecOutput {
    fn describe(&self) -> String {
        format!("exec ({})", self.command)
    }

    fn wants(&self) -> Wants {
        Wants::Samples
    }

    fn check(&mut self) -> BoxFuture<'_, Result<(), OutputError>> {
        Box::pin(async {
            let command = self.command.clone();
            let found = tokio::task::spawn_blocking(move || is_there(&command)).await;
            match found {
                Ok(Some(missing)) => Err(OutputError::Other(format!(
                    "there is no command '{missing}': is it installed, and on the PATH?"
                ))),
                _ => Ok(()),
            }
        })
    }

    fn run(
        self: Box<Self>,
        inbox: Inbox,
        context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        Box::pin(async move {
            let (command, log) = (self.command.clone(), context.log.clone());
            let started = tokio::task::spawn_blocking(move || Plugin::start(&command, log)).await;
            let started = started.unwrap_or_else(|gone| Err(io::Error::other(gone)));
            let (plugin, stdin) = started.map_err(|error| {
                OutputError::Other(format!("cannot start '{}': {error}", self.command))
            })?;
            let kill = KillOnDrop(plugin.kill());
            let clock = Clock::default();
            let work = ToPlugin {
                command: self.command.clone(),
                stdin: Some(stdin),
                stream: None,
                plugin: Some(plugin),
                clock: clock.clone(),
                context: context.clone(),
            };
            let target = format!("the plug-in '{}'", self.command);
            let fed = worker::run("brunt-exec", &target, work, inbox, &context);
            let report = tokio::select! {
                report = fed => report,
                () = watch(&clock, &context, &target) => Ok(OutputReport::default()),
            };
            // One that has not ended by now had all the time there is.
            drop(kill);
            report
        })
    }
}

/// The first word of a command if it stands for nothing; only simple words are looked up.
fn is_there(command: &str) -> Option<String> {
    let word = command.split_whitespace().next()?;
    let simple = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !word.chars().all(simple) {
        return None;
    }
    let found = Command::new("sh")
        .args(["-c", "command -v -- \"$1\"", "sh", word])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found
        .is_ok_and(|status| !status.success())
        .then(|| word.to_owned())
}

struct KillOnDrop(Kill);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// Since when a write to the plug-in has been waiting.
#[derive(Debug, Clone)]
struct Clock {
    epoch: Instant,
    /// Milliseconds since the epoch, plus one; 0 while nothing is being written.
    since: Arc<AtomicU64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            epoch: Instant::now(),
            since: Arc::default(),
        }
    }
}

impl Clock {
    fn waiting(&self) -> Duration {
        match self.since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => {
                let since = Duration::from_millis(since - 1);
                self.epoch.elapsed().saturating_sub(since)
            }
        }
    }
}

/// Tells once when the plug-in stops reading, and when it goes on. Never ends.
async fn watch(clock: &Clock, context: &OutputContext, target: &str) {
    let mut every = tokio::time::interval(STALLED / 4);
    loop {
        every.tick().await;
        let waiting = clock.waiting();
        if waiting >= STALLED {
            let reason = format!(
                "{target} has not read its input for {} s",
                STALLED.as_secs()
            );
            context.account.failing(&reason);
        } else {
            context.account.well();
        }
    }
}

/// A pipe whose writes are timed.
struct Timed {
    pipe: ChildStdin,
    clock: Clock,
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = self.clock.epoch.elapsed().as_millis() as u64;
        self.clock.since.store(now + 1, Ordering::Relaxed);
        let written = self.pipe.write(bytes);
        self.clock.since.store(0, Ordering::Relaxed);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe.flush()
    }
}

struct ToPlugin {
    command: String,
    stdin: Option<ChildStdin>,
    stream: Option<Stream<BufWriter<Timed>>>,
    plugin: Option<Plugin>,
    clock: Clock,
    context: OutputContext,
}

impl ToPlugin {
    fn with(
        &mut self,
        what: impl FnOnce(&mut Stream<BufWriter<Timed>>) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let begun = match self.stdin.take() {
            None => Ok(()),
            Some(pipe) => {
                let clock = self.clock.clone();
                let to = BufWriter::with_capacity(64 * 1024, Timed { pipe, clock });
                Stream::begin(to, &self.context).map(|stream| self.stream = Some(stream))
            }
        };
        let done = begun.and_then(|()| self.stream.as_mut().map_or(Ok(()), what));
        done.map_err(|error| self.gone(&error))
    }

    /// The plug-in takes nothing more.
    fn gone(&mut self, error: &io::Error) -> OutputError {
        self.stream = None;
        let plugin = self.plugin.take();
        // It has closed its input: whatever it still does, the output is over.
        let ended = plugin.and_then(|plugin| plugin.end().ok());
        let what = match ended {
            Some(status) if error.kind() == io::ErrorKind::BrokenPipe => describe(status),
            _ => error.to_string(),
        };
        let reason = format!(
            "the plug-in '{}' takes no more samples: {what}",
            self.command
        );
        self.context.log.warn(&reason);
        OutputError::Other(reason)
    }
}

fn describe(status: ExitStatus) -> String {
    format!("it ended with {status} before the test did")
}

impl Work for ToPlugin {
    fn samples(&mut self, batch: &SampleBatch) -> Result<(), OutputError> {
        self.with(|stream| stream.push(batch))
    }

    fn tick(&mut self) -> Result<(), OutputError> {
        self.with(Stream::tick)
    }

    fn finish(mut self) -> Result<Vec<String>, OutputError> {
        self.with(|_| Ok(()))?;
        if let Some(stream) = self.stream.take() {
            // This closes its input.
            stream.finish().map_err(|error| self.gone(&error))?;
        }
        let Some(plugin) = self.plugin.take() else {
            return Ok(Vec::new());
        };
        let status = plugin.wait();
        match status {
            Ok(status) if status.success() => Ok(Vec::new()),
            Ok(status) => Err(OutputError::Other(format!(
                "the plug-in '{}' ended with {status}",
                self.command
            ))),
            Err(error) => Err(OutputError::Other(format!(
                "what became of the plug-in '{}' is not known: {error}",
                self.command
            ))),
        }
    }
}

#[cfg(test)]
mod tests;
