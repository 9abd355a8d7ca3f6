//! A scenario as it was written: every field that is there has the right type, nothing else is known.
//!
//! Kept apart from the validated form for two reasons: a scenario that a stronger layer overrides may
//! make no sense and still be no error, and scripts see which fields were left out (as `null`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::duration::{format_duration, parse_duration};
use crate::error::{Invalid, quoted};
use crate::suggest;
use crate::value::{OptionValue, count, duration, json_text, object, text_of};

/// How iterations are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutorKind {
    /// `shared-iterations`
    SharedIterations,
    /// `per-vu-iterations`
    PerVuIterations,
    /// `constant-vus`
    ConstantVus,
    /// `ramping-vus`
    RampingVus,
    /// `constant-arrival-rate`
    ConstantArrivalRate,
    /// `ramping-arrival-rate`
    RampingArrivalRate,
    /// `externally-controlled`
    ExternallyControlled,
}

/// A stage as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageDraft {
    /// How long it takes; required in the end.
    pub duration: Option<Duration>,
    /// What it leads to; required in the end.
    pub target: Option<u64>,
}

/// A scenario as it was written. Fields that its executor lacks are never set.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioDraft {
    /// `executor`
    pub executor: ExecutorKind,
    /// `startTime`
    pub start_time: Option<Duration>,
    /// `gracefulStop`
    pub graceful_stop: Option<Duration>,
    /// `exec`
    pub exec: Option<String>,
    /// `env`
    pub env: Option<BTreeMap<String, String>>,
    /// `tags`
    pub tags: Option<BTreeMap<String, String>>,
    /// `options`, which only browser tests use.
    pub options: Option<Value>,
    /// `vus`
    pub vus: Option<u64>,
    /// `iterations`
    pub iterations: Option<u64>,
    /// `maxDuration`
    pub max_duration: Option<Duration>,
    /// `duration`
    pub duration: Option<Duration>,
    /// `startVUs`
    pub start_vus: Option<u64>,
    /// `stages`
    pub stages: Option<Vec<StageDraft>>,
    /// `gracefulRampDown`
    pub graceful_ramp_down: Option<Duration>,
    /// `rate`
    pub rate: Option<u64>,
    /// `startRate`
    pub start_rate: Option<u64>,
    /// `timeUnit`
    pub time_unit: Option<Duration>,
    /// `preAllocatedVUs`
    pub pre_allocated_vus: Option<u64>,
    /// `maxVUs`
    pub max_vus: Option<u64>,
}

const COMMON: [&str; 7] = [
    "executor",
    "startTime",
    "gracefulStop",
    "env",
    "exec",
    "tags",
    "options",
];

impl ExecutorKind {
    /// All that there are.
    pub const ALL: [Self; 7] = [
        Self::SharedIterations,
        Self::PerVuIterations,
        Self::ConstantVus,
        Self::RampingVus,
        Self::ConstantArrivalRate,
        Self::RampingArrivalRate,
        Self::ExternallyControlled,
    ];

