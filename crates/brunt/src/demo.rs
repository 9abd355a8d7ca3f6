//! `brunt demo`: a test against a target of its own, checked against what the receiver got.
//!
//! It runs the installed binary as a user would, in a process of its own, and asks the receiver
//! over HTTP, so that nothing inside the run can vouch for itself.

mod compare;
mod receiver;
mod summary;
mod table;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use brunt_testkit::Target;
use clap::ArgMatches;

use crate::demo::receiver::{Choice, Receiver};
use crate::exit::{Exit, Failure};
use crate::terminal::{no_colour, print};

/// Which receivers can be asked for.
pub(crate) const RECEIVERS: [&str; 3] = Choice::NAMES;

/// The script that runs when none is named.
const QUICKSTART: &str = include_str!("../../../examples/quickstart.js");
const QUICKSTART_NAME: &str = "quickstart.js";
/// The file of the run's summary, in the demo's own folder.
const EXPORT: &str = "summary.json";
/// The statistics of trends that can be compared, in the order in which they are shown.
const STATISTICS: &str = "avg,min,med,max,p(95),count";
/// Broken rules that are shown.
const MOST_VIOLATIONS: usize = 10;

/// What is run.
struct Script {
    path: PathBuf,
    /// Where, if not here.
    folder: Option<PathBuf>,
}

impl Script {
    /// The one that was named, or the quickstart, written to `folder`.
    fn of(matches: &ArgMatches, folder: &Path) -> std::io::Result<Self> {
        if let Some(path) = matches.get_one::<PathBuf>("script") {
            let path = path.clone();
            return Ok(Self { path, folder: None });
        }
        std::fs::write(folder.join(QUICKSTART_NAME), QUICKSTART)?;
        Ok(Self {
            path: QUICKSTART_NAME.into(),
            folder: Some(folder.to_owned()),
        })
    }

    /// How to name it in a source tree.
    fn shown(&self) -> String {
        match self.folder {
            Some(_) => format!("examples/{QUICKSTART_NAME}"),
            None => self.path.display().to_string(),
        }
    }
}

/// Runs the demo.
pub(crate) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("demo: {what}: {error}"))
    };
    let folder = tempfile::tempdir().map_err(|error| cannot("no temporary folder", &error))?;
    let target = Target::http().map_err(|error| cannot("no target", &error))?;
    let choice = Choice::of(matches.get_one::<String>("receiver").map(String::as_str));
    let receiver =
        Receiver::start(choice, folder.path()).map_err(|error| cannot("no receiver", &error))?;

    let script = Script::of(matches, folder.path())
        .map_err(|error| cannot("cannot write the script", &error))?;
    let base = target.url("");
    let base = base.trim_end_matches('/');
    // Without stale markers, because Prometheus' last_over_time() does not see histograms, and
    // a series that has ended is gone for every other question.
    let out = format!(
        "mimir={},interval=1s,stale-markers=false",
        receiver.write_url()
    );
    let shown = script.path.display();
    print(format!(
        "target    {base}\nreceiver  {}\n$ brunt run {shown} -e BASE_URL={base} --out {out}\n\n",
        receiver.describe(),
    ));

    let export = folder.path().join(EXPORT);
    let code = run_test(matches, &script, base, &out, &export)?;
    let Ok(text) = std::fs::read_to_string(&export) else {
        let message = format!(
            "demo: the run ended with exit code {code} and has no summary; its messages above say why"
        );
        return Err(Failure::new(Exit::from_code(code), message));
    };
    let metrics = summary::read(&text).map_err(|error| cannot("the summary", &error))?;
    let rows = compare::all(&metrics, &receiver).map_err(|error| cannot("the receiver", &error))?;
    print(format!(
        "\n{}\n",
        table::render(&rows, !colourless(matches))
    ));
    judge(code, &rows, &receiver, &script)
}

fn colourless(matches: &ArgMatches) -> bool {
    use std::io::IsTerminal as _;
    no_colour(matches) || !std::io::stdout().is_terminal()
}

/// Runs `brunt run` to its end; gives its exit code.
fn run_test(
    matches: &ArgMatches,
    script: &Script,
    base: &str,
    out: &str,
    export: &Path,
) -> Result<i32, Failure> {
    let wrong = |error: std::io::Error| {
        Failure::new(Exit::Usage, format!("demo: cannot run brunt: {error}"))
    };
    let mut command = Command::new(std::env::current_exe().map_err(wrong)?);
    command.arg("run").arg(&script.path);
    if let Some(folder) = &script.folder {
        command.current_dir(folder);
    }
    for (flag, value) in [
        ("--out", OsStr::new(out)),
        ("--env", OsStr::new(&format!("BASE_URL={base}"))),
        ("--summary-trend-stats", OsStr::new(STATISTICS)),
        ("--summary-export", export.as_os_str()),
    ] {
        command.arg(flag).arg(value);
    }
    for flag in ["quiet", "verbose", "no-color"] {
        if matches.get_flag(flag) {
            command.arg(format!("--{flag}"));
        }
    }
    // The demo's output must not take another tenant, prefix or password from the user's settings.
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            name.starts_with("BRUNT_PROMETHEUS_") || name.starts_with("K6_PROMETHEUS_RW_")
        });
        if own {
            command.env_remove(name);
        }
    }
    let status = command.status().map_err(wrong)?;
    Ok(status.code().unwrap_or(Exit::Signal as i32))
}

/// Says how it went and where to look next.
fn judge(
    code: i32,
    rows: &[compare::Row],
    receiver: &Receiver,
    script: &Script,
) -> Result<Exit, Failure> {
    let violations = receiver.violations();
    if !violations.is_empty() {
        let mut message = format!(
            "demo: what was sent breaks {} rules of remote write:",
            violations.len()
        );
        for violation in violations.iter().take(MOST_VIOLATIONS) {
            let _ = write!(message, "\n  {violation}");
        }
        return Err(Failure::new(Exit::Different, message));
    }
    let different = rows.iter().filter(|row| !row.same()).count();
    if different > 0 || rows.is_empty() {
        let message = format!(
            "demo: {different} of {} values differ between summary and receiver",
            rows.len()
        );
        return Err(Failure::new(Exit::Different, message));
    }
    print(format!(
        "All {} values of the summary are in the receiver.\n\n{}",
        rows.len(),
        next_steps(script)
    ));
    if code != 0 {
        let message =
            format!("demo: the run ended with exit code {code}; its messages above say why");
        return Err(Failure::new(Exit::from_code(code), message));
    }
    Ok(Exit::Success)
}

fn next_steps(script: &Script) -> String {
    let script = script.shown();
    let steps = [
        (
            format!("brunt run {script} --out mimir=http://localhost:9009"),
            "the same into your own Mimir",
        ),
        (
            format!("brunt run {script} --out json=samples.json.gz"),
            "every single sample into a file",
        ),
        ("brunt outputs".to_owned(), "all outputs with their keys"),
        ("brunt run --help".to_owned(), "all flags, with examples"),
    ];
    let width = steps.iter().map(|(command, _)| command.len()).max();
    let mut text = "Next (give your own server with -e BASE_URL=http://…):\n".to_owned();
    for (command, what) in &steps {
        let _ = writeln!(text, "  {command:<0$}  {what}", width.unwrap_or(0));
    }
    text
}
