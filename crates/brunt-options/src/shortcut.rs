//! From `vus`, `duration`, `iterations` and `stages` to the scenario that they stand for.

use std::collections::BTreeMap;

use crate::error::Invalid;
use crate::layer::LayerOptions;
use crate::options::Options;
use crate::scenario::draft::{ExecutorKind, ScenarioDraft};

/// The options of which setting one clears all of lower layers. `vus` is none of them: it goes with
/// any.
pub(crate) const EXECUTION: [&str; 4] = ["duration", "iterations", "stages", "scenarios"];

/// Pairs that cannot be set together in one layer.
const CONFLICTS: [(&str, &str, &str); 5] = [
    ("iterations", "stages", "both say how the test runs"),
    (
        "duration",
        "stages",
        "the stages have durations of their own",
    ),
    (
        "scenarios",
        "iterations",
        "scenarios have fields of their own for it",
    ),
    (
        "scenarios",
        "duration",
        "scenarios have fields of their own for it",
    ),
    (
        "scenarios",
        "stages",
        "scenarios have fields of their own for it",
    ),
];

/// The option that the derived scenario's field comes from.
pub(crate) fn option_of_field(field: &str) -> &str {
    match field {
        "maxDuration" => "duration",
        "startVUs" => "vus",
        other => other,
    }
}

/// Refuses a layer that contradicts itself.
pub(crate) fn check_conflicts(own: &LayerOptions) -> Result<(), Invalid> {
    for (a, b, why) in CONFLICTS {
        if own.options.is_set(a) && own.options.is_set(b) {
            let name =
                |key: &'static str| Options::spec(key).map_or(key, |spec| spec.name_in(own.layer));
            let reason = format!(
                "it cannot be set together with {}: {why}; leave one out",
                name(b)
            );
            return Err(Invalid::new(reason).within(name(a)));
        }
    }
    Ok(())
}

/// The scenarios of a test, and whether they were made from shortcuts.
pub(crate) fn derive(
    options: &Options,
    warnings: &mut Vec<String>,
) -> (BTreeMap<String, ScenarioDraft>, bool) {
    let default = |draft: ScenarioDraft| (BTreeMap::from([("default".to_owned(), draft)]), true);
    if let Some(iterations) = options.iterations {
        return default(ScenarioDraft {
            vus: Some(options.vus.unwrap_or(1)),
            iterations: Some(iterations),
            max_duration: options.duration,
            ..ScenarioDraft::new(ExecutorKind::SharedIterations)
        });
    }
    if let Some(duration) = options.duration {
        return default(ScenarioDraft {
            vus: Some(options.vus.unwrap_or(1)),
            duration: Some(duration),
            ..ScenarioDraft::new(ExecutorKind::ConstantVus)
        });
    }
    let empty = match (&options.stages, &options.scenarios) {
        (Some(stages), _) if !stages.is_empty() => {
            return default(ScenarioDraft {
                start_vus: Some(options.vus.unwrap_or(1)),
                stages: Some(stages.clone()),
                ..ScenarioDraft::new(ExecutorKind::RampingVus)
            });
        }
        (Some(_), _) => Some("stages"),
        (None, Some(scenarios)) if scenarios.is_empty() => Some("scenarios"),
        (None, _) => None,
    };
    if let Some(vus) = options.vus {
        if options
            .scenarios
            .as_ref()
            .is_some_and(|scenarios| !scenarios.is_empty())
        {
            warnings.push(format!(
                "vus is set at the top level, so {vus} VUs share {vus} iterations and the scenarios are ignored; remove vus to run them"
            ));
        }
        return default(ScenarioDraft {
            vus: Some(vus),
            iterations: Some(vus),
            ..ScenarioDraft::new(ExecutorKind::SharedIterations)
        });
    }
    if let Some(scenarios) = options
        .scenarios
        .as_ref()
        .filter(|scenarios| !scenarios.is_empty())
    {
        return (scenarios.clone(), false);
    }
    if let Some(empty) = empty {
        warnings.push(format!("{empty} is empty, so one VU runs one iteration"));
    }
    default(ScenarioDraft::new(ExecutorKind::PerVuIterations))
}
