//! `--scenario` and `--once`: a smaller test than the options describe, to try a script.
//!
//! Applied to the settled scenarios and not to a layer of options, because they must work on
//! scenarios from any layer, shortcuts included, and must not count as overriding them.

use std::time::Duration;

use brunt_options::{Consolidated, ExecutorConfig, ExecutorKind, ScenarioDraft};

use crate::exit::{Exit, Failure};

/// How long the one iteration of `--once` may take.
const ONCE_LIMIT: Duration = Duration::from_mins(10);

/// Leaves only the scenarios of these names (all, if there are none), and of each one only a single
/// iteration if `once` is set.
pub(crate) fn narrow(
    options: &mut Consolidated,
    names: &[String],
    once: bool,
) -> Result<(), Failure> {
    for name in names {
        if !options.scenarios.iter().any(|it| it.name == *name) {
            let mut known: Vec<&str> = options.scenarios.iter().map(|it| &*it.name).collect();
            known.sort_unstable();
            let message = format!(
                "--scenario {name}: there is no such scenario; the test has {}",
                known.join(", ")
            );
            return Err(Failure::new(Exit::InvalidConfig, message));
        }
    }
    let chosen = |name: &String| names.is_empty() || names.contains(name);
    options.scenarios.retain(|it| chosen(&it.name));
    if let Some(drafts) = &mut options.options.scenarios {
        drafts.retain(|name, _| chosen(name));
    }
    if once {
        for scenario in &mut options.scenarios {
            scenario.start_time = Duration::ZERO;
            scenario.executor = ExecutorConfig::PerVuIterations {
                vus: 1,
                iterations: 1,
                max_duration: ONCE_LIMIT,
            };
        }
        for draft in options.options.scenarios.iter_mut().flatten() {
            *draft.1 = one_iteration(draft.1);
        }
    }
    Ok(())
}

/// What scripts see of such a scenario.
fn one_iteration(draft: &ScenarioDraft) -> ScenarioDraft {
    ScenarioDraft {
        executor: ExecutorKind::PerVuIterations,
        start_time: None,
        vus: Some(1),
        iterations: Some(1),
        max_duration: Some(ONCE_LIMIT),
        duration: None,
        start_vus: None,
        stages: None,
        graceful_ramp_down: None,
        rate: None,
        start_rate: None,
        time_unit: None,
        pre_allocated_vus: None,
        max_vus: None,
        ..draft.clone()
    }
}
