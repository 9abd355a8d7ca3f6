//! The rules, one table: name, what it wants, and how it is checked.

mod panel;
mod target;
mod template;

use super::{Finding, Severity, Subject};

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// As exclusions name it.
    pub name: &'static str,
    /// What it wants.
    pub description: &'static str,
    run: fn(&mut Report<'_>),
}

const fn rule(name: &'static str, description: &'static str, run: fn(&mut Report<'_>)) -> Rule {
    Rule {
        name,
        description,
        run,
    }
}

/// All rules, in the order in which Grafana's linter lists them.
pub const RULES: [Rule; 17] = [
    rule(
        "template-datasource-rule",
        "data sources are chosen by variables of the usual names",
        template::datasource,
    ),
    rule(
        "template-job-rule",
        "there is a variable job",
        template::job,
    ),
    rule(
        "template-instance-rule",
        "there is a variable instance",
        template::instance,
    ),
    rule(
        "template-label-promql-rule",
        "queries of variables are PromQL",
        template::promql,
    ),
    rule(
        "template-on-time-change-reload-rule",
        "variables are asked anew when the time changes",
        template::reload,
    ),
    rule(
        "panel-datasource-rule",
        "panels ask the data source that is chosen",
        panel::datasource,
    ),
    rule(
        "panel-title-description-rule",
        "panels have a title and a description",
        panel::words,
    ),
    rule(
        "panel-units-rule",
        "panels have a unit that Grafana knows",
        panel::units,
    ),
    rule(
        "panel-no-targets-rule",
        "panels ask something",
        panel::targets,
    ),
    rule(
        "target-logql-rule",
        "queries for Loki are LogQL",
        target::logql,
    ),
    rule(
        "target-logql-auto-rule",
        "windows in LogQL are $__auto",
        target::auto,
    ),
    rule(
        "target-promql-rule",
        "queries for Prometheus are PromQL",
        target::promql,
    ),
    rule(
        "target-rate-interval-rule",
        "rates are taken over $__rate_interval",
        target::interval,
    ),
    rule(
        "target-job-rule",
        "selectors match the variable job",
        target::job,
    ),
    rule(
        "target-instance-rule",
        "selectors match the variable instance",
        target::instance,
    ),
    rule(
        "target-counter-agg-rule",
        "counters are read by rate, irate or increase",
        target::counter,
    ),
    rule(
        "uneditable-dashboard",
        "the dashboard cannot be changed in Grafana",
        template::uneditable,
    ),
];

/// What a rule found so far.
struct Report<'s> {
    subject: &'s Subject<'s>,
    rule: &'static str,
    findings: Vec<Finding>,
}

impl Rule {
    /// Where the dashboard breaks it.
    pub(super) fn check(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut report = Report {
            subject,
            rule: self.name,
            findings: Vec::new(),
        };
        (self.run)(&mut report);
        report.findings
    }
}

impl Report<'_> {
    /// Of the dashboard as a whole.
    fn board(&mut self, message: impl Into<String>) {
        self.add(None, None, message.into());
    }

    /// Of the panel of this number.
    fn panel(&mut self, panel: usize, message: impl Into<String>) {
        self.add(Some(panel), None, message.into());
    }

    /// Of a query of it.
    fn target(&mut self, panel: usize, target: usize, message: impl Into<String>) {
        self.add(Some(panel), Some(target), message.into());
    }

    fn add(&mut self, panel: Option<usize>, target: Option<usize>, message: String) {
        let panel = panel.and_then(|it| self.subject.board.panels.get(it));
        self.findings.push(Finding {
            rule: self.rule,
            severity: Severity::Error,
            panel: panel.map(|it| (it.title.clone(), it.id)),
            target,
            message,
        });
    }
}

/// What is found where there is no thread to be had for checking.
pub(super) fn not_checked() -> Finding {
    Finding {
        rule: "target-promql-rule",
        severity: Severity::Error,
        panel: None,
        target: None,
        message:
            "the queries could not be parsed: the parser failed, or a thread could not be started"
                .to_owned(),
    }
}
