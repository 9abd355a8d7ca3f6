//! `PyPI`'s httpbin under hypercorn, with a record of what arrived: only the target knows how many
//! requests were under way at once, and when they came.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ProcessError, Running, free_port};

/// The application that hypercorn runs.
const APPLICATION: &str = include_str!("httpbin.py");

/// An httpbin that records what arrives.
#[derive(Debug)]
pub struct Httpbin {
    running: Running,
    record: PathBuf,
}

/// A request as the target saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When its head was there, in nanoseconds of a clock of the target's.
    pub arrived: i64,
    /// When its answer began, on the same clock.
    pub answered: i64,
    /// Requests that had arrived and were not answered then, itself included.
    pub in_flight: usize,
    /// `1.1` or `2`.
    pub version: String,
    /// The client's port, which tells its connections apart.
    pub port: u16,
    /// The header `Host` or what stands for it.
    pub host: String,
    /// Path and query, with a question mark between them.
    pub path: String,
}

impl Httpbin {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The requests that were answered so far, in the order of their answers. One whose answer a
    /// client has seen is always among them.
    pub fn arrivals(&self) -> Result<Vec<Arrival>, ProcessError> {
        let what = || format!("cannot read {}", self.record.display());
        let text = std::fs::read_to_string(&self.record).map_err(ProcessError::io(what()))?;
        // The last line may be on its way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let broken = |line: &str| ProcessError::Io {
            what: what(),
            source: std::io::Error::other(format!("not a record: {line}")),
        };
        let lines = whole.lines();
        lines
            .map(|line| Arrival::parse(line).ok_or_else(|| broken(line)))
            .collect()
    }
}

impl Arrival {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(7, ' ');
        Some(Self {
            arrived: fields.next()?.parse().ok()?,
            answered: fields.next()?.parse().ok()?,
            in_flight: fields.next()?.parse().ok()?,
            version: fields.next()?.to_owned(),
            port: fields.next()?.parse().ok()?,
            host: fields.next()?.to_owned(),
            path: fields.next()?.to_owned(),
        })
    }
}

/// Starts `PyPI`'s httpbin under hypercorn, from the virtual environment of
/// `scripts/setup-tests.sh`; with certificate and key (PEM files) it speaks TLS, HTTP/2 and 1.1.
pub fn httpbin(
    venv: &Path,
    folder: &Path,
    tls: Option<(&Path, &Path)>,
) -> Result<Httpbin, ProcessError> {
    let python = venv.join("bin/python");
    if !python.is_file() {
        return Err(ProcessError::Missing(python.display().to_string()));
    }
    let port = free_port().map_err(ProcessError::io("no free port"))?;
    let application = folder.join("recorded_httpbin.py");
    std::fs::write(&application, APPLICATION)
        .map_err(ProcessError::io("cannot write the application"))?;
    let record = folder.join(format!("httpbin-{port}.record"));
    let mut command = Command::new(python);
    command.env("RECORD", &record);
    // No workers: one process, so that killing it leaves nothing behind.
    command.args(["-m", "hypercorn", "--workers", "0"]);
    command.arg("--bind").arg(format!("127.0.0.1:{port}"));
    if let Some((certificate, key)) = tls {
        command
            .arg("--certfile")
            .arg(certificate)
            .arg("--keyfile")
            .arg(key);
    }
    command.arg(format!("{}:app", application.display()));
    let log = folder.join(format!("httpbin-{port}.log"));
    Ok(Httpbin {
        running: Running::start(command, port, &log)?,
        record,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_record_is_read() {
        let arrival = Arrival::parse("10 20 3 1.1 4000 localhost:80 /get?a=1 2").unwrap();
        assert_eq!((arrival.arrived, arrival.answered), (10, 20));
        assert_eq!((arrival.in_flight, arrival.port), (3, 4000));
        assert_eq!(arrival.host, "localhost:80");
        assert_eq!(arrival.path, "/get?a=1 2");
        assert_eq!(Arrival::parse("10 20 3 1.1 4000 host"), None);
    }
}
