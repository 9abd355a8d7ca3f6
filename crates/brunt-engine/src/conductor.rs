//! The lifecycle of a test: init, setup, scenarios, teardown, summary, end.
//!
//! The conductor only waits for events of the workers, for the control handle and for time-outs. It
//! never waits for a worker without a limit once the test is being stopped: a call that hangs in
//! native code can hold a worker for ever.

mod calls;
mod commands;
mod pause;
mod scale;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::config::EngineConfig;
use crate::control::{Command, Control, Phase, Reason};
use crate::log::{Level, Record};
use crate::mailbox::Message;
use crate::outcome::{CallError, End, Teardown, TestOutcome};
use crate::plan::hard_end;
use crate::time::TimeSource;
use crate::vu::{Call, Outcome, SetupData};
use crate::worker::{Common, Event};

/// How much longer than the VUs' own grace a worker may take to say that it gave one up.
const WORKER_GRACE: Duration = Duration::from_secs(2);

/// How long a killed test may take to flush its last samples.
const KILL_GRACE: Duration = Duration::from_millis(500);

/// Drives the workers through a test.
pub(crate) struct Conductor {
    config: EngineConfig,
    common: Arc<Common>,
    /// VUs to be made before the start.
    pool: u32,
    time: Arc<dyn TimeSource>,
    events: UnboundedReceiver<(usize, Event)>,
    control: Control,
    commands: UnboundedReceiver<Command>,
    /// Events of the scenarios that came while something else was waited for.
    deferred: VecDeque<(usize, Event)>,
    /// Workers that did not answer in time.
    lost: Vec<bool>,
    calls: u64,
    /// For each scenario the VUs that loop and those that there are, as commands left them.
    scaled: Vec<(u64, u64)>,
}

/// What a wait ended with.
enum Wake {
    Event(usize, Event),
    Control,
    Command(Command),
    Timeout,
}

/// How a part of the lifecycle ended before its time.
enum Stop {
    Killed,
    Ended(End),
}

impl Conductor {
    pub(crate) fn new(
        config: EngineConfig,
        common: Arc<Common>,
        pool: u32,
        time: Arc<dyn TimeSource>,
        events: UnboundedReceiver<(usize, Event)>,
    ) -> Self {
        let scaled = common
            .scenarios
            .iter()
            .map(|shared| (shared.state.part.start_vus, shared.state.part.vus));
        let scaled = scaled.collect();
        let lost = vec![false; common.mailboxes.len()];
        let (control, commands) = Control::new(Arc::clone(&common.state), config.paused);
        Self {
            config,
            common,
            pool,
            time,
            events,
            control,
            commands,
            deferred: VecDeque::new(),
            lost,
            calls: 0,
            scaled,
        }
    }

    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    pub(crate) async fn run(&mut self) -> TestOutcome {
        let mut outcome = TestOutcome {
            end: End::Completed,
            teardown: Teardown::Skipped,
            setup_data: None,
            killed: false,
            marked_failed: false,
            stuck_vus: 0,
            lost_workers: 0,
            ran: Duration::ZERO,
        };
        if let Err(Stop::Ended(end)) = self.run_into(&mut outcome).await {
            outcome.end = end;
        }
        let grace = if self.control.is_killed() {
            self.broadcast(|| Message::Stop);
            KILL_GRACE
        } else {
            WORKER_GRACE
        };
        self.ask_all(
            || Message::Flush,
            |event| matches!(event, Event::Flushed),
            grace,
        )
        .await;
        outcome.killed = self.control.is_killed();
        // An interrupt during teardown ends nothing, but it is why the test is over.
        if let Some(reason @ (Reason::Signal | Reason::Api)) = self.control.reason()
            && outcome.end == End::Completed
        {
            outcome.end = End::Interrupted(reason);
        }
        let state = &self.common.state;
        outcome.marked_failed = state.marked_failed.load(Ordering::Relaxed);
        outcome.lost_workers = self.lost.iter().filter(|lost| **lost).count();
        outcome.stuck_vus = state.vus_stuck.load(Ordering::Relaxed);
        self.control.set_phase(match &outcome.end {
            End::Interrupted(_) => Phase::Interrupted,
            _ if outcome.marked_failed => Phase::MarkedAsFailed,
            _ => Phase::Ended,
        });
        // Whoever still waits for an answer is told that it is over.
        self.commands.close();
        while self.commands.try_recv().is_ok() {}
        outcome
    }