    /// The name in `executor: '…'`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SharedIterations => "shared-iterations",
            Self::PerVuIterations => "per-vu-iterations",
            Self::ConstantVus => "constant-vus",
            Self::RampingVus => "ramping-vus",
            Self::ConstantArrivalRate => "constant-arrival-rate",
            Self::RampingArrivalRate => "ramping-arrival-rate",
            Self::ExternallyControlled => "externally-controlled",
        }
    }

    /// The fields that this executor has besides the common ones.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::SharedIterations | Self::PerVuIterations => &["vus", "iterations", "maxDuration"],
            Self::ConstantVus => &["vus", "duration"],
            Self::RampingVus => &["startVUs", "stages", "gracefulRampDown"],
            Self::ConstantArrivalRate => {
                &["rate", "timeUnit", "duration", "preAllocatedVUs", "maxVUs"]
            }
            Self::RampingArrivalRate => &[
                "startRate",
                "timeUnit",
                "stages",
                "preAllocatedVUs",
                "maxVUs",
            ],
            Self::ExternallyControlled => &["vus", "maxVUs", "duration"],
        }
    }

    fn no_such_field(self, key: &str) -> Invalid {
        let known = || COMMON.iter().chain(self.fields()).copied();
        let mut others = Self::ALL
            .into_iter()
            .filter(|kind| kind.fields().contains(&key));
        let hint = match (others.next(), suggest::hint(key, known())) {
            (Some(other), _) => format!("; {} has it", other.as_str()),
            (None, hint) if hint.is_empty() => {
                format!("; it has {}", known().collect::<Vec<_>>().join(", "))
            }
            (None, hint) => hint,
        };
        Invalid::new(format!("{} has no such field{hint}", self.as_str()))
    }

    fn from_json(value: Option<&Value>) -> Result<Self, Invalid> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Err(Invalid::new(format!("is required: one of {}", names())));
        };
        let name = text_of(value)?;
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| {
                let hint = suggest::hint(&name, Self::ALL.map(Self::as_str));
                let hint = if hint.is_empty() {
                    format!("; use one of {}", names())
                } else {
                    hint
                };
                Invalid::new(format!("unknown executor {}{hint}", quoted(value)))
            })
    }
}

impl ScenarioDraft {
    /// All fields that a scenario with this executor may have.
    pub fn fields(executor: ExecutorKind) -> impl Iterator<Item = &'static str> {
        COMMON.iter().chain(executor.fields()).copied()
    }

    /// Nothing but the executor.
    pub fn new(executor: ExecutorKind) -> Self {
        Self {
            executor,
            start_time: None,
            graceful_stop: None,
            exec: None,
            env: None,
            tags: None,
            options: None,
            vus: None,
            iterations: None,
            max_duration: None,
            duration: None,
            start_vus: None,
            stages: None,
            graceful_ramp_down: None,
            rate: None,
            start_rate: None,
            time_unit: None,
            pre_allocated_vus: None,
            max_vus: None,
        }
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), Invalid> {
        // What a number must be at least is asked again when the scenario is validated; here it only
        // makes the sentence about a wrong type say the same.
        let number = |least| match value {
            Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(0)),
            value => count(value, least).map(Some),
        };
        match key {
            "startTime" => self.start_time = Some(duration(value)?),
            "gracefulStop" => self.graceful_stop = Some(duration(value)?),
            "exec" => self.exec = Some(text_of(value)?),
            "env" => self.env = Some(BTreeMap::from_json(value)?),
            "tags" => self.tags = Some(BTreeMap::from_json(value)?),
            "options" => self.options = Some(Value::Object(object(value)?.clone())),
            "vus" => self.vus = number(1)?,
            "iterations" => self.iterations = number(1)?,
            "maxDuration" => self.max_duration = Some(duration(value)?),
            "duration" => self.duration = Some(duration(value)?),
            "startVUs" => self.start_vus = number(0)?,
            "stages" => self.stages = Some(Vec::from_json(value)?),
            "gracefulRampDown" => self.graceful_ramp_down = Some(duration(value)?),
            "rate" => self.rate = number(1)?,
            "startRate" => self.start_rate = number(0)?,
            "timeUnit" => self.time_unit = Some(duration(value)?),
            "preAllocatedVUs" => self.pre_allocated_vus = number(0)?,
            "maxVUs" => self.max_vus = number(0)?,
            // The executor, which is known.
            _ => {}
        }
        Ok(())
    }

    fn get(&self, key: &str) -> Value {
        fn time(duration: Option<Duration>) -> Value {
            Value::from(duration.map(format_duration))
        }
        fn map(map: Option<&BTreeMap<String, String>>) -> Value {
            map.map_or(Value::Null, BTreeMap::to_json)
        }
        match key {
            "executor" => Value::from(self.executor.as_str()),
            "startTime" => time(self.start_time),
            "gracefulStop" => time(self.graceful_stop),
            "exec" => Value::from(self.exec.clone()),
            "env" => map(self.env.as_ref()),
            "tags" => map(self.tags.as_ref()),
            "options" => self.options.clone().unwrap_or_default(),
            "vus" => Value::from(self.vus),
            "iterations" => Value::from(self.iterations),
            "maxDuration" => time(self.max_duration),
            "duration" => time(self.duration),
            "startVUs" => Value::from(self.start_vus),
            "stages" => self.stages.as_ref().map_or(Value::Null, Vec::to_json),
            "gracefulRampDown" => time(self.graceful_ramp_down),
            "rate" => Value::from(self.rate),
            "startRate" => Value::from(self.start_rate),
            "timeUnit" => time(self.time_unit),
            "preAllocatedVUs" => Value::from(self.pre_allocated_vus),
            "maxVUs" => Value::from(self.max_vus),
            _ => Value::Null,
        }
    }
}

