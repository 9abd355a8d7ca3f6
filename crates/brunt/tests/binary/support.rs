//! Starts the binary in a folder of its own, follows what it prints, and reads what it leaves.
//!
//! Every run is watched: one that does not end is killed and fails the test with what it printed,
//! and one that prints a panic fails whatever else it does.

pub(crate) mod browser;
mod log;
mod raw_server;
mod results;

use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) use log::{LogLine, parse_log};
pub(crate) use raw_server::RawServer;
pub(crate) use results::{Points, Rows, Summary};

/// No run of these tests takes a fraction of this, even on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// A run to be started.
pub(crate) struct Brunt {
    folder: Arc<tempfile::TempDir>,
    /// `run`, or what stands in its place.
    command: String,
    /// Empty for commands that take none.
    script: String,
    /// Shell commands before it, such as `ulimit -n 100`.
    shell: Option<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: Vec<u8>,
    hold_stdin: bool,
    read_stdout: bool,
}

impl Brunt {
    /// Will run this script, from a file `script.js`.
    pub(crate) fn script(source: impl AsRef<[u8]>) -> Self {
        Self::named("script.js", source)
    }

    /// Will run this script, from a file of this name.
    pub(crate) fn named(name: &str, source: impl AsRef<[u8]>) -> Self {
        let run = Self::bare(name);
        run.file(name, source)
    }

    /// Will run this script argument, whatever it means.
    pub(crate) fn bare(script: &str) -> Self {
        Self {
            folder: Arc::new(tempfile::tempdir().unwrap()),
            command: "run".to_owned(),
            script: script.to_owned(),
            shell: None,
            args: Vec::new(),
            env: Vec::new(),
            stdin: Vec::new(),
            hold_stdin: false,
            read_stdout: true,
        }
    }

    /// Will run another command than `run`; a script comes before it.
    pub(crate) fn command(command: &str) -> Self {
        Self::bare("").instead(command)
    }

    /// The same with another command than `run`.
    pub(crate) fn instead(mut self, command: &str) -> Self {
        command.clone_into(&mut self.command);
        self
    }

    /// Runs these shell commands in the process before it becomes brunt.
    pub(crate) fn after_shell(mut self, commands: &str) -> Self {
        self.shell = Some(commands.to_owned());
        self
    }

    /// Puts a file beside the script.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// `-e NAME=VALUE`
    pub(crate) fn env_flag(self, name: &str, value: &str) -> Self {
        self.args(&["-e", &format!("{name}={value}")])
    }

    /// A variable of the process' environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.as_bytes().clone_into(&mut self.stdin);
        self
    }

    /// Leaves its stdin open, so that it never reads an end.
    pub(crate) fn holding_stdin(mut self) -> Self {
        self.hold_stdin = true;
        self
    }

    /// Closes the reading end of its stdout before it has written anything.
    pub(crate) fn without_stdout(mut self) -> Self {
        self.read_stdout = false;
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs to the end.
    pub(crate) fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts, to be followed and ended.
    pub(crate) fn start(self) -> Started {
        let binary = env!("CARGO_BIN_EXE_brunt");
        let mut command = match &self.shell {
            None => Command::new(binary),
            Some(commands) => {
                let mut shell = Command::new("sh");
                let commands = format!("{commands} && exec \"$0\" \"$@\"");
                shell.args(["-c", &commands, binary]);
                shell
            }
        };
        command.arg(&self.command).args(&self.args);
        if !self.script.is_empty() {
            command.arg(&self.script);
        }
        // A developer's own settings must not change a test.
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_STATE_HOME", self.folder.path().join("state"));
        command.envs(self.env).current_dir(self.folder.path());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A run that ends before it has read its input is not this helper's business.
        let mut stdin = child.stdin.take().unwrap();
        let _ = stdin.write_all(&self.stdin);
        let stdout = child.stdout.take().filter(|_| self.read_stdout);
        let stdout = stdout.map_or_else(|| Follow::new(std::io::empty()), Follow::new);
        let stderr = Follow::new(child.stderr.take().unwrap());
        Started {
            child,
            _stdin: self.hold_stdin.then_some(stdin),
            stdout,
            stderr,
            folder: self.folder,
        }
    }
}

/// A run under way; killed when dropped.
pub(crate) struct Started {
    child: Child,
    _stdin: Option<ChildStdin>,
    stdout: Follow,
    stderr: Follow,
    folder: Arc<tempfile::TempDir>,
}

impl Started {
    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until stderr contains this.
    pub(crate) fn wait_for_log(&self, text: &str) {
        assert!(
            self.stderr.wait_for(text),
            "no '{text}' in stderr:\n{}",
            self.stderr.text()
        );
    }

    /// Waits until stdout contains this.
    pub(crate) fn wait_for_output(&self, text: &str) {
        assert!(
            self.stdout.wait_for(text),
            "no '{text}' in stdout:\n{}\n{}",
            self.stdout.text(),
            self.stderr.text()
        );
    }

