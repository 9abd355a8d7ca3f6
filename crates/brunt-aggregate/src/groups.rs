//! Groups and checks: a tree in the order in which its nodes were first seen.
//!
//! Virtual users keep the `Arc` of a check's counters, so counting is an atomic addition.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// The live counters of one check.
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
    root: Mutex<Live>,
}

#[derive(Debug)]
struct LiveCheck {
    name: String,
    count: Arc<CheckCount>,
    seen: u64,
}

#[derive(Debug, Default)]
struct Live {
    name: String,
    groups: Vec<Live>,
    checks: Vec<LiveCheck>,
    /// Of the root only: checks of the whole tree so far.
    seen: u64,
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
}

impl Groups {
    /// Makes sure that a group is there; `path` is `::outer::inner` or empty for the root.
    pub fn group(&self, path: &str) {
        self.root.lock().find(path);
    }

    /// The counters of a check in a group.
    pub fn check(&self, path: &str, name: &str) -> Arc<CheckCount> {
        let mut root = self.root.lock();
        let group = root.find(path);
        if let Some(check) = group.checks.iter().find(|check| check.name == name) {
            return Arc::clone(&check.count);
        }
        let count = Arc::new(CheckCount::default());
        let seen = root.seen;
        root.seen += 1;
        let check = LiveCheck {
            name: name.to_owned(),
            count: Arc::clone(&count),
            seen,
        };
        root.find(path).checks.push(check);
        count
    }

    /// The tree as it stands.
    pub fn tree(&self) -> GroupNode {
        self.root.lock().read("")
    }
}

impl Live {
    fn find(&mut self, path: &str) -> &mut Self {
        let mut node = self;
        for name in path.split("::").filter(|part| !part.is_empty()) {
            let at = node.groups.iter().position(|group| group.name == name);
            let at = at.unwrap_or_else(|| {
                node.groups.push(Self {
                    name: name.to_owned(),
                    ..Self::default()
                });
                node.groups.len() - 1
            });
            node = &mut node.groups[at];
        }
        node
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
            checks: self
                .checks
                .iter()
                .map(|check| CheckNode {
                    name: check.name.clone(),
                    passes: check.count.passes.load(Ordering::Relaxed),
                    fails: check.count.fails.load(Ordering::Relaxed),
                    seen: check.seen,
                })
                .collect(),
            path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_keeps_the_order_in_which_things_were_first_seen() {
        let groups = Groups::default();
        groups.check("", "root check").add(true);
        groups.group("::b");
        groups.check("::b::inner", "is 200").add(false);
        groups.check("::a", "is 200").add(true);
        groups.check("::b::inner", "is 200").add(true);
        groups.check("", "another").add(false);
        let root = groups.tree();
        assert_eq!((root.name.as_str(), root.path.as_str()), ("", ""));
        let check = |name: &str, passes, fails, seen| CheckNode {
            name: name.to_owned(),
            passes,
            fails,
            seen,
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
    fn threads_count_without_losing_any() {
        let groups = Groups::default();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let groups = &groups;
                scope.spawn(move || {
                    let count = groups.check("::g", "c");
                    (0..1000).for_each(|n| count.add((n + worker) % 4 == 0));
                });
            }
        });
        let tree = groups.tree();
        let check = &tree.groups[0].checks[0];
        assert_eq!((check.passes, check.fails), (1000, 3000));
    }
}
