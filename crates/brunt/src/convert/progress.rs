//! How far a conversion is: a line on a terminal, drawn anew. Nothing where stderr is no terminal.

use std::io::{self, IsTerminal, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(200);
const WIDTH: usize = 24;

/// Draws until it is dropped.
pub(crate) struct Progress {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Of so many bytes, with these counters. Quiet ones draw nothing.
    pub(crate) fn start(quiet: bool, all: u64, read: Arc<AtomicU64>, rows: Arc<AtomicU64>) -> Self {
        let mut progress = Self {
            end: None,
            thread: None,
        };
        if quiet || !io::stderr().is_terminal() {
            return progress;
        }
        let (end, ended) = sync_channel(0);
        let began = Instant::now();
        let draw = move || {
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let (read, rows) = (read.load(Ordering::Relaxed), rows.load(Ordering::Relaxed));
                let line = line(all, read, rows, began.elapsed());
                let _ = write!(io::stderr(), "\r\x1b[2K{line}");
            }
            let _ = write!(io::stderr(), "\r\x1b[2K");
        };
        // Without a thread there is no bar.
        if let Ok(thread) = std::thread::Builder::new().spawn(draw) {
            progress.end = Some(end);
            progress.thread = Some(thread);
        }
        progress
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn line(all: u64, read: u64, rows: u64, elapsed: Duration) -> String {
    let share = (read as f64 / all.max(1) as f64).clamp(0.0, 1.0);
    let seconds = elapsed.as_secs_f64().max(1e-9);
    let filled = (share * WIDTH as f64) as usize;
    let bar = format!("{}{}", "=".repeat(filled), " ".repeat(WIDTH - filled));
    let left = if share > 0.0 {
        format!("{:.0} s left", seconds / share * (1.0 - share))
    } else {
        String::new()
    };
    format!(
        "[{bar}] {:.1} of {:.1} MB, {rows} samples, {:.0}/s, {left}",
        read as f64 / 1e6,
        all as f64 / 1e6,
        rows as f64 / seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_bytes_rows_and_the_time_left() {
        let text = line(4_000_000, 1_000_000, 500, Duration::from_secs(2));
        assert_eq!(
            text,
            "[======                  ] 1.0 of 4.0 MB, 500 samples, 250/s, 6 s left"
        );
        assert!(line(0, 10, 0, Duration::ZERO).starts_with('['));
    }
}
