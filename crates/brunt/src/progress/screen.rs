//! A terminal that a block of live lines shares with ordinary output.
//!
//! The block is always the last thing on the terminal, with the cursor on the line below it. Whoever
//! writes something else takes it away, writes, and puts it back, under one lock.

use std::io::Write;

use parking_lot::Mutex;

/// How much room a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Characters per line.
    pub(crate) columns: usize,
    /// Lines.
    pub(crate) rows: usize,
}

/// An output with, at times, a live block at its end.
pub(crate) struct Screen<W> {
    size: fn() -> Option<Size>,
    inner: Mutex<Inner<W>>,
}

struct Inner<W> {
    out: W,
    /// The block that is shown; empty for none.
    block: Vec<String>,
}

impl Screen<std::io::Stdout> {
    /// The standard output.
    pub(crate) fn stdout() -> Self {
        Self::new(std::io::stdout(), || {
            let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
            let size = Size {
                columns: size.ws_col.into(),
                rows: size.ws_row.into(),
            };
            // Terminals that do not know their size say 0.
            (size.columns > 0 && size.rows > 0).then_some(size)
        })
    }
}

// An output that is gone is no reason to end a test: errors of writing are ignored throughout.
impl<W: Write> Screen<W> {
    /// An output and how large it is at the moment.
    pub(crate) fn new(out: W, size: fn() -> Option<Size>) -> Self {
        Self {
            size,
            inner: Mutex::new(Inner {
                out,
                block: Vec::new(),
            }),
        }
    }

    /// How large it is at the moment; `None` if it is no terminal.
    pub(crate) fn size(&self) -> Option<Size> {
        (self.size)()
    }

    /// Shows the block in the place of the one before. Lines that the terminal has no room for are
    /// left out, because what has scrolled away cannot be redrawn.
    pub(crate) fn draw(&self, block: Vec<String>) {
        let size = self.size();
        let block = fit(block, size);
        let mut inner = self.inner.lock();
        let mut frame = inner.back_to_start(size);
        frame.push_str(&text(&block));
        frame.push_str("\x1b[J");
        inner.block = block;
        inner.write(&frame);
    }

    /// Lines and an empty one, for outputs that are no terminals.
    pub(crate) fn print(&self, lines: &[String]) {
        let mut inner = self.inner.lock();
        inner.write(&(lines.join("\n") + "\n\n"));
    }

    /// Lets something else write whole lines to the same terminal, above the block.
    pub(crate) fn above(&self, write: impl FnOnce()) {
        let size = self.size();
        let mut inner = self.inner.lock();
        if inner.block.is_empty() {
            if size.is_none() {
                // No block can come in between, and whoever does not read what is written must
                // not stop those who print lines.
                drop(inner);
            }
            write();
            return;
        }
        let gone = inner.back_to_start(size) + "\x1b[J";
        inner.write(&gone);
        write();
        let back = text(&inner.block);
        inner.write(&back);
    }

    /// Leaves the block where it is: what is written next stands below it.
    pub(crate) fn keep(&self) {
        self.inner.lock().block.clear();
    }
}

impl<W: Write> Inner<W> {
    /// Takes the cursor to the block's first line. A terminal that became narrower has wrapped the
    /// block's lines, so they are counted with its present width.
    fn back_to_start(&self, size: Option<Size>) -> String {
        let rows: usize = self
            .block
            .iter()
            .map(|line| match size {
                Some(size) => visible(line).div_ceil(size.columns.max(1)).max(1),
                None => 1,
            })
            .sum();
        if rows == 0 {
            String::new()
        } else {
            format!("\x1b[{rows}A\r")
        }
    }

    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

/// Each line followed by what is needed to wipe the rest of an older one.
fn text(block: &[String]) -> String {
    block.iter().map(|line| line.clone() + "\x1b[K\n").collect()
}

fn fit(mut block: Vec<String>, size: Option<Size>) -> Vec<String> {
    let Some(size) = size else { return block };
    // The cursor needs a line of its own.
    let room = size.rows.saturating_sub(1).max(1);
    if block.len() > room {
        let hidden = block.len() - room + 1;
        block.truncate(room.saturating_sub(1).max(1));
        if room > 1 {
            let note: String = format!("… {hidden} more")
                .chars()
                .take(size.columns)
                .collect();
            block.push(note);
        }
    }
    block
}

/// How many columns a line takes: its characters without escape sequences.
fn visible(line: &str) -> usize {
    let mut parts = line.split('\x1b');
    let first = parts.next().map_or(0, |part| part.chars().count());
    let rest = parts.map(|part| {
        let end = part.find(|c: char| c.is_ascii_alphabetic());
        end.map_or(0, |end| part[end + 1..].chars().count())
    });
    first + rest.sum::<usize>()
}

#[cfg(test)]
pub(crate) mod tests;
