//! Real peers on loopback: started on a free port, ready when a call returns, killed on drop.
//!
//! Tests that matter talk to what users run (Prometheus, nginx, an httpbin). Each helper ends the
//! process that it started, by its own handle, and never anything else.

mod collectors;
mod httpbin;
mod peers;

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use collectors::{Oteltap, Rotel, oteltap, rotel};
pub use httpbin::{Arrival, Httpbin, httpbin};
pub use peers::{Nginx, Prometheus, VictoriaMetrics, nginx, prometheus, victoria_metrics};

/// How long a peer may take until its port answers.
const READY: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
/// Bytes of the log shown when a peer does not start.
const LOG_TAIL: usize = 2000;

/// Why a peer did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No such program.
    #[error("{0} is not installed; scripts/setup-tests.sh installs what the tests need")]
    Missing(String),
    /// Files, ports or the start itself.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// It ended before its port answered.
    #[error("{program} ended ({status}) before port {port} answered; its log ends:\n{log}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The port it should have listened on.
        port: u16,
        /// The end of its log.
        log: String,
    },
    /// Its port never answered.
    #[error("{program} does not listen on port {port} after {READY:?}; its log ends:\n{log}")]
    NotReady {
        /// The program.
        program: String,
        /// The port it should listen on.
        port: u16,
        /// The end of its log.
        log: String,
    },
}

impl ProcessError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// A peer that runs; killed and waited for when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Running {
    /// Starts a program that will listen on this loopback port, and waits until it does. Its
    /// standard output and error go to the file `log`.
    pub fn start(mut command: Command, port: u16, log: &Path) -> Result<Self, ProcessError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let create = || {
            let file = File::create(log)?;
            Ok((file.try_clone()?, file))
        };
        let (stdout, stderr) =
            create().map_err(ProcessError::io(format!("cannot write {}", log.display())))?;
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let child = command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ProcessError::Missing(program.clone()),
            _ => ProcessError::Io {
                what: format!("cannot start {program}"),
                source,
            },
        })?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut running = Self {
            child,
            address,
            log: log.to_owned(),
        };
        let deadline = Instant::now() + READY;
        loop {
            if let Ok(Some(status)) = running.child.try_wait() {
                let log = running.log_tail();
                return Err(ProcessError::Ended {
                    program,
                    status,
                    port,
                    log,
                });
            }
            if TcpStream::connect_timeout(&address, POLL).is_ok() {
                return Ok(running);
            }
            if Instant::now() >= deadline {
                return Err(ProcessError::NotReady {
                    program,
                    port,
                    log: running.log_tail(),
                });
            }
            std::thread::sleep(POLL);
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The end of what it has written.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text[text.len().saturating_sub(LOG_TAIL)..]).into_owned()
    }

    /// Kills it (SIGKILL) and waits for its end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A loopback port that nobody listens on now. Another process may take it before it is used:
/// start the peer at once.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Where `scripts/setup-tests.sh` puts the virtual environment of the tests' Python servers.
pub fn test_venv() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(venv) = from("BRUNT_TEST_VENV") {
        return venv.into();
    }
    let cache = from("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(from("HOME").unwrap_or_default()).join(".cache");
    cache.unwrap_or_else(home).join("brunt/venv")
}

/// The full path of a program in `PATH` or the usual directories of system programs.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain(system);
    folders.find_map(|folder| {
        let candidate = folder.join(name);
        candidate.is_file().then_some(candidate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("/nonexistent/peer");
        let error = Running::start(command, 1, &folder.path().join("log")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("/nonexistent/peer is not installed"),
            "{error}"
        );
    }

    #[test]
    fn a_peer_that_ends_at_once_shows_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such configuration >&2; exit 3"]);
        let error = Running::start(command, free_port().unwrap(), &folder.path().join("log"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("no such configuration") && error.contains("exit status: 3"));
    }
}
