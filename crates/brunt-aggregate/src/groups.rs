//! Groups and checks: a tree in the order in which its nodes were first seen.
//!
//! Virtual users keep the `Arc` of a check's counters, so counting is an atomic addition. A check
//! counts apart for each scenario; the tree's numbers are their sums. How many names are kept is
//! bounded, because a script may invent them without end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// How many groups, and how many checks, are kept by name.
const MOST: usize = 10_000;

/// What counts all checks that came when there were too many names.
const FURTHER: &str = "(further checks: there are more than 10000 names)";

/// The live counters of one check in one scenario.
#[derive(Debug, Default)]
pub struct CheckCount {
    passes: AtomicU64,
    fails: AtomicU64,
}

impl CheckCount {
    /// Counts one outcome.
    pub fn add(&self, passed: bool) {
        let counter = if passed { &self.passes } else { &self.fails };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The groups and checks of a run so far.
#[derive(Debug, Default)]
pub struct Groups {
    tree: Mutex<Tree>,
}

#[derive(Debug, Default)]
struct Tree {
    root: Live,
    /// How many there are in the whole tree.
    groups: usize,
    /// The same of checks; gives them their order.
    checks: u64,
}

#[derive(Debug)]
struct LiveCheck {
    name: String,
    counts: Vec<(String, Arc<CheckCount>)>,
    seen: u64,
}

#[derive(Debug, Default)]
struct Live {
    name: String,
    groups: Vec<Live>,
    checks: Vec<LiveCheck>,
}

/// A group as it stood when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupNode {
    /// The last part of the path; empty for the root.
    pub name: String,
    /// `::outer::inner`; empty for the root.
    pub path: String,
    /// Groups inside, in the order in which they were first seen.
    pub groups: Vec<GroupNode>,
    /// Checks in the order in which they were first seen.
    pub checks: Vec<CheckNode>,
}

/// A check as it stood when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckNode {
    /// Its name.
    pub name: String,
    /// How often it passed.
    pub passes: u64,
    /// How often it failed.
    pub fails: u64,
    /// Grows with the order in which the checks of the whole tree were first seen.
    pub seen: u64,
    /// The same by scenario.
    pub scenarios: Vec<ScenarioCheck>,
}

/// A check within one scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScenarioCheck {
    /// The scenario as sections name it: empty for the default one and outside of all.
    pub scenario: String,
    /// How often the check passed in it.
    pub passes: u64,
    /// How often it failed in it.
    pub fails: u64,
}

impl Groups {
    /// Makes sure that a group is there; `path` is `::outer::inner` or empty for the root.
    pub fn group(&self, path: &str) {
        self.tree.lock().find(path);
    }

    /// The counters of a check in a group, for one scenario (as sections name it: empty for the
    /// default one).
    pub fn check(&self, path: &str, name: &str, scenario: &str) -> Arc<CheckCount> {
        let mut tree = self.tree.lock();
        let seen = tree.checks;
        let group = tree.find(path);
        let is_known = group.checks.iter().any(|check| check.name == name);
        if is_known || seen < MOST as u64 {
            let count = group.count(name, scenario, seen);
            tree.checks += u64::from(!is_known);
            return count;
        }
        tree.root.count(FURTHER, scenario, seen)
    }

    /// The tree as it stands.
    pub fn tree(&self) -> GroupNode {
        self.tree.lock().root.read("")
    }
}

impl Tree {
    /// A group; where there are too many, the innermost known one that it is in.
    fn find(&mut self, path: &str) -> &mut Live {
        let mut node = &mut self.root;
        for name in path.split("::").filter(|part| !part.is_empty()) {
            let at = node.groups.iter().position(|group| group.name == name);
            let at = match at {
                Some(at) => at,
                None if self.groups >= MOST => break,
                None => {
                    self.groups += 1;
                    node.groups.push(Live {
                        name: name.to_owned(),
                        ..Live::default()
                    });
                    node.groups.len() - 1
                }
            };
            node = &mut node.groups[at];
        }
        node
    }
}

impl Live {
    /// The counters of a check; a new one gets this place in the order.
    fn count(&mut self, name: &str, scenario: &str, seen: u64) -> Arc<CheckCount> {
        let at = self.checks.iter().position(|check| check.name == name);
        let at = at.unwrap_or_else(|| {
            self.checks.push(LiveCheck {
                name: name.to_owned(),
                counts: Vec::new(),
                seen,
            });
            self.checks.len() - 1
        });
        let counts = &mut self.checks[at].counts;
        if let Some((_, count)) = counts.iter().find(|(known, _)| known == scenario) {
            return Arc::clone(count);
        }
        let count = Arc::new(CheckCount::default());
        counts.push((scenario.to_owned(), Arc::clone(&count)));
        count
    }

