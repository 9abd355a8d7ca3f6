//! What one block of the summary is about: the whole run, a scenario or a group.
//!
//! Text, JSON and JUnit are made from parts, so that no two forms of a summary disagree about what
//! belongs to what.

use std::time::Duration;

use brunt_aggregate::{CheckNode, GroupNode, Report, SectionTotals, Totals};

/// Metrics and checks of a part of a run.
pub(crate) struct Part<'a> {
    /// The group's or scenario's name; empty for the whole run.
    pub(crate) name: &'a str,
    /// Its metrics and sub-metrics.
    pub(crate) totals: &'a [Totals],
    /// How long the run was: the divisor of every rate.
    pub(crate) duration: Duration,
    /// Its checks in the order of the test.
    pub(crate) checks: Vec<Check<'a>>,
    /// The groups inside.
    pub(crate) groups: Vec<Part<'a>>,
}

/// A check. Those of the same name count as one, whatever their groups: like k6 in its totals.
pub(crate) struct Check<'a> {
    pub(crate) name: &'a str,
    pub(crate) passes: u64,
    pub(crate) fails: u64,
    seen: u64,
}

/// The whole run.
pub(crate) fn whole(report: &Report) -> Part<'_> {
    let mut checks = Vec::new();
    collect(&report.root, None, &mut checks);
    Part {
        name: "",
        totals: &report.totals,
        duration: report.duration,
        checks: in_order(checks),
        groups: Vec::new(),
    }
}

/// The groups of the default scenario, and of setup and teardown, as far as they hold anything.
pub(crate) fn groups(report: &Report) -> Vec<Part<'_>> {
    groups_of(&report.root, "", report)
}

/// The scenarios but the default one, by name, with their groups.
pub(crate) fn scenarios(report: &Report) -> Vec<Part<'_>> {
    let mut sections: Vec<&SectionTotals> = report
        .sections
        .iter()
        .filter(|it| !it.section.scenario.is_empty() && it.section.group.is_empty())
        .collect();
    sections.sort_by(|a, b| a.section.scenario.cmp(&b.section.scenario));
    sections
        .into_iter()
        .map(|it| {
            let name = &*it.section.scenario;
            let mut checks = Vec::new();
            collect(&report.root, Some(name), &mut checks);
            Part {
                name,
                totals: &it.totals,
                duration: report.duration,
                checks: in_order(checks),
                groups: groups_of(&report.root, name, report),
            }
        })
        .collect()
}

fn groups_of<'a>(parent: &'a GroupNode, scenario: &str, report: &'a Report) -> Vec<Part<'a>> {
    let part = |group: &'a GroupNode| {
        let section = report
            .sections
            .iter()
            .find(|it| *it.section.scenario == *scenario && *it.section.group == *group.path)?;
        let mut checks = Vec::new();
        add_checks(group, Some(scenario), &mut checks);
        Some((section.totals.as_slice(), checks))
    };
    parent
        .groups
        .iter()
        .filter_map(|group| {
            let groups = groups_of(group, scenario, report);
            let (totals, checks) = match part(group) {
                Some(part) => part,
                None if groups.is_empty() => return None,
                None => (&[][..], Vec::new()),
            };
            Some(Part {
                name: &group.name,
                totals,
                duration: report.duration,
                checks: in_order(checks),
                groups,
            })
        })
        .collect()
}

/// The checks of a group and all groups inside it; of one scenario, if it is given.
fn collect<'a>(group: &'a GroupNode, scenario: Option<&str>, checks: &mut Vec<Check<'a>>) {
    add_checks(group, scenario, checks);
    for inner in &group.groups {
        collect(inner, scenario, checks);
    }
}

fn add_checks<'a>(group: &'a GroupNode, scenario: Option<&str>, checks: &mut Vec<Check<'a>>) {
    for node in &group.checks {
        let Some((passes, fails)) = counts(node, scenario) else {
            continue;
        };
        match checks.iter_mut().find(|check| check.name == node.name) {
            Some(check) => {
                check.passes += passes;
                check.fails += fails;
                check.seen = check.seen.min(node.seen);
            }
            None => checks.push(Check {
                name: &node.name,
                passes,
                fails,
                seen: node.seen,
            }),
        }
    }
}

fn counts(check: &CheckNode, scenario: Option<&str>) -> Option<(u64, u64)> {
    let Some(scenario) = scenario else {
        return Some((check.passes, check.fails));
    };
    let own = check.scenarios.iter().find(|it| it.scenario == scenario)?;
    Some((own.passes, own.fails))
}

/// The tree has groups after a group's own checks; the list is in the order of the test.
fn in_order(mut checks: Vec<Check<'_>>) -> Vec<Check<'_>> {
    checks.sort_by_key(|check| check.seen);
    checks
}
