//! Standing still: before the scenarios start, and between them.
//!
//! A pause stops the test's own time: [`crate::state::TestState::test_time`]. Executors are told that
//! time only, so none of them knows of pauses, and no duration runs meanwhile.

use std::sync::atomic::Ordering;

use crate::control::Phase;
use crate::mailbox::Message;

use super::{Conductor, Stop, Wake};

impl Conductor {
    /// Waits until a test that was started paused may begin.
    pub(super) async fn wait_for_start(&mut self) -> Result<(), Stop> {
        while self.control.is_paused() {
            self.control.set_phase(Phase::PausedBeforeRun);
            self.check_stop()?;
            if let Wake::Command(command) = self.wake_for_any(None).await {
                self.obey(command).await;
            }
        }
        self.control.set_phase(Phase::Started);
        self.check_stop()
    }

    /// Does what was asked for since the last look: stands still or goes on.
    pub(super) fn follow_pause(&mut self) {
        let (now, state) = (self.time.now(), &self.common.state);
        let since = state.paused_since.load(Ordering::Acquire);
        // A test that is being stopped has no more time to stop.
        let paused = self.control.is_paused() && !self.control.is_interrupted();
        match (paused, since) {
            (true, 0) => {
                state.paused_since.store(now, Ordering::Release);
                self.broadcast(|| Message::Pause { at: now });
            }
            (false, since) if since != 0 => {
                state
                    .paused_for
                    .fetch_add(now.saturating_sub(since), Ordering::AcqRel);
                state.paused_since.store(0, Ordering::Release);
                self.broadcast(|| Message::Resume { at: now });
            }
            _ => {}
        }
    }
}