    fn read(&self, parent: &str) -> GroupNode {
        let path = if self.name.is_empty() {
            String::new()
        } else {
            format!("{parent}::{}", self.name)
        };
        GroupNode {
            name: self.name.clone(),
            groups: self.groups.iter().map(|group| group.read(&path)).collect(),
            checks: self.checks.iter().map(LiveCheck::read).collect(),
            path,
        }
    }
}

impl LiveCheck {
    fn read(&self) -> CheckNode {
        let scenarios: Vec<ScenarioCheck> = self
            .counts
            .iter()
            .map(|(scenario, count)| ScenarioCheck {
                scenario: scenario.clone(),
                passes: count.passes.load(Ordering::Relaxed),
                fails: count.fails.load(Ordering::Relaxed),
            })
            .collect();
        CheckNode {
            name: self.name.clone(),
            passes: scenarios.iter().map(|one| one.passes).sum(),
            fails: scenarios.iter().map(|one| one.fails).sum(),
            seen: self.seen,
            scenarios,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_keeps_the_order_in_which_things_were_first_seen() {
        let groups = Groups::default();
        groups.check("", "root check", "").add(true);
        groups.group("::b");
        groups.check("::b::inner", "is 200", "").add(false);
        groups.check("::a", "is 200", "").add(true);
        groups.check("::b::inner", "is 200", "").add(true);
        groups.check("", "another", "").add(false);
        let root = groups.tree();
        assert_eq!((root.name.as_str(), root.path.as_str()), ("", ""));
        let check = |name: &str, passes, fails, seen| CheckNode {
            name: name.to_owned(),
            passes,
            fails,
            seen,
            scenarios: vec![ScenarioCheck {
                scenario: String::new(),
                passes,
                fails,
            }],
        };
        assert_eq!(
            root.checks,
            [check("root check", 1, 0, 0), check("another", 0, 1, 3)]
        );
        let paths: Vec<&str> = root
            .groups
            .iter()
            .map(|group| group.path.as_str())
            .collect();
        assert_eq!(paths, ["::b", "::a"]);
        let inner = &root.groups[0].groups[0];
        assert_eq!(
            (inner.name.as_str(), inner.path.as_str()),
            ("inner", "::b::inner")
        );
        assert_eq!(inner.checks, [check("is 200", 1, 1, 1)]);
    }

    #[test]
    fn a_check_counts_apart_for_each_scenario() {
        let groups = Groups::default();
        groups.check("::g", "c", "").add(true);
        groups.check("::g", "c", "buy").add(false);
        groups.check("::g", "c", "buy").add(true);
        let tree = groups.tree();
        let check = &tree.groups[0].checks[0];
        assert_eq!((check.passes, check.fails), (2, 1));
        let by_scenario: Vec<_> = check
            .scenarios
            .iter()
            .map(|one| (one.scenario.as_str(), one.passes, one.fails))
            .collect();
        assert_eq!(by_scenario, [("", 1, 0), ("buy", 1, 1)]);
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let groups = Groups::default();
        groups.check("", "known", "").add(true);
        for number in 0..MOST + 5 {
            groups.group(&format!("::g{number}::inner"));
            groups.check("", &format!("c{number}"), "").add(true);
        }
        groups.check("", "known", "").add(true);
        let tree = groups.tree();
        let inside: usize = tree.groups.iter().map(|group| 1 + group.groups.len()).sum();
        assert_eq!(inside, MOST);
        assert_eq!(tree.checks.len(), MOST + 1);
        assert_eq!(tree.checks[0].passes, 2);
        let further = tree.checks.last().expect("a check");
        assert_eq!((further.name.as_str(), further.passes), (FURTHER, 6));
    }

    #[test]
    fn threads_count_without_losing_any() {
        let groups = Groups::default();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let groups = &groups;
                scope.spawn(move || {
                    let count = groups.check("::g", "c", "");
                    (0..1000).for_each(|n| count.add((n + worker) % 4 == 0));
                });
            }
        });
        let tree = groups.tree();
        let check = &tree.groups[0].checks[0];
        assert_eq!((check.passes, check.fails), (1000, 3000));
    }
}
