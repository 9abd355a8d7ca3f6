//! When scenarios ended, so that the time of one that is over stands still while others go on.
//!
//! The engine tells only that a scenario is over; to a redraw's interval that is when.

use std::collections::HashMap;
use std::time::Duration;

use brunt_summary::{Phase, Progress};

/// The running times of the scenarios that were seen to be over.
#[derive(Debug, Default)]
pub(super) struct Ends(HashMap<String, Duration>);

impl Ends {
    /// Takes in what is over now, and puts the times of what was over before back.
    pub(super) fn keep(&mut self, progress: &mut Progress) {
        for scenario in &mut progress.scenarios {
            if matches!(scenario.phase, Phase::Done | Phase::Interrupted) {
                let end = self.0.entry(scenario.name.clone());
                scenario.elapsed = *end.or_insert(scenario.elapsed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use brunt_summary::{ScenarioProgress, Stage, Work};

    use super::*;

    #[test]
    fn the_time_of_what_is_over_stands_still() {
        let seconds = Duration::from_secs;
        let at = |phase, elapsed| Progress {
            stage: Stage::Running,
            elapsed: seconds(elapsed),
            max_duration: seconds(60),
            active_vus: 0,
            vus: 1,
            completed: 0,
            interrupted: 0,
            scenarios: vec![ScenarioProgress {
                name: "one".to_owned(),
                phase,
                fraction: 1.0,
                elapsed: seconds(elapsed),
                duration: seconds(60),
                active_vus: 0,
                vus: 1,
                work: Work::Time,
            }],
            outages: Vec::new(),
        };
        let mut ends = Ends::default();
        let mut shown = |phase, elapsed| {
            let mut progress = at(phase, elapsed);
            ends.keep(&mut progress);
            (progress.elapsed, progress.scenarios[0].elapsed)
        };
        assert_eq!(shown(Phase::Running, 2), (seconds(2), seconds(2)));
        assert_eq!(shown(Phase::Done, 3), (seconds(3), seconds(3)));
        assert_eq!(shown(Phase::Done, 9), (seconds(9), seconds(3)));
    }
}
