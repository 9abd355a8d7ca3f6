//! `PyPI`'s receivers of OTLP: oteltap (HTTP) writes down what arrives, rotel (gRPC) forwards it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::{POLL, ProcessError, READY, Running, free_port};

/// An oteltap.
#[derive(Debug)]
pub struct Oteltap {
    running: Running,
    venv: PathBuf,
    folder: PathBuf,
    /// What instances that were killed had written.
    before: Vec<PathBuf>,
    record: PathBuf,
}

/// A rotel.
#[derive(Debug)]
pub struct Rotel {
    running: Running,
}

impl Oteltap {
    /// Where it listens, for OTLP over HTTP.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The metrics that have arrived, each as OTLP's JSON form has it, without its resource.
    pub fn metrics(&self) -> Vec<Value> {
        let files = self.before.iter().chain([&self.record]);
        let read = |file: &PathBuf| std::fs::read_to_string(file).unwrap_or_default();
        let text: String = files.map(read).collect();
        // The last line may be on its way.
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// Kills it (SIGKILL); what it has written stays.
    pub fn kill(&mut self) {
        self.running.kill();
    }

    /// Starts it again after [`Self::kill`], on the same port.
    pub fn restart(&mut self) -> Result<(), ProcessError> {
        self.running.kill();
        let number = self.before.len() + 1;
        let record = self.folder.join(format!("oteltap-{number}.ndjson"));
        self.running = start_oteltap(&self.venv, self.address().port(), &record)?;
        self.before
            .push(std::mem::replace(&mut self.record, record));
        Ok(())
    }
}

impl Rotel {
    /// Where it listens, for OTLP by gRPC.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }
}

/// Starts oteltap from the virtual environment of `scripts/setup-tests.sh`.
pub fn oteltap(venv: &Path, folder: &Path) -> Result<Oteltap, ProcessError> {
    let port = free_port().map_err(ProcessError::io("no free port"))?;
    let record = folder.join("oteltap.ndjson");
    Ok(Oteltap {
        running: start_oteltap(venv, port, &record)?,
        venv: venv.to_owned(),
        folder: folder.to_owned(),
        before: Vec::new(),
        record,
    })
}

fn start_oteltap(venv: &Path, port: u16, record: &Path) -> Result<Running, ProcessError> {
    let python = venv.join("bin/python");
    if find_package(venv, "oteltap").is_none() {
        return Err(ProcessError::Missing("oteltap".to_owned()));
    }
    let mut command = Command::new(python);
    command.args(["-u", "-m", "oteltap", "--port", &port.to_string()]);
    Running::start(command, port, record)
}

/// Starts rotel from the same place; it takes gRPC and forwards to this address by HTTP.
pub fn rotel(venv: &Path, folder: &Path, to: SocketAddr) -> Result<Rotel, ProcessError> {
    let missing = || ProcessError::Missing("rotel".to_owned());
    let program = find_package(venv, "rotel")
        .ok_or_else(missing)?
        .join("rotel-agent");
    let port = free_port().map_err(ProcessError::io("no free port"))?;
    let other = free_port().map_err(ProcessError::io("no free port"))?;
    let mut command = Command::new(program);
    command
        .arg("start")
        .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{port}")])
        .args(["--otlp-http-endpoint", &format!("127.0.0.1:{other}")])
        .args(["--otlp-exporter-endpoint", &format!("http://{to}")])
        .args(["--otlp-exporter-protocol", "http"])
        .env("ROTEL_PID_FILE", folder.join("rotel.pid"));
    let running = Running::start(command, port, &folder.join("rotel.log"))?;
    // The port answers a little before the log says that all is ready.
    let deadline = Instant::now() + READY;
    while Instant::now() < deadline && running.log_tail().is_empty() {
        std::thread::sleep(POLL);
    }
    Ok(Rotel { running })
}

/// The folder of a Python package in a virtual environment.
fn find_package(venv: &Path, name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir(venv.join("lib")).ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("site-packages").join(name))
        .find(|package| package.is_dir())
}
