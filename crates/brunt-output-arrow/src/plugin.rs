//! The process of a plug-in: started, watched, and ended.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use brunt_output::Log;
use rustix::process::{Pid, Signal, kill_process_group};

/// Longer lines on its stderr are cut.
const LINE: u64 = 4 * 1024;

/// More lines than this are not shown.
const LINES: usize = 1_000;

/// A plug-in that runs. It has a process group of its own: a Ctrl-C that ends the test must not end the
/// plug-in before it has got everything.
pub(crate) struct Plugin {
    child: Child,
    errors: Option<JoinHandle<()>>,
    kill: Kill,
}

/// Ends the plug-in with all that it started, from any thread.
#[derive(Clone)]
pub(crate) struct Kill(Arc<Mutex<Option<Pid>>>);

impl Plugin {
    /// Runs the command in a shell; its stderr goes to the log.
    pub(crate) fn start(command: &str, log: Log) -> io::Result<(Self, ChildStdin)> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .process_group(0)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let missing = || io::Error::other("it has no pipe");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let errors = std::thread::Builder::new()
            .name("brunt-exec-log".to_owned())
            .spawn(move || pass_on(stderr, &log))?;
        let plugin = Self {
            child,
            errors: Some(errors),
            kill: Kill(Arc::new(Mutex::new(pid))),
        };
        Ok((plugin, stdin))
    }

    pub(crate) fn kill(&self) -> Kill {
        self.kill.clone()
    }

    /// Waits for its end, which [`Kill`] brings about if need be.
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait();
        self.kill.disarm();
        // Its last words; something that it started may keep the pipe open, and is not waited for.
        if let Some(errors) = &self.errors {
            patiently(|| errors.is_finished().then_some(()));
        }
        status
    }

    /// Waits for its end a little, and then brings it about.
    pub(crate) fn end(mut self) -> io::Result<ExitStatus> {
        patiently(|| match self.child.try_wait() {
            Ok(None) => None,
            _ => Some(()),
        });
        self.kill.kill();
        self.wait()
    }
}

impl Kill {
    pub(crate) fn kill(&self) {
        if let Some(pid) = self.disarm() {
            // It may have ended just now.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    fn disarm(&self) -> Option<Pid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Asks again and again for a second at most.
fn patiently(mut done: impl FnMut() -> Option<()>) {
    let began = Instant::now();
    while done().is_none() && began.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Line by line to the log; whatever the bytes are, and however many.
fn pass_on(stderr: impl Read, log: &Log) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    for at in 0_usize.. {
        line.clear();
        match stderr.by_ref().take(LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        // Control characters could do anything to a terminal.
        let text: String = text
            .trim_end()
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        if at < LINES && !text.is_empty() {
            log.info(&text);
        }
        if at == LINES {
            log.warn("it writes more lines than can be shown; the rest is left out");
        }
    }
}
