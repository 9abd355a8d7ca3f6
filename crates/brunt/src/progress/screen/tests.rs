use std::sync::Arc;

use super::*;

/// A terminal as far as a screen uses it: text, line feeds, cursor up, carriage return, erasing,
/// and lines that wrap at its last column.
#[derive(Clone)]
pub(crate) struct Terminal {
    inner: Arc<Mutex<Cells>>,
}

#[derive(Default)]
struct Cells {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    columns: usize,
    partial: Vec<u8>,
}

pub(crate) const COLUMNS: usize = 20;
pub(crate) const ROWS: usize = 6;

// The type of what a screen asks.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn small() -> Option<Size> {
    Some(Size {
        columns: COLUMNS,
        rows: ROWS,
    })
}

impl Terminal {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Cells {
                columns,
                ..Cells::default()
            })),
        }
    }

    pub(crate) fn text(&self) -> String {
        let cells = self.inner.lock();
        let lines = cells
            .lines
            .iter()
            .map(|line| String::from_iter(line).trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut cells = self.inner.lock();
        cells.partial.extend_from_slice(bytes);
        let text = String::from_utf8(std::mem::take(&mut cells.partial)).expect("whole characters");
        cells.run(&text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Cells {
    fn run(&mut self, text: &str) {
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            match c {
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                '\r' => self.column = 0,
                '\x1b' => {
                    assert_eq!(characters.next(), Some('['));
                    let rest = characters.as_str();
                    let end = rest
                        .find(|c: char| c.is_ascii_alphabetic())
                        .expect("an end");
                    self.control(&rest[..end], &rest[end..=end]);
                    characters = rest[end + 1..].chars();
                }
                _ => self.put(c),
            }
        }
    }

    fn control(&mut self, parameter: &str, command: &str) {
        match command {
            "A" => {
                let up: usize = parameter.parse().expect("a number");
                self.row = self
                    .row
                    .checked_sub(up)
                    .expect("the cursor stays on the screen");
            }
            "K" => self.line().cut(),
            "J" => {
                self.line().cut();
                self.lines.truncate(self.row + 1);
            }
            "m" => {}
            other => panic!("unknown control sequence {other}"),
        }
    }

    fn put(&mut self, c: char) {
        if self.column == self.columns {
            (self.row, self.column) = (self.row + 1, 0);
        }
        let column = self.column;
        let line = self.line().line;
        line.resize(line.len().max(column + 1), ' ');
        line[column] = c;
        self.column += 1;
    }

    fn line(&mut self) -> Line<'_> {
        self.lines
            .resize(self.lines.len().max(self.row + 1), Vec::new());
        Line {
            line: &mut self.lines[self.row],
            column: self.column,
        }
    }
}

struct Line<'a> {
    line: &'a mut Vec<char>,
    column: usize,
}

impl Line<'_> {
    fn cut(self) {
        self.line.truncate(self.column);
    }
}

fn block(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn a_block_replaces_the_one_before_whatever_their_lengths() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Screen::new(terminal.clone(), small);
    screen.draw(block(&["first line", "second", "third"]));
    screen.draw(block(&["1st", "2nd line"]));
    assert_eq!(terminal.text(), "1st\n2nd line");
    screen.draw(block(&["a", "b", "c"]));
    assert_eq!(terminal.text(), "a\nb\nc");
}

#[test]
fn other_output_stands_above_the_block() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Screen::new(terminal.clone(), small);
    let log = |text: &str| {
        let mut errors = terminal.clone();
        screen.above(|| errors.write_all(text.as_bytes()).expect("memory"));
    };
    log("before\n");
    screen.draw(block(&["progress 1", "bar"]));
    log("log a\nlog b\n");
    screen.draw(block(&["progress 2", "bar"]));
    log("log c\n");
    assert_eq!(
        terminal.text(),
        "before\nlog a\nlog b\nlog c\nprogress 2\nbar"
    );
    screen.keep();
    log("summary\n");
    assert_eq!(
        terminal.text(),
        "before\nlog a\nlog b\nlog c\nprogress 2\nbar\nsummary"
    );
}

#[test]
fn lines_that_a_narrower_terminal_has_wrapped_are_taken_away_too() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Screen::new(terminal.clone(), small);
    screen.draw(block(&[
        "a line of more than twenty columns",
        "\x1b[31mexactly twenty cols!\x1b[0m",
    ]));
    screen.draw(block(&["short"]));
    assert_eq!(terminal.text(), "short");
}

#[test]
fn a_block_never_outgrows_the_terminal() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Screen::new(terminal.clone(), small);
    let many: Vec<String> = (1..=10).map(|number: u32| number.to_string()).collect();
    screen.draw(many);
    assert_eq!(terminal.text(), "1\n2\n3\n4\n… 6 more");
}

#[test]
fn where_there_is_no_terminal_nobody_waits_for_another_writer() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Screen::new(terminal.clone(), || None);
    screen.above(|| screen.print(&block(&["progress"])));
    assert_eq!(terminal.text(), "progress");
}
