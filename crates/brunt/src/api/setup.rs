//! `/v1/setup` and `/v1/teardown`: what `setup()` returned, and running both on demand.

use brunt_engine::SetupData;
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::Answer;
use super::status::refused;
use super::subject::Subject;

/// What `setup()` returned, or was put since.
pub(super) fn get(subject: &Subject) -> Answer {
    data(subject.control.setup_data().as_deref())
}

/// Replaces it; an empty body is `undefined`.
pub(super) fn put(subject: &Subject, body: &[u8]) -> Answer {
    let new: SetupData = if body.is_empty() {
        None
    } else {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Some(value.to_string().into()),
            Err(error) => {
                let detail = format!("the body is no JSON: {error}");
                return Answer::error(StatusCode::BAD_REQUEST, "Bad Request", &detail);
            }
        }
    };
    match subject.control.set_setup_data(new.clone()) {
        Ok(()) => data(new.as_deref()),
        Err(error) => refused("Error setting setup data", &error),
    }
}

/// Runs `setup()` again.
pub(super) async fn run(subject: &Subject) -> Answer {
    match subject.control.run_setup().await {
        Ok(new) => data(new.as_deref()),
        Err(error) => refused("Error executing setup", &error),
    }
}

/// Runs `teardown()` now; it runs again at the end of the test.
pub(super) async fn teardown(subject: &Subject) -> Answer {
    match subject.control.run_teardown().await {
        Ok(()) => Answer::text(StatusCode::OK, ""),
        Err(error) => refused("Error executing teardown", &error),
    }
}

fn data(json: Option<&str>) -> Answer {
    // It was made by the engine or checked when it was put.
    let value = json.and_then(|json| serde_json::from_str::<Value>(json).ok());
    Answer::data(&json!({
        "type": "setupData",
        "id": "default",
        "attributes": { "data": value },
    }))
}
