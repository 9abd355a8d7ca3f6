//! Live progress on the standard output: a block that is redrawn in place on a terminal, plain lines
//! once per second elsewhere.
//!
//! It has a thread of its own, so that a slow terminal delays nothing else. The block shares its
//! terminal with log lines ([`Screen`]); progress-bar libraries draw bars, but here every line is
//! text of [`brunt_summary::progress`], the same as in a file.

mod ends;
mod observe;
mod screen;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use brunt_summary::Progress;
use brunt_summary::progress::{Look, lines};

use ends::Ends;
pub(crate) use observe::observe;
pub(crate) use screen::Screen;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Not at all.
    Nothing,
    /// A status line and a line per scenario every second.
    Lines,
    /// A block that is redrawn.
    Block {
        /// Whether it is coloured.
        colour: bool,
    },
}

/// Draws until it is told to finish.
pub(crate) struct Display {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Show {
    /// What fits the standard output, `--quiet` and the wish for no colour (`--no-color` or
    /// `NO_COLOR`).
    pub(crate) fn choose(quiet: bool, no_colour: bool) -> Self {
        if quiet {
            Self::Nothing
        } else if io::stdout().is_terminal() {
            Self::Block { colour: !no_colour }
        } else {
            Self::Lines
        }
    }

    fn interval(self) -> Duration {
        match self {
            Self::Block { .. } => Duration::from_millis(100),
            Self::Lines | Self::Nothing => Duration::from_secs(1),
        }
    }
}

impl Display {
    /// Starts to draw what `progress` tells. Fails if there can be no thread.
    pub(crate) fn start<W: Write + Send + 'static>(
        show: Show,
        screen: Arc<Screen<W>>,
        progress: impl Fn() -> Progress + Send + 'static,
    ) -> io::Result<Self> {
        if show == Show::Nothing {
            return Ok(Self { running: None });
        }
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("brunt-progress".to_owned());
        let thread = thread.spawn(move || {
            let mut ends = Ends::default();
            let mut next = || {
                let mut progress = progress();
                ends.keep(&mut progress);
                progress
            };
            while stopped.recv_timeout(show.interval()) == Err(RecvTimeoutError::Timeout) {
                draw(show, &screen, &next());
            }
            draw(show, &screen, &next());
            screen.keep();
        })?;
        Ok(Self {
            running: Some((stop, thread)),
        })
    }

    /// Draws once more and stops; what was drawn last stays, and output goes on below it.
    pub(crate) fn finish(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            // A thread that panicked has nothing left to draw.
            let _ = thread.join();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.stop();
    }
}

fn draw<W: Write>(show: Show, screen: &Screen<W>, progress: &Progress) {
    match show {
        Show::Nothing => {}
        Show::Lines => screen.print(&lines(progress, Look::default())),
        Show::Block { colour } => {
            let width = screen.size().map(|size| size.columns);
            screen.draw(lines(
                progress,
                Look {
                    bars: true,
                    colour,
                    width,
                },
            ));
        }
    }
}

#[cfg(test)]
mod tests;
