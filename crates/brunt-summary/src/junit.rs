//! The run as a JUnit report (`--junit`), for the test pages of Jenkins, GitLab and their like.
//!
//! Three suites: `run` with one case that tells whether the test came to its end, `thresholds` with
//! a case each, `checks` with a case each. The dots that Jenkins splits class names at are made by
//! kind and groups alone, so that its tree reads as the test does.

use std::time::Duration;

use brunt_aggregate::{GroupNode, Report, Totals};
use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::options::SummaryOptions;
use crate::text::judged;
use crate::{shown, units};

/// How a run went, besides its measurements.
#[derive(Debug, Clone)]
pub struct JunitRun<'a> {
    /// The script as the user named it.
    pub script: &'a str,
    /// When the scenarios started, in UTC, as `2026-01-02T03:04:05`: the form that JUnit's readers
    /// have in common.
    pub started: Option<&'a str>,
    /// What ended the run before its time, such as a failed `setup()`; broken thresholds do not
    /// belong here.
    pub failure: Option<&'a str>,
    /// More to know about the run, by name.
    pub properties: Vec<(String, String)>,
}

/// The report as XML.
pub fn render(
    report: &Report,
    options: &SummaryOptions,
    run: &JunitRun<'_>,
) -> Result<String, SerializeError> {
    let mut junit = quick_junit::Report::new("brunt");
    junit.set_time(report.duration);
    let mut whole = TestSuite::new("run");
    let broken = run
        .failure
        .map(|why| failure(NonSuccessKind::Error, "run", why, why));
    // Readers add the times of cases and suites up, so only one of each took any.
    whole.set_time(report.duration);
    let mut of_run = case("run", run.script, broken);
    of_run.set_time(report.duration);
    whole.add_test_case(of_run);
    let mut thresholds = TestSuite::new("thresholds");
    for shown in shown::metrics(&report.totals) {
        for totals in std::iter::once(shown.parent).chain(shown.subs) {
            thresholds.add_test_cases(of_thresholds(totals, options));
        }
    }
    let mut checks = TestSuite::new("checks");
    add_checks(&report.root, "checks", &mut checks);
    for mut suite in [whole, thresholds, checks] {
        if suite.test_cases.is_empty() {
            continue;
        }
        if suite.time.is_none() {
            suite.set_time(Duration::ZERO);
        }
        if let Some(started) = run.started {
            suite.extra.insert("timestamp".into(), started.into());
        }
        let properties = run.properties.iter();
        suite.add_properties(properties.map(|(name, value)| Property::new(name, value)));
        junit.add_test_suite(suite);
    }
    // The schema of Jenkins' xUnit plug-in, which refuses what it does not know, has this attribute
    // for suites and not for all of them together.
    let xml = junit.to_string()?;
    Ok(xml.replacen(" skipped=\"0\"", "", 1))
}

fn of_thresholds(totals: &Totals, options: &SummaryOptions) -> Vec<TestCase> {
    let name = totals.full_name();
    let class = format!("thresholds.{}", undotted(&name));
    totals
        .thresholds
        .iter()
        .map(|threshold| {
            let value = judged(totals, threshold, options);
            let broken = (!threshold.ok).then(|| {
                let message = format!("{}={value}", threshold.aggregation);
                let text = format!("{name}: '{}' was crossed: {message}", threshold.source);
                failure(NonSuccessKind::Failure, "threshold", &message, &text)
            });
            case(&class, &threshold.source, broken)
        })
        .collect()
}

fn add_checks(group: &GroupNode, class: &str, suite: &mut TestSuite) {
    for check in &group.checks {
        let all = check.passes + check.fails;
        let broken = (check.fails > 0).then(|| {
            let share = units::percent_of(check.fails, all);
            let message = format!("{share} failed: {} out of {all}", check.fails);
            let text = format!("✓ {} / ✗ {}", check.passes, check.fails);
            failure(NonSuccessKind::Failure, "check", &message, &text)
        });
        suite.add_test_case(case(class, &check.name, broken));
    }
    for inner in &group.groups {
        let class = format!("{class}.{}", undotted(&inner.name));
        add_checks(inner, &class, suite);
    }
}

fn case(class: &str, name: &str, failure: Option<TestCaseStatus>) -> TestCase {
    let status = failure.unwrap_or_else(TestCaseStatus::success);
    let mut case = TestCase::new(name, status);
    case.set_classname(class).set_time(Duration::ZERO);
    case
}

fn failure(kind: NonSuccessKind, of: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(of)
        .set_message(message)
        .set_description(text);
    status
}

/// Without what would split a class name.
fn undotted(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests;
