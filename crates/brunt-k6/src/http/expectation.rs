//! Which statuses count as a success: `http.expectedStatuses()` and `http.setResponseCallback()`.

use rquickjs::function::Rest;
use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::{host_state, throw_error};

use crate::host::K6Host;

/// The hidden member of what `expectedStatuses()` returns.
const RANGES: &str = "__ranges";

/// Which statuses make a request a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Statuses and ranges of them, ends included.
    Statuses(Vec<(u16, u16)>),
    /// Nobody judges: no `http_req_failed`, no `expected_response`.
    Unjudged,
}

impl Default for Expectation {
    fn default() -> Self {
        Self::Statuses(vec![(200, 399)])
    }
}

impl Expectation {
    pub(crate) fn judge(&self, status: u16) -> Option<bool> {
        match self {
            Self::Unjudged => None,
            Self::Statuses(ranges) => Some(
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&status)),
            ),
        }
    }

    /// What `http.expectedStatuses(…)` made, or `null`.
    pub(crate) fn read(ctx: &Ctx<'_>, value: &Value<'_>) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::Unjudged);
        }
        let ranges = value
            .as_object()
            .and_then(|it| it.get::<_, Option<Vec<Vec<u16>>>>(RANGES).ok());
        let Some(Some(ranges)) = ranges else {
            let message = "a response callback must be made by http.expectedStatuses() or be null";
            return Err(throw_error(ctx, "TypeError", message));
        };
        let pairs = ranges
            .iter()
            .filter_map(|range| Some((*range.first()?, *range.last()?)));
        Ok(Self::Statuses(pairs.collect()))
    }
}

pub(crate) fn expected_statuses<'js>(
    ctx: Ctx<'js>,
    arguments: Rest<Value<'js>>,
) -> Result<Object<'js>> {
    let wrong = |what: &str| {
        let message = format!(
            "expectedStatuses() takes whole numbers and objects like {{min: 200, max: 299}}; {what}"
        );
        throw_error(&ctx, "TypeError", &message)
    };
    let status = |value: &Value<'_>| -> Option<u16> {
        value
            .as_number()
            .filter(|it| it.fract() == 0.0 && (0.0..=999.0).contains(it))
            .map(|it| it as u16)
    };
    let mut ranges = Vec::new();
    for (at, value) in arguments.iter().enumerate() {
        if let Some(status) = status(value) {
            ranges.push(vec![status, status]);
            continue;
        }
        let place = at + 1;
        let Some(object) = value.as_object() else {
            return Err(wrong(&format!("argument {place} is neither")));
        };
        let (min, max): (Value<'_>, Value<'_>) = (object.get("min")?, object.get("max")?);
        let (Some(min), Some(max)) = (status(&min), status(&max)) else {
            let what = format!("both min and max of argument {place} must be whole numbers");
            return Err(wrong(&what));
        };
        ranges.push(vec![min, max]);
    }
    if ranges.is_empty() {
        return Err(wrong("there is no argument"));
    }
    let object = Object::new(ctx.clone())?;
    object.prop(RANGES, rquickjs::object::Property::from(ranges))?;
    Ok(object)
}

pub(crate) fn set_response_callback<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<()> {
    let host = host_state::<K6Host>(&ctx)?;
    *host.response_callback.borrow_mut() = Expectation::read(&ctx, &value)?;
    Ok(())
}
