//! The outputs of a run: configured, checked, started, and asked what they delivered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use brunt_engine::{Level, LogSink, Record};
use brunt_output::edge::edge;
use brunt_output::{
    Account, Catalogue, Change, Configured, Counts, Drain, EdgeSender, Log, LogLevel,
    OutputContext, OutputError, OutputReport, Wants,
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
        .with(brunt_output_parquet::Parquet)
        .with(brunt_output_arrow::Arrow)
        .with(brunt_output_arrow::Exec)
        .with(brunt_output_csv::Csv)
        .with(brunt_output_prometheus::Mimir)
        .with(brunt_output_prometheus::Prometheus)
        .with(brunt_output_prometheus::K6RemoteWrite)
        .with(brunt_output_otlp::Otlp)
        .with(brunt_output_otlp::K6Opentelemetry)
        .with(brunt_output_otlp::GrafanaCloud)
        .with(brunt_output_otlp::NewRelic)
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

/// Books that tell the user when an output's receiver goes away and when it is back.
fn account(instance: &str, log: Arc<dyn LogSink>) -> Account {
    let instance = instance.to_owned();
    let began = Mutex::new(None);
    Account::new(move |change| {
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

/// The log of an output, whose lines begin with its name.
fn log_of(instance: &str, log: Arc<dyn LogSink>) -> Log {
    let instance = instance.to_owned();
    Log::new(move |level, line| {
        let level = match level {
            LogLevel::Info => Level::Info,
            LogLevel::Warn => Level::Warn,
            LogLevel::Error => Level::Error,
        };
        log.log(Record {
            level,
            message: format!("output {instance}: {line}"),
            fields: Vec::new(),
        });
    })
}

/// Tells at once when an output gives up, while something can still be done about it.
async fn told(
    work: impl Future<Output = Result<OutputReport, OutputError>>,
    instance: String,
    account: Account,
    log: Arc<dyn LogSink>,
) -> Result<OutputReport, OutputError> {
    let ended = work.await;
    if let Err(error) = &ended {
        let reason = error.to_string();
        account.gave_up(&reason);
        log.log(Record {
            level: Level::Error,
            message: format!(
                "output {instance}: {reason}; everything else goes on, what this output has not written is lost"
            ),
            fields: Vec::new(),
        });
    }
    ended
}

/// Outputs at work.
pub(crate) struct Running(Vec<Started>);

struct Started {
    instance: String,
    account: Account,
    cumulative: bool,
    task: JoinHandle<Result<OutputReport, OutputError>>,
}

/// What became of one output.
pub(crate) struct Delivered {
    pub(crate) instance: String,
    /// It gets snapshots, of which a later one has all that is in an earlier one.
    pub(crate) cumulative: bool,
    /// Its receiver had gone when it ended.
    pub(crate) cut_off: bool,
    pub(crate) counts: Counts,
    pub(crate) report: Result<OutputReport, GaveUp>,
}

/// Why an output has no report.
pub(crate) enum GaveUp {
    /// It said so, and the user was told.
    Told,
    /// It is not known, but something is.
    Unsaid(String),
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
            let account = account(&one.instance, Arc::clone(log));
            let (sender, inbox) = edge(EDGE_BYTES, account.clone());
            let wants = one.output.wants();
            let cumulative = matches!(wants, Wants::Snapshots { .. });
            edges.push((wants, sender));
            let context = OutputContext {
                account: account.clone(),
                log: log_of(&one.instance, Arc::clone(log)),
                ..context.clone()
            };
            let work = one.output.run(inbox, context);
            let task = tokio::spawn(told(
                work,
                one.instance.clone(),
                account.clone(),
                Arc::clone(log),
            ));
            running.push(Started {
                instance: one.instance,
                account,
                cumulative,
                task,
            });
        }
        (edges, Running(running))
    }
}

impl Running {
    /// Each instance with its books, for whoever shows them.
    pub(crate) fn accounts(&self) -> Vec<(String, Account)> {
        let of = |one: &Started| (one.instance.clone(), one.account.clone());
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
            account,
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
                Some(Ok(report)) => report.map_err(|_| GaveUp::Told),
                Some(Err(_)) => Err(GaveUp::Unsaid("it failed and cannot say why".to_owned())),
                None => Err(GaveUp::Unsaid(format!(
                    "it was not done {} s after the test",
                    began.elapsed().as_secs()
                ))),
            };
            account.close();
            delivered.push(Delivered {
                instance,
                cumulative,
                cut_off: account.outage().is_some(),
                counts: account.counts(),
                report,
            });
        }
        delivered
    }
}