    async fn run_into(&mut self, outcome: &mut TestOutcome) -> Result<(), Stop> {
        self.control.set_phase(Phase::InitVus);
        self.init().await?;
        self.control.set_phase(Phase::InitDone);
        self.wait_for_start().await?;
        if let Some(timeout) = self.config.setup {
            self.control.set_phase(Phase::Setup);
            let data = self.setup(timeout).await?;
            self.control.keep_setup_data(data);
        }
        self.control.set_phase(Phase::Running);
        let scenarios = self.scenarios(outcome).await;
        outcome.setup_data = self.control.setup_data();
        if let Err(Stop::Killed) = scenarios {
            return scenarios;
        }
        if let Some(timeout) = self.config.teardown {
            self.control.set_phase(Phase::Teardown);
            let call = Call::Teardown {
                data: outcome.setup_data.clone(),
            };
            outcome.teardown = match self.call(call, timeout, true).await {
                Ok(_) => Teardown::Completed,
                Err(CallError::TimedOut(timeout)) => Teardown::TimedOut(timeout),
                Err(CallError::Aborted(message)) => Teardown::Aborted(message),
                Err(CallError::Interrupted) => Teardown::Interrupted,
                Err(error @ (CallError::Failed(_) | CallError::NoWorker)) => {
                    Teardown::Failed(error.to_string())
                }
            };
        }
        scenarios
    }

    /// Lets all planned VUs evaluate the script.
    async fn init(&mut self) -> Result<(), Stop> {
        let workers = self.common.mailboxes.len();
        for (worker, mailbox) in self.common.mailboxes.iter().enumerate() {
            let vus = (1..=u64::from(self.pool))
                .skip(worker)
                .step_by(workers)
                .map(|number| self.common.vu_id(number))
                .collect();
            mailbox.send(Message::Init(vus));
        }
        let mut waiting = workers;
        while waiting > 0 {
            self.check_stop()?;
            match self.wake(None).await {
                Wake::Event(_, Event::Initialized) => waiting -= 1,
                Wake::Event(_, Event::InitFailed(outcome)) => {
                    self.broadcast(|| Message::Stop);
                    return Err(Stop::Ended(match outcome {
                        Outcome::Failed(text) => End::InitFailed(text),
                        Outcome::Aborted(message) => End::Interrupted(Reason::ScriptAbort(message)),
                        Outcome::Interrupted | Outcome::Completed(_) => {
                            End::InitFailed("a virtual user was interrupted".to_owned())
                        }
                    }));
                }
                Wake::Event(worker, Event::Died) => {
                    self.broadcast(|| Message::Stop);
                    return Err(Stop::Ended(End::InitFailed(format!(
                        "worker {worker} crashed"
                    ))));
                }
                Wake::Event(..) | Wake::Control | Wake::Command(_) | Wake::Timeout => {}
            }
        }
        self.check_stop()
    }

    async fn setup(&mut self, timeout: Duration) -> Result<SetupData, Stop> {
        match self.call(Call::Setup, timeout, false).await {
            Ok(data) => self.check_stop().map(|()| data),
            Err(error) => {
                self.check_stop()?;
                Err(Stop::Ended(match error {
                    CallError::TimedOut(timeout) => End::SetupTimedOut(timeout),
                    CallError::Aborted(message) => End::Interrupted(Reason::ScriptAbort(message)),
                    error => End::SetupFailed(error.to_string()),
                }))
            }
        }
    }

    /// Runs all scenarios to their end.
    async fn scenarios(&mut self, outcome: &mut TestOutcome) -> Result<(), Stop> {
        let started = self.time.now();
        self.common.state.started.store(started, Ordering::Release);
        let data = self.control.setup_data();
        self.broadcast(|| Message::Start {
            started,
            data: data.clone(),
        });
        let last = self
            .config
            .scenarios
            .iter()
            .map(hard_end)
            .max()
            .unwrap_or_default();
        // Two graces: one for an interrupt shortly before the end, one for the end's own.
        let patience = self
            .config
            .interrupt_grace
            .saturating_mul(2)
            .saturating_add(WORKER_GRACE);
        let mut limit = last.saturating_add(patience);
        let mut stopping = false;
        let mut over = vec![false; self.lost.len()];
        let result = loop {
            if self.control.is_killed() {
                break Err(Stop::Killed);
            }
            if self.control.is_interrupted() && !stopping {
                stopping = true;
                self.broadcast(|| Message::Stop);
                limit = self.tested(started).saturating_add(patience);
            }
            if over
                .iter()
                .zip(&self.lost)
                .all(|(over, lost)| *over || *lost)
            {
                break Ok(());
            }
            self.follow_pause();
            let left = limit.saturating_sub(self.tested(started));
            let left = Some(left).filter(|_| !self.common.state.is_paused());
            match self.wake_for_any(left).await {
                Wake::Event(worker, Event::ScenariosOver) => over[worker] = true,
                Wake::Event(_, Event::Aborted(message)) => {
                    self.control.interrupt(Reason::ScriptAbort(message));
                }
                Wake::Command(command) => self.obey(command).await,
                Wake::Event(..) | Wake::Control => {}
                Wake::Timeout => {
                    for (worker, _) in over.iter().enumerate().filter(|(_, over)| !**over) {
                        self.lost[worker] = true;
                        self.report_lost(worker);
                    }
                }
            }
        };
        outcome.ran = self.since(started);
        self.broadcast(|| Message::Over);
        result?;
        match self.control.reason() {
            Some(reason) => Err(Stop::Ended(End::Interrupted(reason))),
            None => Ok(()),
        }
    }

