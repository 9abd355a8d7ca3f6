//! `brunt convert`: result files in, any output out. What reads files is `brunt-convert`; here are
//! the command, and what is different from a run: outputs are waited for, and files appear when whole.

mod feed;
mod progress;
mod source;
mod whole;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use brunt_convert::{Inputs, MOST_FILES, Options, Tally};
use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::{SampleBatch, SystemTags};
use brunt_output::{Account, Drain, EdgeSender, Log, OutputContext, Pace, Spool, Wants};
use clap::{Arg, ArgAction, ArgMatches, Command};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use self::feed::Feed;
use self::progress::Progress;
pub(crate) use self::source::{Source, args as source_args, input as input_arg};
use self::source::{report as report_reading, tell};
use self::whole::{Outs, Whole};
use crate::exit::{Exit, Failure};
use crate::run::outputs::{self, Delivered, GaveUp};
use crate::terminal::Terminal;

/// Whatever the files need, an output may take it.
const NO_LIMIT: Duration = Duration::from_hours(24 * 365);

/// The command.
pub(crate) fn command() -> Command {
    Command::new("convert")
        .about("Reads result files and writes them to any output")
        .after_help(
            "Inputs are k6's JSON lines and CSV, JMeter's JTL, Gatling's simulation.log and Locust's history (plain, .gz, .zst,
cut off by a crash too), and Parquet files and Arrow streams of brunt's; what they are is told by their content. A
folder stands for all results in it, s3://BUCKET/PREFIX for those in a bucket, - for the standard input. Files of one
kind at a time.

Every output takes rate=N beside its own keys: at most so many samples, or values of series, a second.

The exit code is 123 if a line was broken, unless --skip-invalid is given; what could be read is written.

Examples:
  brunt convert results.json.gz --out parquet=results.parquet
  brunt convert results/ --out csv=all.csv.zst,timeFormat=rfc3339_nano --out arrow=all.arrow
  brunt convert generator-*.json.gz --out mimir=http://localhost:9009/api/v1/push
  brunt convert one.json two.json --instance-tag --out mimir=http://localhost:9009/api/v1/push,rate=50000
  brunt convert s3://results/2026-11/ --out parquet=november.parquet
  zcat results.json.gz | brunt convert - --out json=copy.json
  brunt convert run.csv --metric orders=counter --metric took=trend:time --out json=run.json",
        )
        .arg(
            Arg::new("out")
                .long("out")
                .short('o')
                .action(ArgAction::Append)
                .required(true)
                .value_name("NAME[=TARGET][,KEY=VALUE…]")
                .help("Where to: json, csv, parquet, mimir, otlp…; see `brunt outputs`; repeatable"),
        )
        .arg(
            Arg::new("instance-tag")
                .long("instance-tag")
                .action(ArgAction::SetTrue)
                .help("Tag the samples of each file with instance=NAME, the file's name up to its first dot, where they have no such tag"),
        )
        .arg(input_arg())
        .args(source_args())
}

/// Converts; the exit code tells whether all of it could be read and written.
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let out: Vec<String> = matches
        .get_many("out")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as _;
    brunt_js::keep_free_memory();

    // Everything that can be wrong is found before anything is written.
    let Outs {
        configured,
        paces,
        files,
    } = whole::configure(&outputs::catalogue(), &out)
        .map_err(|error| Failure::new(Exit::InvalidConfig, error.to_string()))?;
    let backfills = configured
        .iter()
        .any(|one| one.output.wants() != Wants::Samples);
    let Source {
        inputs,
        known,
        declared,
        memory,
    } = Source::open(matches)?;
    if backfills && inputs.count() > MOST_FILES {
        let message = format!(
            "these are {} files, and outputs of sums over time take at most {MOST_FILES} at a time, which are read side by side: put those of one run into one file first, with --out parquet=",
            inputs.count()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let drain = Drain::within(NO_LIMIT);
    let context = OutputContext {
        registry: Arc::clone(&known.registry),
        interner: Arc::clone(&known.interner),
        system_tags: SystemTags::default(),
        declarations: Arc::new(declared.declarations),
        instance: instance(declared.instance, backfills).into(),
        utc_offset: declared.utc_offset,
        repeatable: true,
        spool: Spool::off(),
        drain: drain.clone(),
        account: Account::default(),
        log: Log::default(),
    };
    let conversion = Conversion {
        options: Options {
            known,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            instance_tag: matches.get_flag("instance-tag"),
        },
        room: usize::try_from(memory / 16).unwrap_or(usize::MAX) / configured.len().max(1),
        quiet: matches.get_flag("quiet"),
        interrupted: Arc::default(),
        unfinished: files.iter().flat_map(Whole::until).collect(),
        runtime: runtime()?,
        log,
    };
    let running = conversion.runtime.block_on(outputs::check(configured))?;
    let read = {
        // Starting an output needs the runtime.
        let _entered = conversion.runtime.enter();
        let (edges, running) = running.start(&context, &conversion.log);
        let read = conversion.read(inputs, edges.into_iter().zip(paces).collect());
        let delivered = conversion.runtime.block_on(running.finish(&drain));
        (read, delivered)
    };
    let (read, delivered) = read;
    if conversion.interrupted.load(Ordering::Relaxed) {
        let message = format!("interrupted: {TAKEN_BACK}");
        return Err(Failure::new(Exit::Signal, message));
    }
    let tally = read?;
    let written = conversion.report(&tally, &delivered, files);
    if !written {
        return Ok(Exit::Undelivered);
    }
    if tally.broken > 0 && !matches.get_flag("skip-invalid") {
        return Ok(Exit::InvalidInput);
    }
    Ok(Exit::Success)
}

/// The generator that the files tell. Series of sums need one, so that those of the next run are others.
fn instance(told: Option<String>, backfills: bool) -> String {
    let fallback = if backfills { "brunt-convert" } else { "" };
    let told = told.filter(|name| !name.is_empty());
    told.unwrap_or_else(|| fallback.to_owned())
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("brunt-control")
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))
}

