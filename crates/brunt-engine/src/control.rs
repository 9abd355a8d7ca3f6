//! The handle by which signals, thresholds and the API look into a running test and steer it.
//!
//! Pause and stop are flags that the conductor looks at when it is woken, because asking twice must
//! not be an error and nobody needs an answer. Whatever can fail or takes time is a `Command` with
//! a reply.

mod command;
mod status;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::state::TestState;
use crate::vu::SetupData;

pub(crate) use command::Command;
pub use command::{ControlError, Scale};
pub use status::{Phase, Status};

/// Why a test is stopped before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// SIGINT or SIGTERM.
    Signal,
    /// A threshold with `abortOnFail` was crossed.
    ThresholdAbort,
    /// A script called `exec.test.abort(message)`.
    ScriptAbort(String),
    /// Someone asked for it through the API.
    Api,
}

/// Steers a test; clones act on the same test and may live on any thread.
#[derive(Debug, Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Arc<TestState>,
    reason: Mutex<Option<Reason>>,
    killed: AtomicBool,
    paused: AtomicBool,
    phase: AtomicU8,
    data: Mutex<SetupData>,
    commands: UnboundedSender<Command>,
    changed: Notify,
}

impl Control {
    /// A handle, and the commands that come through it.
    pub(crate) fn new(state: Arc<TestState>, paused: bool) -> (Self, UnboundedReceiver<Command>) {
        let (sender, commands) = unbounded_channel();
        let shared = Shared {
            state,
            reason: Mutex::default(),
            killed: AtomicBool::new(false),
            paused: AtomicBool::new(paused),
            phase: AtomicU8::new(Phase::Created as u8),
            data: Mutex::default(),
            commands: sender,
            changed: Notify::new(),
        };
        let control = Self {
            shared: Arc::new(shared),
        };
        (control, commands)
    }

    /// Starts no more iterations, interrupts the running ones at once, then runs `teardown()`. The
    /// first reason is the one that counts.
    pub fn interrupt(&self, reason: Reason) {
        self.shared.reason.lock().get_or_insert(reason);
        self.shared.changed.notify_one();
    }

    /// Stops the test as the API does: [`Control::interrupt`] with [`Reason::Api`].
    ///
    /// # Errors
    /// When it has ended.
    pub fn stop(&self) -> Result<(), ControlError> {
        self.check_alive()?;
        self.interrupt(Reason::Api);
        Ok(())
    }

    /// Ends the test at once, without `teardown()`: for the second signal.
    pub fn kill(&self) {
        self.shared.reason.lock().get_or_insert(Reason::Signal);
        self.shared.killed.store(true, Ordering::Release);
        self.shared.changed.notify_one();
    }

    /// Starts no new iterations in any scenario and stops the clock of all their durations; running
    /// iterations end. Before the scenarios started it holds their start. Pausing twice is no error.
    ///
    /// # Errors
    /// When the test has ended.
    pub fn pause(&self) -> Result<(), ControlError> {
        self.set_paused(true)
    }

    /// Goes on after [`Control::pause`], or begins a test that started paused. Resuming what is not
    /// paused is no error.
    ///
    /// # Errors
    /// When the test has ended.
    pub fn resume(&self) -> Result<(), ControlError> {
        self.set_paused(false)
    }

    /// Changes how many VUs an externally-controlled scenario has. Returns once it is done, with
    /// new VUs initialized.
    ///
    /// # Errors
    /// When there is no such scenario, the numbers make no sense, or the test has ended.
    pub async fn scale(&self, scale: Scale) -> Result<(), ControlError> {
        self.ask(|reply| Command::Scale(scale, reply)).await
    }

    /// Runs `setup()` again and keeps what it returns for the iterations that start from now on.
    ///
    /// # Errors
    /// When it fails, the test has no `setup()`, or has ended.
    pub async fn run_setup(&self) -> Result<SetupData, ControlError> {
        self.ask(Command::Setup).await
    }

    /// Runs `teardown()` now. It runs again at the end.
    ///
    /// # Errors
    /// When it fails, the test has no `teardown()`, or has ended.
    pub async fn run_teardown(&self) -> Result<(), ControlError> {
        self.ask(Command::Teardown).await
    }

    /// What `setup()` returned, or was set since.
    pub fn setup_data(&self) -> SetupData {
        self.shared.data.lock().clone()
    }

    /// Replaces what `setup()` returned, for the iterations that start from now on and for teardown.
    /// `data` is JSON; whether it is well formed is the caller's to check.
    ///
    /// # Errors
    /// When the test has ended.
    pub fn set_setup_data(&self, data: SetupData) -> Result<(), ControlError> {
        self.check_alive()?;
        self.keep_setup_data(data.clone());
        self.shared
            .commands
            .send(Command::Data(data))
            .map_err(|_| ControlError::Ended)
    }

    /// How the test stands.
    pub fn status(&self) -> Status {
        let (phase, state) = (self.phase(), &self.shared.state);
        Status {
            phase,
            paused: self.is_paused(),
            vus: state.vus_active.load(Ordering::Relaxed),
            vus_max: state.vus_initialized.load(Ordering::Relaxed),
            stopped: self.is_interrupted(),
            running: (Phase::Started..Phase::Ended).contains(&phase),
        }
    }

    /// The reason of the first interrupt.
    pub fn reason(&self) -> Option<Reason> {
        self.shared.reason.lock().clone()
    }

    /// Whether the test was told to end at once.
    pub fn is_killed(&self) -> bool {
        self.shared.killed.load(Ordering::Acquire)
    }

    /// Whether the test was told to stop.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.shared.reason.lock().is_some()
    }

    /// Whether the test is to stand still.
    pub(crate) fn is_paused(&self) -> bool {
        self.shared.paused.load(Ordering::Acquire)
    }

    /// How far the test is.
    pub(crate) fn phase(&self) -> Phase {
        Phase::from_number(self.shared.phase.load(Ordering::Acquire))
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.shared.phase.store(phase as u8, Ordering::Release);
    }

    /// For the conductor, which tells the workers itself.
    pub(crate) fn keep_setup_data(&self, data: SetupData) {
        *self.shared.data.lock() = data;
    }

    /// Returns after something was asked for by a flag. For one waiter: the engine.
    pub(crate) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    fn set_paused(&self, paused: bool) -> Result<(), ControlError> {
        self.check_alive()?;
        self.shared.paused.store(paused, Ordering::Release);
        self.shared.changed.notify_one();
        Ok(())
    }

    fn check_alive(&self) -> Result<(), ControlError> {
        if self.phase() >= Phase::Ended {
            return Err(ControlError::Ended);
        }
        Ok(())
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, ControlError>>) -> Command,
    ) -> Result<T, ControlError> {
        self.check_alive()?;
        let (reply, answer) = oneshot::channel();
        self.shared
            .commands
            .send(command(reply))
            .map_err(|_| ControlError::Ended)?;
        // The engine drops what it does not come to when the test ends.
        answer.await.unwrap_or(Err(ControlError::Ended))
    }
}
