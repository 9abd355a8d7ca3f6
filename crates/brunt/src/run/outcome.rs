//! How a test ended, as a log line and as an exit code.

use std::sync::Arc;

use brunt_engine::{End, Level, LogSink, Reason, Record, Teardown};

use crate::exit::Exit;
use crate::run::test::Ran;

/// What a function threw, with the function's name where no stack tells it.
fn placed(function: &str, message: &str) -> String {
    if message.contains("\n\tat ") {
        message.to_owned()
    } else {
        format!("{function} failed: {message}")
    }
}

/// What became of a test that ran.
pub(crate) struct Verdict {
    pub(crate) exit: Exit,
    /// Why it is not [`Exit::Success`], and what else went wrong.
    pub(crate) messages: Vec<String>,
    /// Nothing ended it before its time, and no iteration ran to its end.
    pub(crate) idle: bool,
}

impl Verdict {
    /// `passed`, `failed` or `aborted`.
    pub(crate) fn word(&self) -> &'static str {
        match self.exit {
            Exit::Success => "passed",
            Exit::ThresholdsFailed | Exit::MarkedFailed => "failed",
            _ => "aborted",
        }
    }

    /// Logs the messages.
    pub(crate) fn log(&self, log: &Arc<dyn LogSink>) {
        if self.idle {
            let message =
                "no iteration ran to its end: give the test more time, or a longer gracefulStop";
            log.log(Record {
                level: Level::Warn,
                message: message.to_owned(),
                fields: Vec::new(),
            });
        }
        for message in &self.messages {
            log.log(Record {
                level: Level::Error,
                message: message.clone(),
                fields: Vec::new(),
            });
        }
    }
}

/// Judges a test that ran.
///
/// A lost worker wins over everything, because nothing that was measured can be relied on; then a
/// script's or an abort's code wins over 110, that one over 99.
pub(crate) fn judge(ran: &Ran) -> Verdict {
    let mut messages = Vec::new();
    let exit = exit(ran, &mut |message| messages.push(message));
    let idle = ran.outcome.end == End::Completed && ran.iterations == 0;
    Verdict {
        exit,
        messages,
        idle,
    }
}

fn exit(ran: &Ran, say: &mut dyn FnMut(String)) -> Exit {
    let outcome = &ran.outcome;
    if outcome.stuck_vus > 0 {
        say(format!(
            "{} VUs did not return after they were interrupted",
            outcome.stuck_vus
        ));
    }
    let end = match &outcome.end {
        End::Completed => None,
        End::InitFailed(message) => {
            say(message.clone());
            Some(Exit::ScriptException)
        }
        End::SetupFailed(message) => {
            say(placed("setup()", message));
            Some(Exit::ScriptException)
        }
        End::SetupTimedOut(limit) => {
            say(format!(
                "setup() execution timed out after {} seconds",
                limit.as_secs_f64()
            ));
            Some(Exit::SetupTimeout)
        }
        End::Interrupted(Reason::Signal) => {
            say("test run was aborted because brunt received a signal".to_owned());
            Some(Exit::Signal)
        }
        End::Interrupted(Reason::ThresholdAbort) => {
            say("test run was aborted because a threshold with abortOnFail was crossed".to_owned());
            Some(Exit::ThresholdsFailed)
        }
        End::Interrupted(Reason::ScriptAbort(message)) => {
            say(format!("test aborted: {message}"));
            Some(Exit::ScriptAbort)
        }
        End::Interrupted(Reason::Api) => {
            say("test run was stopped through the REST API".to_owned());
            Some(Exit::Stopped)
        }
    };
    let teardown = match &outcome.teardown {
        Teardown::Skipped | Teardown::Completed | Teardown::Interrupted => None,
        Teardown::Failed(message) => {
            say(placed("teardown()", message));
            Some(Exit::ScriptException)
        }
        Teardown::TimedOut(limit) => {
            say(format!(
                "teardown() execution timed out after {} seconds",
                limit.as_secs_f64()
            ));
            Some(Exit::TeardownTimeout)
        }
        Teardown::Aborted(message) => {
            say(format!("test aborted: {message}"));
            Some(Exit::ScriptAbort)
        }
    };
    if outcome.lost_workers > 0 {
        say(format!(
            "{} worker threads crashed or hung: what their VUs did is missing from the results; this is a fault of brunt, please report it with the script",
            outcome.lost_workers
        ));
        return Exit::Internal;
    }
    if let Some(exit) = end.or(teardown) {
        return exit;
    }
    if outcome.marked_failed {
        return Exit::MarkedFailed;
    }
    if !ran.thresholds_kept() {
        let broken = ran
            .report
            .totals
            .iter()
            .filter(|it| it.thresholds.iter().any(|one| !one.ok));
        let names: Vec<String> = broken.map(|it| format!("'{}'", it.full_name())).collect();
        say(format!(
            "thresholds on metrics {} have been crossed",
            names.join(", ")
        ));
        return Exit::ThresholdsFailed;
    }
    Exit::Success
}
