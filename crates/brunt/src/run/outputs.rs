//! The outputs of a run: configured, checked, started, and asked what they delivered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use brunt_engine::{Level, LogSink, Record};
use brunt_output::edge::edge;
use brunt_output::{
    Catalogue, Change, Configured, Drain, EdgeSender, Health, OutputContext, OutputError,
    OutputReport, Wants,
};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::exit::{Exit, Failure};

/// Bytes that wait for an output at most.
const EDGE_BYTES: usize = 64 << 20;

/// How much longer than it may an output can take to say what became of everything.
const GRACE: Duration = Duration::from_millis(500);

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

/// Tells the user when an output's receiver goes away and when it is back.
fn health(instance: &str, log: Arc<dyn LogSink>) -> Health {
    let instance = instance.to_owned();
    let began = Mutex::new(None);
    Health::new(move |change| {
        let (level, message) = match change {
            Change::Failing(reason) => {
                *began.lock() = Some(Instant::now());
                let message = format!(
                    "output {instance}: deliveries fail and are repeated, measurements wait meanwhile: {reason}"
                );
                (Level::Warn, message)
            }
            Change::Back => {
                let lasted = began
                    .lock()
                    .take()
                    .map_or(Duration::ZERO, |at| at.elapsed());
                let message = format!(
                    "output {instance}: deliveries work again, after {:.1} s",
                    lasted.as_secs_f64()
                );
                (Level::Info, message)
            }
        };
        log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    })
}

/// Outputs at work.
pub(crate) struct Running(Vec<Started>);

struct Started {
    instance: String,
    health: Health,
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
    pub(crate) fn start(
        self,
        context: &OutputContext,
        log: &Arc<dyn LogSink>,
    ) -> (Vec<(Wants, EdgeSender)>, Running) {
        let mut edges = Vec::new();
        let mut running = Vec::new();
        for one in self.0 {
            let (sender, inbox) = edge(EDGE_BYTES);
            let wants = one.output.wants();
            let cumulative = matches!(wants, Wants::Snapshots { .. });
            edges.push((wants, sender));
            let health = health(&one.instance, Arc::clone(log));
            let context = OutputContext {
                health: health.clone(),
                ..context.clone()
            };
            let task = tokio::spawn(one.output.run(inbox, context));
            running.push(Started {
                instance: one.instance,
                health,
                cumulative,
                task,
            });
        }
        (edges, Running(running))
    }
}

impl Running {
    /// Each instance with the state of its deliveries, for whoever shows it.
    pub(crate) fn health(&self) -> Vec<(String, Health)> {
        let of = |one: &Started| (one.instance.clone(), one.health.clone());
        self.0.iter().map(of).collect()
    }

    /// Waits for all of them, each at most a little longer than it may take itself.
    pub(crate) async fn finish(self, drain: &Drain) -> Vec<Delivered> {
        let began = tokio::time::Instant::now();
        let mut late = std::pin::pin!(async {
            drain.over().await;
            tokio::time::sleep(GRACE).await;
        });
        let mut is_late = false;
        let mut delivered = Vec::new();
        for Started {
            instance,
            cumulative,
            task,
            health: _,
        } in self.0
        {
            let ended = tokio::select! {
                biased;
                ended = task => Some(ended),
                () = &mut late, if !is_late => {
                    is_late = true;
                    None
                }
                () = std::future::ready(()), if is_late => None,
            };
            let report = match ended {
                Some(Ok(report)) => report.map_err(|error| error.to_string()),
                Some(Err(_)) => Err("it failed and cannot say why".to_owned()),
                None => Err(format!(
                    "it was not done {} s after the test",
                    began.elapsed().as_secs()
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
