//! `brunt send`: delivers what a run has left in a spool.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use brunt_delivery::{Origin, Store};
use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::{Interner, Registry, SystemTags};
use brunt_output::{Account, Drain, Log, OutputContext, Spool, Wants};
use clap::ArgMatches;

use crate::exit::{Exit, Failure};
use crate::run::SHUTDOWN_BUDGET;
use crate::run::outputs::{self, GaveUp};
use crate::run::signals::Signals;
use crate::terminal::Terminal;

/// As long as it takes.
const NO_LIMIT: Duration = Duration::from_hours(24 * 365);

/// How often it says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// Delivers a spool; 120 if something is left or was refused.
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let folder = matches
        .get_one::<std::path::PathBuf>("spool")
        .cloned()
        .unwrap_or_default();
    let out = matches.get_one::<String>("out").cloned();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("brunt-control")
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as _;
    let exit = runtime.block_on(send(&folder, out, &log));
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

async fn send(folder: &Path, out: Option<String>, log: &Arc<dyn LogSink>) -> Result<Exit, Failure> {
    let say = |level, message| {
        log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    };
    let (origin, points) = look_into(folder)?;
    let mut configured = outputs::configure(&out.into_iter().collect::<Vec<_>>())?;
    let takes_snapshots =
        |one: &brunt_output::Configured| matches!(one.output.wants(), Wants::Snapshots { .. });
    if !configured.iter().all(takes_snapshots) {
        let message = "--out: a spool is sent to an output that talks to a network, such as mimir";
        return Err(Failure::new(Exit::InvalidConfig, message));
    }
    configured.truncate(1);
    let signals = Signals::listen(SHUTDOWN_BUDGET)?;
    let outputs = outputs::check(configured).await?;
    let drain = Drain::within(NO_LIMIT);
    let context = context(folder, &origin, &drain);
    let (edges, running) = outputs.start(&context, log);
    // There is nothing but what lies in the spool.
    drop(edges);
    let accounts = running.accounts();
    let progress = async {
        loop {
            tokio::time::sleep(PROGRESS).await;
            for (name, account) in &accounts {
                let counts = account.counts();
                let text = format!("{name}: {} of {points} points delivered", counts.delivered);
                say(Level::Info, text);
            }
        }
    };
    let interrupted = async {
        signals.first().await;
        drain.end_by(tokio::time::Instant::now());
        std::future::pending::<()>().await;
    };
    let delivered = tokio::select! {
        delivered = running.finish(&drain) => delivered,
        () = progress => Vec::new(),
        () = interrupted => Vec::new(),
    };
    let mut lost = delivered.is_empty();
    for one in &delivered {
        let counts = &one.counts;
        lost |= counts.lost() || one.report.is_err();
        let message = format!(
            "output {}: {} of {points} points delivered, {} rejected, {} dropped, {} left in the spool",
            one.instance, counts.delivered, counts.rejected, counts.dropped, counts.spooled
        );
        say(if lost { Level::Warn } else { Level::Info }, message);
        if let Some(reason) = counts
            .first_rejection
            .as_ref()
            .or(counts.last_error.as_ref())
        {
            say(Level::Warn, format!("output {}: {reason}", one.instance));
        }
        if let Err(GaveUp::Unsaid(error)) = &one.report {
            say(Level::Error, format!("output {}: {error}", one.instance));
        }
    }
    Ok(if lost {
        Exit::Undelivered
    } else {
        Exit::Success
    })
}

/// Where the spool comes from, and how many points it holds.
fn look_into(folder: &Path) -> Result<(Origin, u64), Failure> {
    let (store, origin) = Store::open(folder, Spool::DEFAULT_LIMIT)
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    Ok((origin, store.points()))
}

/// The series are those of the spool, and so is the instance, so that they go on where they ended.
fn context(folder: &Path, origin: &Origin, drain: &Drain) -> OutputContext {
    OutputContext {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(Interner::DEFAULT_MAX_SERIES)),
        system_tags: SystemTags::default(),
        declarations: Arc::default(),
        instance: Arc::from(origin.instance.as_str()),
        utc_offset: None,
        repeatable: false,
        spool: Spool {
            resume: Some(folder.to_owned()),
            ..Spool::off()
        },
        drain: drain.clone(),
        account: Account::default(),
        log: Log::default(),
    }
}
