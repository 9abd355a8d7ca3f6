//! The peers that tests and benches use, with the configuration that suits them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ProcessError, Running, find_program, free_port};

/// A Prometheus that receives remote write.
#[derive(Debug)]
pub struct Prometheus {
    running: Running,
    binary: PathBuf,
    folder: PathBuf,
}

impl Prometheus {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The URL to write to: `http://127.0.0.1:PORT/api/v1/write`.
    pub fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.address())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Evaluates an expression now.
    pub fn query(
        &self,
        expression: &str,
    ) -> Result<Vec<crate::client::QueryResult>, crate::client::ClientError> {
        crate::client::query(self.address(), "", expression)
    }

    /// Kills it (SIGKILL); the data stays.
    pub fn kill(&mut self) {
        self.running.kill();
    }

    /// Starts it again after [`Self::kill`], on the same port and data.
    pub fn restart(&mut self) -> Result<(), ProcessError> {
        self.running.kill();
        self.running = start_prometheus(&self.binary, &self.folder, self.address().port())?;
        Ok(())
    }
}

/// Starts the `prometheus` of `PATH` with remote write, native histograms and exemplars on; data,
/// configuration and log are in `folder`.
pub fn prometheus(folder: &Path) -> Result<Prometheus, ProcessError> {
    let name = "prometheus";
    let binary = find_program(name).ok_or_else(|| ProcessError::Missing(name.to_owned()))?;
    let config = folder.join("prometheus.yml");
    // Samples that arrive late after an outage are kept, as Mimir can be told to.
    let text = "global: {scrape_interval: 1h}\nstorage: {tsdb: {out_of_order_time_window: 10m}, exemplars: {max_exemplars: 10000}}\n";
    std::fs::write(&config, text).map_err(ProcessError::io("cannot write prometheus.yml"))?;
    let port = free_port().map_err(ProcessError::io("no free port"))?;
    let running = start_prometheus(&binary, folder, port)?;
    Ok(Prometheus {
        running,
        binary,
        folder: folder.to_owned(),
    })
}

fn start_prometheus(binary: &Path, folder: &Path, port: u16) -> Result<Running, ProcessError> {
    let mut command = Command::new(binary);
    command
        .arg(format!(
            "--config.file={}",
            folder.join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--web.enable-remote-write-receiver")
        .arg("--enable-feature=native-histograms,exemplar-storage");
    let running = Running::start(command, port, &folder.join("prometheus.log"))?;
    // The port answers before the write-ahead log is read: wait until it says that it is ready.
    let deadline = std::time::Instant::now() + super::READY;
    while std::time::Instant::now() < deadline {
        if crate::client::get(running.address(), "/-/ready").is_ok_and(|r| r.status == 200) {
            return Ok(running);
        }
        std::thread::sleep(super::POLL);
    }
    let log = running.log_tail();
    Err(ProcessError::NotReady {
        program: "prometheus".to_owned(),
        port,
        log,
    })
}

/// A `VictoriaMetrics` that receives remote write.
#[derive(Debug)]
pub struct VictoriaMetrics {
    running: Running,
    binary: PathBuf,
    folder: PathBuf,
}

impl VictoriaMetrics {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Kills it (SIGKILL); the data stays but for the last seconds, which it holds in memory.
    pub fn kill(&mut self) {
        self.running.kill();
    }

    /// Starts it again after [`Self::kill`], on the same port and data.
    pub fn restart(&mut self) -> Result<(), ProcessError> {
        self.running.kill();
        self.running = start_victoria_metrics(&self.binary, &self.folder, self.address().port())?;
        Ok(())
    }

    /// Evaluates an expression now, over everything that it has taken so far.
    pub fn query(
        &self,
        expression: &str,
    ) -> Result<Vec<crate::client::QueryResult>, crate::client::ClientError> {
        // New samples are searched only after a while, or after this.
        crate::client::get(self.address(), "/internal/force_flush")?;
        crate::client::query(self.address(), "", expression)
    }
}

/// Starts the `victoria-metrics` of `PATH`; data and log are in `folder`.
pub fn victoria_metrics(folder: &Path) -> Result<VictoriaMetrics, ProcessError> {
    let name = "victoria-metrics";
    let binary = find_program(name).ok_or_else(|| ProcessError::Missing(name.to_owned()))?;
    let port = free_port().map_err(ProcessError::io("no free port"))?;
    let running = start_victoria_metrics(&binary, folder, port)?;
    Ok(VictoriaMetrics {
        running,
        binary,
        folder: folder.to_owned(),
    })
}

fn start_victoria_metrics(
    binary: &Path,
    folder: &Path,
    port: u16,
) -> Result<Running, ProcessError> {
    let mut command = Command::new(binary);
    command
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
        .arg(format!(
            "-storageDataPath={}",
            folder.join("data").display()
        ))
        .arg("-search.latencyOffset=0s")
        .arg("-search.disableCache")
        .arg("-memory.allowedBytes=128MB");
    Running::start(command, port, &folder.join("victoria-metrics.log"))
}

/// An nginx that answers as its configuration says.
#[derive(Debug)]
pub struct Nginx {
    running: Running,
}

impl Nginx {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{}", self.address(), path.trim_start_matches('/'))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }
}

/// Starts the `nginx` of `PATH` as one process without access log and with connections kept alive
/// for ever; `server` holds the directives of its `server` block, `listen` aside.
pub fn nginx(folder: &Path, server: &str) -> Result<Nginx, ProcessError> {
    let name = "nginx";
    let binary = find_program(name).ok_or_else(|| ProcessError::Missing(name.to_owned()))?;
    let port = free_port().map_err(ProcessError::io("no free port"))?;
    let path = folder.display();
    let config = format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\nworker_rlimit_nofile 65536;\n\
         pid {path}/nginx.pid;\nerror_log stderr;\nevents {{ worker_connections 16384; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 1000000000;\n  keepalive_timeout 1h;\n\
         \x20 client_body_temp_path {path}/body;\n  proxy_temp_path {path}/proxy;\n\
         \x20 fastcgi_temp_path {path}/fastcgi;\n  uwsgi_temp_path {path}/uwsgi;\n\
         \x20 scgi_temp_path {path}/scgi;\n\
         \x20 server {{\n    listen 127.0.0.1:{port} backlog=8192;\n    {server}\n  }}\n}}\n"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config).map_err(ProcessError::io("cannot write nginx.conf"))?;
    let mut command = Command::new(binary);
    command
        .arg("-p")
        .arg(folder)
        .arg("-e")
        .arg("stderr")
        .arg("-c")
        .arg(file);
    Ok(Nginx {
        running: Running::start(command, port, &folder.join("nginx.log"))?,
    })
}
