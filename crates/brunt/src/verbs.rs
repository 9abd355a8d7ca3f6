//! What `brunt pause`, `resume`, `scale`, `status` and `stop` do: one call of the API, and what came
//! of it in words.

use clap::ArgMatches;
use serde_json::{Map, Value, json};

use crate::api::Address;
use crate::api::client::{self, CallError};
use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// A command: its flags in, how it went out.
type Verb = fn(&ArgMatches) -> Result<Exit, Failure>;

/// The command of this name; `None` if it is none of these.
pub(crate) fn of(name: &str) -> Option<Verb> {
    Some(match name {
        "pause" => |matches| change(matches, json!({ "paused": true })),
        "resume" => |matches| change(matches, json!({ "paused": false })),
        "stop" => |matches| change(matches, json!({ "stopped": true })),
        "scale" => scale,
        "status" => |matches| call(matches, None),
        _ => return None,
    })
}

fn scale(matches: &ArgMatches) -> Result<Exit, Failure> {
    let mut attributes = Map::new();
    for (flag, key) in [("vus", "vus"), ("max", "vus-max")] {
        if let Some(number) = matches.get_one::<u64>(flag) {
            attributes.insert(key.to_owned(), (*number).into());
        }
    }
    if let Some(scenario) = matches.get_one::<String>("scenario") {
        attributes.insert("scenario".to_owned(), scenario.clone().into());
    }
    change(matches, attributes.into())
}

fn change(matches: &ArgMatches, attributes: Value) -> Result<Exit, Failure> {
    call(matches, Some(attributes))
}

fn call(matches: &ArgMatches, change: Option<Value>) -> Result<Exit, Failure> {
    let address = matches.get_one::<String>("address");
    let address: Address = match address.filter(|text| !text.is_empty()) {
        None => Address::local(),
        Some(text) => text
            .parse()
            .map_err(|error| Failure::new(Exit::Usage, format!("--address: {error}")))?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    let status = runtime
        .block_on(client::status(&address, change))
        .map_err(|error: CallError| Failure::new(Exit::Usage, error.to_string()))?;
    print(if matches.get_flag("json") {
        format!("{status}\n")
    } else {
        described(&status)
    });
    Ok(Exit::Success)
}

/// The attributes of a status as lines for people.
fn described(status: &Value) -> String {
    let phase = status["status"]
        .as_u64()
        .and_then(|number| u8::try_from(number).ok())
        .map_or("unknown", crate::api::phase_name);
    let flag = |name: &str| status[name].as_bool().unwrap_or(false);
    let mut words = vec![phase];
    for (name, word) in [
        ("paused", "paused"),
        ("stopped", "stopped"),
        ("tainted", "a threshold is broken"),
    ] {
        if flag(name) {
            words.push(word);
        }
    }
    let number = |name: &str| status[name].as_u64().unwrap_or_default();
    format!(
        "status: {}\nvus: {} active, {} at most\n",
        words.join(", "),
        number("vus"),
        number("vus-max")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_words() {
        let status = json!({
            "status": 7, "paused": true, "vus": 3, "vus-max": 10, "stopped": false,
            "running": true, "tainted": true,
        });
        assert_eq!(
            described(&status),
            "status: running, paused, a threshold is broken\nvus: 3 active, 10 at most\n"
        );
    }
}
