//! The file `.lint` beside dashboards: which rules do not hold there, and why.
//!
//! ```yaml
//! exclusions:
//!   template-job-rule:
//!     reason: Pushed series have no job.
//! warnings:
//!   target-rate-interval-rule:
//!     entries:
//!     - dashboard: Shop
//!       panel: Slowest
//!       targetIdx: 0
//! ```
//!
//! An entry holds where everything that it names fits; a rule without entries holds everywhere.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::rules::RULES;
use super::{Finding, Severity};

/// What a `.lint` file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintConfig {
    #[serde(default)]
    exclusions: BTreeMap<String, Option<Exception>>,
    #[serde(default)]
    warnings: BTreeMap<String, Option<Exception>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    dashboard: Option<String>,
    #[serde(default)]
    panel: Option<String>,
    #[serde(default, rename = "targetIdx", alias = "targetIndex")]
    target: Option<usize>,
}

/// Why a `.lint` file is not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LintConfigError {
    /// No YAML, or of another structure.
    #[error("not a configuration of the linter: {0}")]
    Structure(String),
    /// A misspelt name would exclude nothing.
    #[error("there is no rule {0}; `brunt dashboards lint --rules` lists them")]
    UnknownRule(String),
}

impl LintConfig {
    /// Reads the text of a `.lint` file.
    pub fn read(text: &str) -> Result<Self, LintConfigError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let config: Self = serde_saphyr::from_str(text)
            .map_err(|error| LintConfigError::Structure(error.to_string()))?;
        let named = config.exclusions.keys().chain(config.warnings.keys());
        for name in named {
            if !RULES.iter().any(|rule| rule.name == name) {
                return Err(LintConfigError::UnknownRule(name.clone()));
            }
        }
        Ok(config)
    }

    /// What a finding is under this configuration.
    pub(super) fn severity(&self, dashboard: &str, finding: &Finding) -> Severity {
        let within = |list: &BTreeMap<String, Option<Exception>>| {
            list.get(finding.rule).is_some_and(|it| {
                let entries = it.as_ref().map_or(&[][..], |it| &it.entries);
                entries.is_empty() || entries.iter().any(|it| it.fits(dashboard, finding))
            })
        };
        if within(&self.exclusions) {
            Severity::Excluded
        } else if within(&self.warnings) {
            Severity::Warning
        } else {
            Severity::Error
        }
    }

    /// Rules that are excluded without a word on why.
    pub fn without_reason(&self) -> Vec<&str> {
        let said = |it: &Option<Exception>| {
            it.as_ref().is_some_and(|it| {
                let each =
                    !it.entries.is_empty() && it.entries.iter().all(|it| it.reason.is_some());
                it.reason.is_some() || each
            })
        };
        let silent = self.exclusions.iter().filter(|(_, it)| !said(it));
        silent.map(|(name, _)| name.as_str()).collect()
    }
}

impl Entry {
    fn fits(&self, dashboard: &str, finding: &Finding) -> bool {
        let title = finding.panel.as_ref().map(|it| it.0.as_str());
        self.dashboard.as_deref().is_none_or(|it| it == dashboard)
            && self.panel.as_deref().is_none_or(|it| title == Some(it))
            && self.target.is_none_or(|it| finding.target == Some(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(panel: &str, target: usize) -> Finding {
        Finding {
            rule: "target-job-rule",
            severity: Severity::Error,
            panel: Some((panel.to_owned(), 1)),
            target: Some(target),
            message: String::new(),
        }
    }

    #[test]
    fn an_entry_holds_where_all_that_it_names_fits() {
        let text = "exclusions:
  target-job-rule:
    reason: because
    entries:
    - dashboard: Shop
      panel: Carts
      targetIdx: 1
warnings:
  target-job-rule:
    entries:
    - panel: Carts
  panel-units-rule:
";
        let config = LintConfig::read(text).unwrap();
        let severity = |board, panel, target| config.severity(board, &finding(panel, target));
        assert_eq!(severity("Shop", "Carts", 1), Severity::Excluded);
        assert_eq!(severity("Shop", "Carts", 0), Severity::Warning);
        assert_eq!(severity("Bank", "Carts", 1), Severity::Warning);
        assert_eq!(severity("Shop", "Other", 1), Severity::Error);
        assert!(config.without_reason().is_empty());
        let silent = LintConfig::read("exclusions:\n  panel-units-rule:\n").unwrap();
        assert_eq!(silent.without_reason(), ["panel-units-rule"]);
    }

    #[test]
    fn what_would_have_no_effect_is_an_error() {
        let read = |text| LintConfig::read(text).unwrap_err();
        let unknown = LintConfigError::UnknownRule("job-rule".to_owned());
        assert_eq!(read("exclusions:\n  job-rule:\n"), unknown);
        for text in [
            "exclusion:\n  target-job-rule:\n",
            "exclusions:\n  target-job-rule:\n    panel: x\n",
            "exclusions: [",
            "- a",
        ] {
            assert!(
                matches!(read(text), LintConfigError::Structure(_)),
                "{text}"
            );
        }
        assert!(LintConfig::read("").is_ok());
    }
}
