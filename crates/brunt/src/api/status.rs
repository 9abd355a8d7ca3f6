//! `/v1/status`: how the test stands, and the commands that change it.

use std::time::Duration;

use brunt_engine::{ControlError, Phase, Scale};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::subject::Subject;

/// What k6 calls a scaling that fails.
const TITLE: &str = "Execution config error";

/// How often it is looked whether a test that was released has begun.
const POLL: Duration = Duration::from_millis(5);

/// The status.
pub(super) async fn get(subject: &Subject) -> Answer {
    let status = subject.control.status();
    let report = subject.report().await;
    let tainted = report.is_some_and(|report| {
        let mut thresholds = report.totals.iter().flat_map(|totals| &totals.thresholds);
        thresholds.any(|one| !one.ok)
    });
    Answer::data(&json!({
        "type": "status",
        "id": "default",
        "attributes": {
            "status": status.phase.number(),
            "paused": status.paused,
            "vus": status.vus,
            "vus-max": status.vus_max,
            "stopped": status.stopped,
            "running": status.running,
            "tainted": tainted,
        },
    }))
}

/// Stops, pauses, resumes, scales; answers with the status after that.
pub(super) async fn patch(subject: &Subject, body: &[u8]) -> Answer {
    let change = match Change::parse(body) {
        Ok(change) => change,
        Err(detail) => return Answer::error(StatusCode::BAD_REQUEST, "Bad Request", &detail),
    };
    match change.apply(subject).await {
        Ok(()) => get(subject).await,
        Err(answer) => answer,
    }
}

/// What a body asks for.
#[derive(Debug, Default, PartialEq)]
struct Change {
    stopped: Option<bool>,
    paused: Option<bool>,
    scale: Option<Scale>,
}

impl Change {
    /// `{"data": {"attributes": {…}}}`; other attributes, as a client sends them back that has read
    /// the status, mean nothing.
    fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| format!("the body is no JSON: {error}"))?;
        let Some(attributes) = body["data"]["attributes"].as_object() else {
            return Err(
                r#"the body has no attributes: send {"data": {"type": "status", "id": "default", "attributes": {"paused": true}}}"#
                    .to_owned(),
            );
        };
        let scale = Scale {
            scenario: typed(attributes, "scenario", "a text", |value| {
                value.as_str().map(str::to_owned)
            })?,
            vus: typed(attributes, "vus", "a whole number from 0", Value::as_u64)?,
            max: typed(
                attributes,
                "vus-max",
                "a whole number from 0",
                Value::as_u64,
            )?,
        };
        Ok(Self {
            stopped: typed(attributes, "stopped", "true or false", Value::as_bool)?,
            paused: typed(attributes, "paused", "true or false", Value::as_bool)?,
            scale: (scale.vus.is_some() || scale.max.is_some()).then_some(scale),
        })
    }

    async fn apply(self, subject: &Subject) -> Result<(), Answer> {
        let control = &subject.control;
        if self.stopped == Some(true) {
            subject.stop();
        }
        if let Some(scale) = self.scale {
            // A test that waits for its start has nothing to scale: released by the same request, it
            // is scaled as soon as its scenarios run.
            if self.paused == Some(false) && control.status().phase < Phase::Running {
                scale.check().map_err(|error| refused(TITLE, &error))?;
                control
                    .resume()
                    .map_err(|error| refused("Pause error", &error))?;
                while control.status().phase < Phase::Running {
                    tokio::time::sleep(POLL).await;
                }
            }
            let done = control.scale(scale).await;
            done.map_err(|error| refused(TITLE, &error))?;
        }
        let done = match self.paused {
            Some(true) => control.pause(),
            Some(false) => control.resume(),
            None => Ok(()),
        };
        done.map_err(|error| refused("Pause error", &error))
    }
}

/// An attribute, if it is there and not `null`.
fn typed<T>(
    attributes: &Map<String, Value>,
    name: &str,
    expected: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, String> {
    match attributes.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match read(value) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("'{name}' must be {expected}, not {value}")),
        },
    }
}

/// What the engine said no to: the client's mistakes are 400. That a test has nothing to scale is
/// 500, as k6 answers it.
pub(super) fn refused(title: &str, error: &ControlError) -> Answer {
    let status = match error {
        ControlError::Ended | ControlError::NotStarted | ControlError::ScenarioOver(_) => {
            StatusCode::CONFLICT
        }
        ControlError::NoSuchScenario { .. }
        | ControlError::NotScalable { .. }
        | ControlError::AboveMaximum { .. }
        | ControlError::TooManyVus { .. }
        | ControlError::NoFunction(_) => StatusCode::BAD_REQUEST,
        ControlError::NothingToScale | ControlError::InitFailed(_) | ControlError::Call { .. } => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    Answer::error(status, title, &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(attributes: &str) -> Result<Change, String> {
        let body = format!(r#"{{"data":{{"type":"status","attributes":{attributes}}}}}"#);
        Change::parse(body.as_bytes())
    }

    #[test]
    fn attributes_are_commands() {
        assert_eq!(
            parse(r#"{"paused": true, "stopped": null, "status": 7}"#),
            Ok(Change {
                paused: Some(true),
                ..Change::default()
            })
        );
        let scale = parse(r#"{"vus": 3, "vus-max": 5, "scenario": "a"}"#)
            .unwrap()
            .scale;
        assert_eq!(
            scale,
            Some(Scale {
                scenario: Some("a".to_owned()),
                vus: Some(3),
                max: Some(5),
            })
        );
    }

    #[test]
    fn rubbish_is_named() {
        assert!(parse(r#"{"vus": -1}"#).unwrap_err().contains("'vus'"));
        assert!(parse(r#"{"vus": 1.5}"#).unwrap_err().contains("1.5"));
        assert!(
            parse(r#"{"paused": "yes"}"#)
                .unwrap_err()
                .contains("true or false")
        );
        assert!(Change::parse(b"").unwrap_err().contains("no JSON"));
        assert!(Change::parse(b"[]").unwrap_err().contains("attributes"));
    }
}
