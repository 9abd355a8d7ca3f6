//! The demo's receiver: the Prometheus that is installed, else the strict one of the testkit, so
//! that the demo needs nothing and still shows the real thing where it can.

use std::net::SocketAddr;
use std::path::Path;

use brunt_testkit::client::{self, ClientError, QueryResult};
use brunt_testkit::process::{self, ProcessError, Prometheus};
use brunt_testkit::{RemoteWrite, StartError};

/// Which receiver is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Prometheus if it is installed.
    Auto,
    Prometheus,
    BuiltIn,
}

impl Choice {
    /// The values of the flag.
    pub(crate) const NAMES: [&str; 3] = ["auto", "prometheus", "built-in"];

    pub(crate) fn of(name: Option<&str>) -> Self {
        match name {
            Some("prometheus") => Self::Prometheus,
            Some("built-in") => Self::BuiltIn,
            _ => Self::Auto,
        }
    }
}

/// Why there is no receiver.
#[derive(Debug)]
pub(crate) enum ReceiverError {
    Prometheus(ProcessError),
    BuiltIn(StartError),
}

impl std::fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Prometheus(ProcessError::Missing(_)) => f.write_str(
                "Prometheus is not installed (Debian: apt-get install prometheus); --receiver built-in needs nothing",
            ),
            Self::Prometheus(error) => error.fmt(f),
            Self::BuiltIn(error) => error.fmt(f),
        }
    }
}

/// A receiver that runs until it is dropped.
pub(crate) enum Receiver {
    Prometheus(Prometheus),
    BuiltIn {
        receiver: RemoteWrite,
        why: &'static str,
    },
}

impl Receiver {
    /// Starts one; Prometheus keeps its data in `folder`.
    pub(crate) fn start(choice: Choice, folder: &Path) -> Result<Self, ReceiverError> {
        let why = match choice {
            Choice::BuiltIn => "",
            Choice::Prometheus | Choice::Auto => match process::prometheus(folder) {
                Ok(prometheus) => return Ok(Self::Prometheus(prometheus)),
                Err(error) if choice == Choice::Prometheus => {
                    return Err(ReceiverError::Prometheus(error));
                }
                Err(ProcessError::Missing(_)) => "; Prometheus is not installed",
                Err(_) => "; the installed Prometheus does not start",
            },
        };
        let receiver = RemoteWrite::start().map_err(ReceiverError::BuiltIn)?;
        Ok(Self::BuiltIn { receiver, why })
    }

    /// What it is, and where.
    pub(crate) fn describe(&self) -> String {
        let address = self.address();
        match self {
            Self::Prometheus(_) => format!("http://{address} (Prometheus)"),
            Self::BuiltIn { why, .. } => {
                format!("http://{address} (brunt's own strict receiver{why})")
            }
        }
    }

    /// The URL to write to.
    pub(crate) fn write_url(&self) -> String {
        match self {
            Self::Prometheus(prometheus) => prometheus.write_url(),
            Self::BuiltIn { receiver, .. } => receiver.write_url(),
        }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Prometheus(prometheus) => prometheus.address(),
            Self::BuiltIn { receiver, .. } => receiver.address(),
        }
    }

    /// Evaluates a `PromQL` expression now.
    pub(crate) fn query(&self, expression: &str) -> Result<Vec<QueryResult>, ClientError> {
        client::query(self.address(), "", expression)
    }

    /// The rules that were broken, as text; Prometheus tells of none.
    pub(crate) fn violations(&self) -> Vec<String> {
        match self {
            Self::Prometheus(_) => Vec::new(),
            Self::BuiltIn { receiver, .. } => receiver
                .violations()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}