    /// Whether it has a thread of this name.
    pub(crate) fn has_thread(&self, name: &str) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid()));
        let names = tasks.into_iter().flatten().flatten();
        names
            .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
            .any(|comm| comm.trim() == name)
    }

    /// What is on stderr so far.
    pub(crate) fn log_so_far(&self) -> String {
        self.stderr.text()
    }

    /// How many lines of stderr contain this so far.
    pub(crate) fn lines_with(&self, text: &str) -> usize {
        self.stderr
            .text()
            .lines()
            .filter(|line| line.contains(text))
            .count()
    }

    /// Waits until something else is so; `what` says what.
    pub(crate) fn wait_until(&self, what: &str, mut ready: impl FnMut() -> bool) {
        let deadline = Instant::now() + LIMIT;
        while !ready() {
            assert!(
                Instant::now() < deadline,
                "not so: {what}\n{}",
                self.stderr.text()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Kills it and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> Finished {
        let status = self.wait();
        let (stdout, stderr) = (self.stdout.end(), self.stderr.end());
        let Some(status) = status else {
            panic!("it did not end within {LIMIT:?}\n{stdout}\n{stderr}");
        };
        for sign in [
            "panicked",
            "RUST_BACKTRACE",
            "internal error: entered unreachable",
        ] {
            assert!(!stderr.contains(sign), "a panic:\n{stderr}");
        }
        let code = status
            .code()
            .unwrap_or_else(|| panic!("killed ({status}):\n{stderr}"));
        Finished {
            code,
            stdout,
            stderr,
            folder: Arc::clone(&self.folder),
        }
    }

    /// Waits for the end of a process that was killed; gives what keeps its folder.
    pub(crate) fn killed(mut self) -> Arc<tempfile::TempDir> {
        let status = self.wait();
        assert_eq!(status.map(|it| it.code()), Some(None), "it was not killed");
        Arc::clone(&self.folder)
    }

    fn wait(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that has ended.
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: Arc<tempfile::TempDir>,
}

impl Finished {
    /// Fails unless this is the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert!(
            self.code == code,
            "exit code {}, not {code}:\n{}\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Fails unless stderr contains all of these.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "no '{text}' in:\n{}",
                self.stderr
            );
        }
        self
    }

    /// Fails unless there is exactly one error, and it contains all of these.
    #[track_caller]
    pub(crate) fn one_error(self, texts: &[&str]) -> Self {
        let errors = self.messages("error");
        assert!(
            errors.len() == 1,
            "{} errors in:\n{}",
            errors.len(),
            self.stderr
        );
        for text in texts {
            assert!(errors[0].contains(text), "no '{text}' in:\n{}", errors[0]);
        }
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| {
            panic!("{name}: {error}\n{}", self.stderr);
        })
    }

    /// All log lines.
    pub(crate) fn log(&self) -> Vec<LogLine> {
        parse_log(&self.stderr)
    }

    /// The messages of this level.
    pub(crate) fn messages(&self, level: &str) -> Vec<String> {
        let lines = self.log().into_iter().filter(|line| line.level() == level);
        lines.map(|line| line.message().to_owned()).collect()
    }

    /// What scripts wrote with `console`, in order.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self
            .log()
            .into_iter()
            .filter(|line| line.field("source") == Some("console"));
        lines.map(|line| line.message().to_owned()).collect()
    }

    /// The file that `--summary-export` wrote.
    pub(crate) fn summary(&self, name: &str) -> Summary {
        Summary::parse(&self.read(name))
    }

    /// The file that `--out json=` wrote.
    pub(crate) fn points(&self, name: &str) -> Points {
        Points::parse(&self.read(name))
    }

    /// The file that `--out csv=` wrote.
    pub(crate) fn rows(&self, name: &str) -> Rows {
        Rows::parse(&self.read(name))
    }
}

/// A pipe that is read as it fills.
struct Follow {
    shared: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    over: bool,
}

impl Follow {
    fn new(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::<(Mutex<Seen>, Condvar)>::default();
        let writer = Arc::clone(&shared);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let got = pipe.read(&mut buffer).unwrap_or(0);
                let mut seen = writer.0.lock().unwrap();
                seen.bytes.extend_from_slice(&buffer[..got]);
                seen.over = got == 0;
                writer.1.notify_all();
                if got == 0 {
                    return;
                }
            }
        });
        Self {
            shared,
            reader: Some(reader),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shared.0.lock().unwrap().bytes).into_owned()
    }

    fn wait_for(&self, text: &str) -> bool {
        let deadline = Instant::now() + LIMIT;
        let mut seen = self.shared.0.lock().unwrap();
        loop {
            if String::from_utf8_lossy(&seen.bytes).contains(text) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if seen.over || left.is_zero() {
                return false;
            }
            seen = self.shared.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    fn end(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.text()
    }
}

/// Says on stderr that a test is left out, and why.
pub(crate) fn skip(why: &dyn std::fmt::Display) {
    eprintln!("skipped: {why}");
}
