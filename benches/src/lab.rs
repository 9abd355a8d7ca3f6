//! What every section uses: the server, `brunt` and `wrk` as they are run here, scratch files.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use brunt_testkit::process::{self, Nginx, ProcessError};
use serde_json::Value;

use crate::child::{self, Finished};

/// Beyond a run's own length: start, graceful stop, summary.
const GRACE: Duration = Duration::from_mins(1);

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A file, a process or the prober.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The server.
    #[error("{0}")]
    Server(#[from] ProcessError),
    /// A generator ended with an error.
    #[error("{program} ended with {status}: {stderr}")]
    Failed {
        program: String,
        status: std::process::ExitStatus,
        stderr: String,
    },
    /// What a generator printed cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// The server and the places of things.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) brunt: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    folder: tempfile::TempDir,
    nginx: Nginx,
}

/// A run of brunt.
#[derive(Debug)]
pub(crate) struct BruntRun {
    pub(crate) finished: Finished,
    summary: Value,
}

impl Lab {
    /// Starts the server: one worker, no log, a tiny answer without a file.
    pub(crate) fn open(brunt: PathBuf, rounds: usize, seconds: u64) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir()?;
        let nginx = process::nginx(folder.path(), "location / { return 200 'ok'; }")?;
        Ok(Self {
            brunt,
            rounds,
            seconds,
            folder,
            nginx,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.nginx.address()
    }

    pub(crate) fn url(&self) -> String {
        self.nginx.url("/")
    }

    /// Requests per CPU-second of `wrk` with one thread.
    pub(crate) fn wrk(&self, connections: u32) -> Result<f64, BenchError> {
        let output = self.folder.path().join("wrk.out");
        let mut command = Command::new("wrk");
        command
            .args([
                "-t1",
                &format!("-c{connections}"),
                &format!("-d{}s", self.seconds),
            ])
            .arg(self.url())
            .stdout(std::fs::File::create(&output)?)
            .stderr(Stdio::null());
        let finished = child::run(&mut command, Duration::from_millis(20), self.limit())?;
        let text = std::fs::read_to_string(&output)?;
        let requests = wrk_requests(&text)
            .ok_or_else(|| BenchError::Unreadable(format!("wrk printed: {text}")))?;
        Ok(requests / finished.cpu.as_secs_f64())
    }

    /// A file beside the scripts.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> Result<(), BenchError> {
        Ok(std::fs::write(self.folder.path().join(name), contents)?)
    }

    /// A file in its folder.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn limit(&self) -> Duration {
        GRACE + Duration::from_secs(self.seconds)
    }

    /// Runs `brunt run` on this script, looking at its memory every `every`.
    pub(crate) fn brunt(&self, script: &str, every: Duration) -> Result<BruntRun, BenchError> {
        self.brunt_with(script, every, &[])
    }

    /// The same; gives also what its JSON output wrote.
    pub(crate) fn brunt_with_samples(
        &self,
        script: &str,
        every: Duration,
    ) -> Result<(BruntRun, String), BenchError> {
        let file = self.folder.path().join("samples.json");
        let output = format!("json={}", file.display());
        let run = self.brunt_with(script, every, &["--out", &output])?;
        let samples = std::fs::read_to_string(&file)?;
        Ok((run, samples))
    }

    /// The same with more flags.
    pub(crate) fn brunt_with(
        &self,
        script: &str,
        every: Duration,
        more: &[&str],
    ) -> Result<BruntRun, BenchError> {
        let path = |name: &str| self.folder.path().join(name);
        let (file, summary, stderr) = (path("script.js"), path("summary.json"), path("stderr"));
        std::fs::write(&file, script)?;
        let _ = std::fs::remove_file(&summary);
        let mut command = Command::new(&self.brunt);
        command
            .args(["run", "--quiet", "--no-color", "--summary-export"])
            .arg(&summary)
            .args(more)
            .arg(&file)
            .env("K6_NO_USAGE_REPORT", "true")
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&stderr)?);
        let finished = child::run(&mut command, every, 2 * GRACE)?;
        if !finished.status.success() {
            let stderr = String::from_utf8_lossy(&std::fs::read(&stderr)?)
                .trim()
                .to_owned();
            let program = self.brunt.display().to_string();
            return Err(BenchError::Failed {
                program,
                status: finished.status,
                stderr,
            });
        }
        let summary = serde_json::from_slice(&std::fs::read(&summary)?)
            .map_err(|error| BenchError::Unreadable(format!("the summary: {error}")))?;
        Ok(BruntRun { finished, summary })
    }
}

impl BruntRun {
    /// A value of the summary, `None` where the metric or the value is absent.
    pub(crate) fn value(&self, metric: &str, value: &str) -> Option<f64> {
        self.summary["metrics"][metric][value].as_f64()
    }

    /// A value of a metric that must be there, else NaN.
    pub(crate) fn known(&self, metric: &str, value: &str) -> f64 {
        self.value(metric, value).unwrap_or(f64::NAN)
    }

    /// A statistic in milliseconds of brunt's own metric on late starts, where it has one.
    pub(crate) fn lateness(&self, value: &str) -> Option<f64> {
        let metrics = self.summary["metrics"].as_object()?;
        let own = |name: &&String| name.starts_with("brunt_") && name.contains("lateness");
        self.value(metrics.keys().find(own)?, value)
    }

    /// The requests, unless some of their checks failed.
    pub(crate) fn good_requests(&self) -> Result<f64, BenchError> {
        let failed = self.known("checks", "fails");
        if failed != 0.0 {
            return Err(BenchError::Unreadable(format!("{failed} checks failed")));
        }
        Ok(self.known("http_reqs", "count"))
    }
}

/// The number of requests in what wrk prints.
fn wrk_requests(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains(" requests in "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_says_how_many_requests() {
        let text = "Running 3s test\n  1 threads and 50 connections\n  123456 requests in 3.00s, 1MB read\n";
        assert_eq!(wrk_requests(text), Some(123_456.0));
        assert_eq!(wrk_requests("unable to connect"), None);
    }
}