impl OptionValue for ScenarioDraft {
    fn schema() -> Value {
        let executors = ExecutorKind::ALL.map(|kind| {
            let mut properties = Map::new();
            for field in ScenarioDraft::fields(kind) {
                properties.insert(field.to_owned(), field_schema(kind, field));
            }
            json!({
                "title": kind.as_str(),
                "type": "object",
                "properties": properties,
                "required": ["executor"],
                "additionalProperties": false,
            })
        });
        json!({ "oneOf": executors })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::expected(
                "a scenario such as {executor: \"constant-vus\", vus: 2, duration: \"10s\"}",
                value,
            ));
        };
        let kind = ExecutorKind::from_json(object.get("executor"))
            .map_err(|invalid| invalid.within("executor"))?;
        let mut draft = Self::new(kind);
        for (key, value) in object {
            if !COMMON.iter().chain(kind.fields()).any(|name| name == key) {
                return Err(kind.no_such_field(key).within(key));
            }
            if !value.is_null() {
                draft
                    .set(key, value)
                    .map_err(|invalid| invalid.within(key))?;
            }
        }
        Ok(draft)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        json_text(
            text,
            "{\"executor\": \"constant-vus\", \"duration\": \"10s\"}",
        )
    }

    fn to_json(&self) -> Value {
        let keys = COMMON.iter().chain(self.executor.fields());
        Value::Object(keys.map(|key| ((*key).to_owned(), self.get(key))).collect())
    }
}

fn field_schema(kind: ExecutorKind, field: &str) -> Value {
    match field {
        "executor" => json!({ "const": kind.as_str() }),
        "env" | "tags" => BTreeMap::<String, String>::schema(),
        "exec" => json!({ "type": "string", "minLength": 1 }),
        "options" => json!({ "type": "object" }),
        "stages" => Vec::<StageDraft>::schema(),
        "startTime" | "gracefulStop" | "gracefulRampDown" | "duration" | "maxDuration"
        | "timeUnit" => Duration::schema(),
        _ => u64::schema(),
    }
}

impl OptionValue for StageDraft {
    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": { "duration": Duration::schema(), "target": u64::schema() },
            "additionalProperties": false,
        })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::expected(
                "a stage such as {duration: \"30s\", target: 10}",
                value,
            ));
        };
        let mut stage = Self::default();
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let outcome = match key.as_str() {
                "duration" => duration(value).map(|duration| stage.duration = Some(duration)),
                "target" => count(value, 0).map(|target| stage.target = Some(target)),
                _ => Err(Invalid::new(
                    "no such field; a stage has duration and target",
                )),
            };
            outcome.map_err(|invalid| invalid.within(key))?;
        }
        Ok(stage)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::expected_text("a stage such as 30s:10", text);
        let (duration, target) = text.trim().split_once(':').ok_or_else(wrong)?;
        let duration = match duration.trim() {
            "" => None,
            text => Some(parse_duration(text).map_err(|error| wrong().because(error))?),
        };
        let target = match target.trim() {
            "" => None,
            text => Some(u64::from_text(text).map_err(|_| wrong())?),
        };
        Ok(Self { duration, target })
    }

    fn to_json(&self) -> Value {
        let mut stage = Map::new();
        stage.insert(
            "duration".to_owned(),
            Value::from(self.duration.map(format_duration)),
        );
        stage.insert("target".to_owned(), Value::from(self.target));
        Value::Object(stage)
    }
}
