use std::sync::atomic::{AtomicU64, Ordering};

use super::screen::tests::{COLUMNS, Terminal, small};
use super::*;

fn progress(completed: u64) -> Progress {
    Progress {
        stage: brunt_summary::Stage::Running,
        elapsed: Duration::from_secs(1),
        max_duration: Duration::from_secs(2),
        active_vus: 1,
        vus: 1,
        completed,
        interrupted: 0,
        scenarios: Vec::new(),
        outages: Vec::new(),
    }
}

#[test]
fn the_last_state_is_drawn_at_the_end() {
    for show in [Show::Lines, Show::Block { colour: true }] {
        let terminal = Terminal::new(200);
        let screen = Arc::new(Screen::new(terminal.clone(), || None));
        let completed = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&completed);
        let display = Display::start(show, Arc::clone(&screen), move || {
            progress(seen.load(Ordering::Relaxed))
        });
        completed.store(17, Ordering::Relaxed);
        display.expect("a thread").finish();
        let text = terminal.text();
        assert!(text.contains("1/1 VUs, 17 complete"), "{show:?}: {text}");
        // Nothing of it is taken away afterwards.
        screen.above(|| {});
        assert_eq!(terminal.text(), text);
    }
}

#[test]
fn quiet_draws_nothing() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Arc::new(Screen::new(terminal.clone(), small));
    assert_eq!(Show::choose(true, false), Show::Nothing);
    Display::start(Show::Nothing, screen, || progress(1))
        .expect("no thread needed")
        .finish();
    assert_eq!(terminal.text(), "");
}

#[test]
fn a_block_is_as_wide_as_the_terminal() {
    let terminal = Terminal::new(COLUMNS);
    let screen = Screen::new(terminal.clone(), small);
    draw(Show::Block { colour: false }, &screen, &progress(1));
    assert_eq!(
        terminal.text(),
        "running (1.0s), 1/1 "[..COLUMNS].trim_end()
    );
}

#[test]
fn plain_lines_have_no_control_characters() {
    let terminal = Terminal::new(COLUMNS);
    let bytes = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let screen = Screen::new(Tee(terminal, Arc::clone(&bytes)), small);
    draw(Show::Lines, &screen, &progress(3));
    let text = String::from_utf8(bytes.lock().clone()).expect("text");
    assert_eq!(
        text,
        "running (1.0s), 1/1 VUs, 3 complete and 0 interrupted iterations\n\n"
    );
}

struct Tee(Terminal, Arc<parking_lot::Mutex<Vec<u8>>>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.lock().extend_from_slice(bytes);
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
