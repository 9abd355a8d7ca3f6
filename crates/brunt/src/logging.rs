//! Where log records of scripts and of brunt itself go: formatted and written by a thread of its own.
//!
//! A virtual user that logs must not wait for a terminal or a full pipe. So it only puts its record
//! into a bounded queue; when that is full, records are dropped and counted, and the count is
//! logged. A logging framework would not help: k6's line formats and that bound are all there is.

mod console;
mod format;
mod queue;
mod target;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use brunt_engine::{Level, LogSink, Record};

pub(crate) use console::ConsoleFile;
use format::Formatter;
pub(crate) use format::LogFormat;
use queue::{Entry, Queue};
pub(crate) use target::Target;

/// Takes records from any thread and has them written; dropping it writes what is left.
pub(crate) struct Logger {
    /// `None` takes nothing.
    level: Option<Level>,
    queue: Arc<Queue>,
}

impl Logger {
    /// Starts the thread that hands formatted lines to `write`, several at once when they come fast.
    /// Records below `level` are not taken, without one none are. Fails if there can be no thread.
    pub(crate) fn start(
        format: LogFormat,
        level: Option<Level>,
        write: impl FnMut(&[u8]) + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        Self::with_queue(format, level, Queue::default(), write)
    }

    /// The same into a file. That it cannot be written any more is told `others` once.
    pub(crate) fn to_file(
        format: LogFormat,
        level: Option<Level>,
        mut file: File,
        path: &Path,
        others: Arc<Self>,
    ) -> io::Result<Arc<Self>> {
        let (path, mut others) = (path.to_owned(), Some(others));
        Self::start(format, level, move |lines| {
            if let Err(error) = file.write_all(lines)
                && let Some(others) = others.take()
            {
                others.log(Record {
                    level: Level::Error,
                    message: format!("cannot write to {}: {error}", path.display()),
                    fields: Vec::new(),
                });
            }
        })
    }

    fn with_queue(
        format: LogFormat,
        level: Option<Level>,
        queue: Queue,
        mut write: impl FnMut(&[u8]) + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let queue = Arc::new(queue);
        let taken = Arc::clone(&queue);
        let formatter = Formatter::new(format, Instant::now());
        std::thread::Builder::new()
            .name("brunt-log".to_owned())
            .spawn(move || {
                let mut text = String::new();
                while let Some(batch) = taken.take() {
                    text.clear();
                    for entry in &batch.entries {
                        formatter.write(entry, &mut text);
                    }
                    if batch.dropped > 0 {
                        formatter.write(&dropped(batch.dropped), &mut text);
                    }
                    write(text.as_bytes());
                    taken.written(&batch);
                }
            })?;
        Ok(Arc::new(Self { level, queue }))
    }

    /// Waits until everything logged so far is written; false if that takes longer than `limit`,
    /// because whoever reads does not.
    pub(crate) fn flush(&self, limit: Duration) -> bool {
        self.queue.flush(limit)
    }
}

impl LogSink for Logger {
    fn enabled(&self, level: Level) -> bool {
        self.level.is_some_and(|least| level >= least)
    }

    fn log(&self, record: Record) {
        if self.enabled(record.level) {
            self.queue.push(entry(record));
        }
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn entry(record: Record) -> Entry {
    Entry {
        wall: SystemTime::now(),
        at: Instant::now(),
        record,
    }
}

fn dropped(count: u64) -> Entry {
    let message = format!(
        "{count} log messages were dropped, because they came faster than they could be written"
    );
    entry(Record {
        level: Level::Warn,
        message,
        fields: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
