//! What the API asks of a running test: the conductor carries it out between two of its waits.

use crate::control::{Command, ControlError};
use crate::mailbox::Message;
use crate::vu::{Call, SetupData};

use super::Conductor;

impl Conductor {
    /// Carries out what was asked for through the handle, except for what only flags say.
    pub(super) async fn obey(&mut self, command: Command) {
        // Whoever asked may be gone: nobody minds.
        match command {
            Command::Scale(scale, reply) => {
                let result = self.scale(&scale).await;
                let _ = reply.send(result);
            }
            Command::Setup(reply) => {
                let result = self.setup_again().await;
                let _ = reply.send(result);
            }
            Command::Teardown(reply) => {
                let result = self.teardown_now().await;
                let _ = reply.send(result);
            }
            Command::Data(data) => self.broadcast(|| Message::Data(data.clone())),
        }
    }

    async fn setup_again(&mut self) -> Result<SetupData, ControlError> {
        let timeout = self.config.setup.ok_or(ControlError::NoFunction("setup"))?;
        let data = self
            .call(Call::Setup, timeout, false)
            .await
            .map_err(|reason| ControlError::Call {
                name: "setup",
                reason,
            })?;
        self.control.keep_setup_data(data.clone());
        self.broadcast(|| Message::Data(data.clone()));
        Ok(data)
    }

    async fn teardown_now(&mut self) -> Result<(), ControlError> {
        let none = ControlError::NoFunction("teardown");
        let timeout = self.config.teardown.ok_or(none)?;
        let call = Call::Teardown {
            data: self.control.setup_data(),
        };
        match self.call(call, timeout, false).await {
            Ok(_) => Ok(()),
            Err(reason) => Err(ControlError::Call {
                name: "teardown",
                reason,
            }),
        }
    }
}
