//! The sections of a full summary: the samples of one scenario, or of one group in it.
//!
//! Sections are found by the tags `scenario` and `group`, once for each series and worker. Their
//! number is bounded, because a script may invent names of groups without end: what comes later
//! counts in the totals only.

use std::sync::Arc;

use brunt_metrics::TagSet;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// How many sections there are at most. One takes some 300 kB when it holds many HTTP requests.
pub const MOST_SECTIONS: usize = 200;

/// The scenario of a script that has no `scenarios`; its groups stand at the top.
const DEFAULT: &str = "default";

/// A section, by the order in which they were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionId(pub u32);

/// Which samples a section is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Section {
    /// The scenario; empty for `default` and for what belongs to none (setup, teardown).
    pub scenario: Arc<str>,
    /// The group, as `::outer::inner`: samples of `::outer` alone are not in it, nor are those of
    /// groups inside. Empty for the scenario as a whole.
    pub group: Arc<str>,
}

/// The sections that samples were seen of.
#[derive(Debug, Default)]
pub struct Sections {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    list: Vec<Section>,
    ids: FxHashMap<Section, SectionId>,
    left_out: bool,
}

/// The scenario as sections name it: nothing for `default`.
pub fn section_scenario(tags: &TagSet) -> &str {
    match tags.get("scenario") {
        None | Some(DEFAULT) => "",
        Some(other) => other,
    }
}

impl Sections {
    /// The sections of samples with these tags: their scenario's unless that is the default one,
    /// and their group's unless they are outside of all groups.
    pub fn of(&self, tags: &TagSet) -> Vec<SectionId> {
        let scenario = section_scenario(tags);
        let group = tags.get("group").unwrap_or_default();
        let mut ids = Vec::new();
        if !scenario.is_empty() {
            ids.extend(self.id(scenario, ""));
        }
        if !group.is_empty() {
            ids.extend(self.id(scenario, group));
        }
        ids
    }

    /// All of them, by their ids.
    pub fn list(&self) -> Vec<Section> {
        self.seen.lock().list.clone()
    }

    /// Whether there were more than [`MOST_SECTIONS`].
    pub fn left_out(&self) -> bool {
        self.seen.lock().left_out
    }

    fn id(&self, scenario: &str, group: &str) -> Option<SectionId> {
        let section = Section {
            scenario: scenario.into(),
            group: group.into(),
        };
        let mut seen = self.seen.lock();
        if let Some(id) = seen.ids.get(&section) {
            return Some(*id);
        }
        if seen.list.len() >= MOST_SECTIONS {
            seen.left_out = true;
            return None;
        }
        let id = SectionId(seen.list.len() as u32);
        seen.list.push(section.clone());
        seen.ids.insert(section, id);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> TagSet {
        pairs.iter().copied().collect()
    }

    #[test]
    fn the_default_scenario_is_no_section_and_its_groups_stand_alone() {
        let sections = Sections::default();
        assert_eq!(sections.of(&tags(&[])), []);
        assert_eq!(
            sections.of(&tags(&[("scenario", "default"), ("group", "")])),
            []
        );
        let own = sections.of(&tags(&[("scenario", "default"), ("group", "::a")]));
        // What setup() did in a group of the same name.
        assert_eq!(sections.of(&tags(&[("group", "::a")])), own);
        let buy = sections.of(&tags(&[("scenario", "buy"), ("group", "::a")]));
        assert_eq!(buy.len(), 2);
        assert!(!buy.contains(&own[0]));
        let names: Vec<_> = sections.list();
        let names: Vec<_> = names.iter().map(|it| (&*it.scenario, &*it.group)).collect();
        assert_eq!(names, [("", "::a"), ("buy", ""), ("buy", "::a")]);
    }

    #[test]
    fn groups_without_end_take_no_memory_without_end() {
        let sections = Sections::default();
        for number in 0..10 * MOST_SECTIONS {
            let group = format!("::g{number}");
            sections.of(&tags(&[("group", &group)]));
        }
        assert_eq!(sections.list().len(), MOST_SECTIONS);
        assert!(sections.left_out());
        assert_eq!(sections.of(&tags(&[("group", "::g0")])), [SectionId(0)]);
    }
}
