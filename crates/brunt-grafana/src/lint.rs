//! The rules of Grafana's dashboard-linter, on anybody's dashboard.
//!
//! The rules, their names and the file `.lint` are those of <https://github.com/grafana/dashboard-linter>
//! (its folder `docs`), so that exclusions written for the one hold for the other. It is written anew,
//! because that one is a Go program, and because ours has to know what it lints without a network.

mod config;
mod logql;
mod promql;
mod rules;
mod units;

pub use config::{LintConfig, LintConfigError};
pub use rules::{RULES, Rule};

use crate::board::Board;

/// The configuration of the bundled dashboards: rules that do not hold for what load tests push.
pub const BUNDLED_LINT: &str = include_str!("../../../dashboards/.lint");

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A rule is broken.
    Error,
    /// A rule is broken, and the configuration says that it is only a warning.
    Warning,
    /// A rule is broken, and the configuration says why that is right.
    Excluded,
}

impl Severity {
    /// As it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Excluded => "excluded",
        }
    }
}

/// Where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, such as `panel-units-rule`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Title and number of the panel, if it is about one.
    pub panel: Option<(String, i64)>,
    /// The number of the query within the panel, from 0, if it is about one.
    pub target: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A dashboard whose queries are parsed.
struct Subject<'b> {
    board: &'b Board,
    /// Of each panel, of each query for Prometheus: its selectors, or what is wrong with it.
    selectors: Vec<Vec<Option<Parsed>>>,
}

/// Selectors of a query, or what is wrong with it.
type Parsed = Result<Vec<promql::Selector>, String>;

/// Where a dashboard breaks rules, in the order of the rules.
pub fn lint(board: &Board, config: &LintConfig) -> Vec<Finding> {
    let work = || {
        let subject = Subject::new(board);
        let found = RULES.iter().flat_map(|rule| rule.check(&subject));
        found.collect::<Vec<_>>()
    };
    // A thread for its stack; where there is none to be had, the rules cannot be checked at all.
    let mut findings = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(promql::STACK);
        let thread = thread.spawn_scoped(scope, work).ok();
        thread.and_then(|it| it.join().ok())
    })
    .unwrap_or_else(|| vec![rules::not_checked()]);
    for finding in &mut findings {
        finding.severity = config.severity(&board.title, finding);
    }
    findings
}

impl<'b> Subject<'b> {
    fn new(board: &'b Board) -> Self {
        let selectors = board.panels.iter().map(|panel| {
            let targets = panel.targets.iter();
            targets
                .map(|it| (it.plugin == "prometheus").then(|| promql::selectors(&it.expr)))
                .collect()
        });
        Self {
            board,
            selectors: selectors.collect(),
        }
    }
}
