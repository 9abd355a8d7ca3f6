//! Grafana dashboards as code: a small typed model, the bundled dashboards made of it, and the forms
//! in which Grafana takes them.
//!
//! The JSON of a dashboard is thousands of lines in which nobody sees a wrong unit or a panel without a
//! description; the model has only what differs between our panels, and the rest is written once. No
//! network, no files: whoever calls decides where the text goes.

mod board;
pub mod boards;
mod diff;
mod export;
mod files;
mod form;
mod interpolate;
mod layout;
mod lint;
mod model;
mod panel;
mod rename;
mod unit;
mod variable;

pub use board::{Board, BoardError, BoardPanel, BoardTarget, BoardVariable, OLDEST_SCHEMA};
pub use diff::{Difference, diff};
pub use export::{ExportError, ExportForm, export};
pub use files::{GeneratedFile, files, left_over, pretty};
pub use form::{classic, v2};
pub use interpolate::{expand, interpolate};
pub use layout::{Place, places};
pub use lint::{BUNDLED_LINT, Finding, LintConfig, LintConfigError, RULES, Rule, Severity, lint};
pub use model::{Annotation, Dashboard, Row, Source};
pub use panel::{Colour, Format, Link, Mapping, Panel, Size, Step, Target, Transformation, Visual};
pub use rename::{NamedRename, RenameError, mapping, rename_metrics};
pub use unit::Unit;
pub use variable::{Variable, VariableKind};