/// What becomes of what outputs have written when the reading ends early.
const TAKEN_BACK: &str = "no file was written, but for those of parquet that roll-size, roll-interval, partition or a \
     bucket make whole one by one; what receivers have taken stays there";

struct Conversion {
    options: Options,
    /// Bytes that may wait for an output before the next batch is given to it.
    room: usize,
    quiet: bool,
    interrupted: Arc<AtomicBool>,
    /// Where files are that have no name yet.
    unfinished: Vec<PathBuf>,
    runtime: Runtime,
    log: Arc<dyn LogSink>,
}

impl Conversion {
    /// Gives every sample to all outputs, as fast as the slowest takes them.
    fn read(
        &self,
        inputs: Inputs,
        edges: Vec<((Wants, EdgeSender), Pace)>,
    ) -> Result<Tally, Failure> {
        self.on_interrupt()?;
        let rows = Arc::new(AtomicU64::new(0));
        let progress = Progress::start(
            self.quiet,
            inputs.bytes(),
            inputs.bytes_read(),
            Arc::clone(&rows),
        );
        let backfills = edges.iter().any(|((wants, _), _)| *wants != Wants::Samples);
        let known = &self.options.known;
        let feeds = edges.into_iter();
        let mut feeds: Vec<Feed> = feeds
            .map(|(edge, pace)| Feed::new(edge, pace, known, &self.interrupted))
            .collect();
        let mut give = |batch: SampleBatch, until: i64| {
            rows.fetch_add(batch.samples.len() as u64, Ordering::Relaxed);
            let batch = Arc::new(batch);
            let mut taken = false;
            for feed in &mut feeds {
                // One that has gone does not keep the others from theirs.
                taken |= feed.give(&self.runtime, self.room, &batch, until);
            }
            taken && !self.interrupted.load(Ordering::Relaxed)
        };
        let tell = |broken: &_| tell(&self.log, broken);
        let read = if backfills {
            brunt_convert::read_merged(inputs, &self.options, &mut give, tell)
        } else {
            // Sums alone want to know up to which time everything was given.
            let give = |batch| give(batch, i64::MIN);
            brunt_convert::read(&inputs, &self.options, give, tell)
        };
        drop(progress);
        // The outputs end when nobody gives them anything any more.
        for feed in feeds {
            let left_out = feed.finish(&self.runtime);
            if left_out > 0 {
                let message = format!(
                    "{left_out} samples have no finite value or a time that cannot be, and are in no sum"
                );
                self.say(Level::Warn, message);
            }
        }
        read.map_err(|error| Failure::new(Exit::InvalidInput, format!("{error}; {TAKEN_BACK}")))
    }

    /// Ctrl-C ends the reading and leaves no file, also while outputs still write; a second one ends everything, and
    /// leaves none either.
    fn on_interrupt(&self) -> Result<(), Failure> {
        let (interrupted, log) = (Arc::clone(&self.interrupted), Arc::clone(&self.log));
        let unfinished = self.unfinished.clone();
        let _entered = self.runtime.enter();
        // Here and not in the task, so that none is missed once outputs are written to.
        let mut signals = signal(SignalKind::interrupt())
            .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
        self.runtime.spawn(async move {
            if signals.recv().await.is_none() {
                return;
            }
            interrupted.store(true, Ordering::Relaxed);
            log.log(Record {
                level: Level::Warn,
                message: "interrupted: outputs are ended; interrupt again to leave at once"
                    .to_owned(),
                fields: Vec::new(),
            });
            if signals.recv().await.is_some() {
                for file in unfinished {
                    // Most outputs write nothing beside theirs.
                    let _ = std::fs::remove_file(file);
                }
                std::process::exit(Exit::Signal as i32);
            }
        });
        Ok(())
    }

    /// Says what was read and written, and gives whole files their names; whether all was written.
    fn report(&self, tally: &Tally, delivered: &[Delivered], files: Vec<Whole>) -> bool {
        report_reading(&self.log, tally);
        let mut whole = true;
        for one in delivered {
            let counts = &one.counts;
            if counts.lost() || one.report.is_err() {
                whole = false;
            }
            if !self.quiet {
                let (instance, delivered) = (&one.instance, counts.delivered);
                self.say(
                    Level::Info,
                    if one.cumulative {
                        format!("{instance}: {delivered} points written")
                    } else {
                        format!(
                            "{instance}: {delivered} of {} samples written",
                            tally.samples
                        )
                    },
                );
            }
            if let Some(reason) = counts
                .first_rejection
                .as_ref()
                .or(counts.last_error.as_ref())
            {
                self.say(Level::Warn, format!("{}: {reason}", one.instance));
            }
            if let Err(GaveUp::Unsaid(error)) = &one.report {
                self.say(Level::Error, format!("{}: {error}", one.instance));
            }
        }
        for file in files {
            // Samples that the format cannot hold are missing in a whole file; one that failed is not whole.
            let broke = delivered
                .iter()
                .any(|one| one.instance == file.instance() && one.report.is_err());
            if !broke && let Err(error) = file.keep() {
                self.say(Level::Error, error);
                whole = false;
            }
        }
        whole
    }

    fn say(&self, level: Level, message: String) {
        self.log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    }
}