    pub(crate) async fn handle_summary(
        &mut self,
        data: Arc<str>,
        timeout: Duration,
    ) -> Result<SetupData, CallError> {
        let result = self.call(Call::HandleSummary { data }, timeout, true).await;
        self.ask_all(
            || Message::Flush,
            |event| matches!(event, Event::Flushed),
            KILL_GRACE,
        )
        .await;
        result
    }

    /// Ends the workers; tells which of them did.
    pub(crate) async fn finish(&mut self) -> Vec<bool> {
        let grace = if self.control.is_killed() {
            KILL_GRACE
        } else {
            WORKER_GRACE
        };
        self.ask_all(
            || Message::Finish,
            |event| matches!(event, Event::Finished),
            grace,
        )
        .await
    }

    /// Waits for anything but commands: for the parts of the lifecycle that cannot obey any.
    async fn wake(&mut self, timeout: Option<Duration>) -> Wake {
        let wake = self.next_wake(timeout, false).await;
        self.note_death(&wake);
        wake
    }

    /// Waits for anything, first for what was deferred.
    async fn wake_for_any(&mut self, timeout: Option<Duration>) -> Wake {
        if let Some((worker, event)) = self.deferred.pop_front() {
            return Wake::Event(worker, event);
        }
        let wake = self.next_wake(timeout, true).await;
        self.note_death(&wake);
        wake
    }

    fn note_death(&mut self, wake: &Wake) {
        if let Wake::Event(worker, Event::Died) = *wake {
            self.lost[worker] = true;
            self.report(format!(
                "worker {worker} crashed; its last samples are lost"
            ));
        }
    }

    async fn next_wake(&mut self, timeout: Option<Duration>, commands: bool) -> Wake {
        let sleep = timeout.map(|timeout| self.time.sleep(timeout));
        tokio::select! {
            biased;
            () = self.control.changed() => Wake::Control,
            event = self.events.recv() => match event {
                Some((worker, event)) => Wake::Event(worker, event),
                // Every worker is gone, and its last event told so.
                None => std::future::pending().await,
            },
            Some(command) = self.commands.recv(), if commands => Wake::Command(command),
            () = async {
                match sleep {
                    Some(sleep) => sleep.await,
                    None => std::future::pending().await,
                }
            } => Wake::Timeout,
        }
    }

    /// Whether the test was interrupted or killed.
    fn check_stop(&self) -> Result<(), Stop> {
        if self.control.is_killed() {
            return Err(Stop::Killed);
        }
        match self.control.reason() {
            Some(reason) => {
                self.broadcast(|| Message::Stop);
                Err(Stop::Ended(End::Interrupted(reason)))
            }
            None => Ok(()),
        }
    }

    fn broadcast(&self, message: impl Fn() -> Message) {
        for mailbox in &self.common.mailboxes {
            mailbox.send(message());
        }
    }

    fn report_lost(&self, worker: usize) {
        self.report(format!(
            "worker {worker} does not answer: one of its virtual users hangs in a call that cannot \
             be interrupted; its last samples are lost"
        ));
    }

    fn report(&self, message: String) {
        if self.common.log.enabled(Level::Error) {
            self.common.log.log(Record {
                level: Level::Error,
                message,
                fields: Vec::new(),
            });
        }
    }

    fn since(&self, started: i64) -> Duration {
        Duration::from_nanos(self.time.now().saturating_sub(started).max(0) as u64)
    }

    /// How much of the test's own time has passed since `started`.
    fn tested(&self, started: i64) -> Duration {
        let now = self.common.state.test_time(self.time.now());
        Duration::from_nanos(now.saturating_sub(started).max(0) as u64)
    }

    fn in_future(&self, duration: Duration) -> i64 {
        self.time.now().saturating_add(crate::plan::nanos(duration))
    }
}
