//! The outputs of a run: configured, checked, started, and asked what they delivered.

use std::time::Duration;

use brunt_output::edge::edge;
use brunt_output::{
    Catalogue, Configured, EdgeSender, OutputContext, OutputError, OutputReport, Wants,
};
use tokio::task::JoinHandle;

use crate::exit::{Exit, Failure};

/// Bytes that wait for an output at most.
const EDGE_BYTES: usize = 64 << 20;

/// Every output that there is.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new()
        .with(brunt_output_json::Json)
        .with(brunt_output_prometheus::Mimir)
        .with(brunt_output_prometheus::Prometheus)
        .with(brunt_output_prometheus::K6RemoteWrite)
}

/// Reads the arguments of `--out`. Nothing is opened or called yet.
pub(crate) fn configure(arguments: &[String]) -> Result<Vec<Configured>, Failure> {
    let environment = std::env::vars().collect();
    catalogue()
        .configure(arguments, &environment)
        .map_err(|error| Failure::new(Exit::InvalidConfig, error.to_string()))
}

/// Outputs that can be reached.
pub(crate) struct Outputs(Vec<Configured>);

/// Asks each output whether its target can be reached.
pub(crate) async fn check(mut configured: Vec<Configured>) -> Result<Outputs, Failure> {
    for one in &mut configured {
        one.output.check().await.map_err(|error| {
            let message = format!("--out {}: {error}", one.instance);
            Failure::new(Exit::OutputUnreachable, message)
        })?;
    }
    Ok(Outputs(configured))
}

/// Outputs at work.
pub(crate) struct Running(Vec<Started>);

struct Started {
    instance: String,
    cumulative: bool,
    task: JoinHandle<Result<OutputReport, OutputError>>,
}

/// What became of one output.
pub(crate) struct Delivered {
    pub(crate) instance: String,
    /// It gets snapshots, of which a later one has all that is in an earlier one.
    pub(crate) cumulative: bool,
    pub(crate) report: Result<OutputReport, String>,
}

impl Outputs {
    /// How they describe themselves.
    pub(crate) fn descriptions(&self) -> Vec<String> {
        self.0.iter().map(|one| one.output.describe()).collect()
    }

    /// Starts all of them; gives the bus' ends of their edges.
    pub(crate) fn start(self, context: &OutputContext) -> (Vec<(Wants, EdgeSender)>, Running) {
        let mut edges = Vec::new();
        let mut running = Vec::new();
        for one in self.0 {
            let (sender, inbox) = edge(EDGE_BYTES);
            let wants = one.output.wants();
            let cumulative = matches!(wants, Wants::Snapshots { .. });
            edges.push((wants, sender));
            let task = tokio::spawn(one.output.run(inbox, context.clone()));
            running.push(Started {
                instance: one.instance,
                cumulative,
                task,
            });
        }
        (edges, Running(running))
    }
}

impl Running {
    /// Waits for all of them, each at most a little longer than it may take itself.
    pub(crate) async fn finish(self, drain: Duration) -> Vec<Delivered> {
        let deadline = tokio::time::Instant::now() + drain + Duration::from_secs(2);
        let mut delivered = Vec::new();
        for Started {
            instance,
            cumulative,
            task,
        } in self.0
        {
            let report = match tokio::time::timeout_at(deadline, task).await {
                Ok(Ok(report)) => report.map_err(|error| error.to_string()),
                Ok(Err(_)) => Err("it failed and cannot say why".to_owned()),
                Err(_) => Err(format!(
                    "it was not done {} s after the test",
                    drain.as_secs()
                )),
            };
            delivered.push(Delivered {
                instance,
                cumulative,
                report,
            });
        }
        delivered
    }
}
