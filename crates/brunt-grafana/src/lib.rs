//! Grafana dashboards as code: a small typed model, the bundled dashboards made of it, and the forms
//! in which Grafana takes them.
//!
//! The JSON of a dashboard is thousands of lines in which nobody sees a wrong unit or a panel without a
//! description; the model has only what differs between our panels, and the rest is written once. No
//! network, no files: whoever calls decides where the text goes.

pub mod boards;
mod export;
mod files;
mod form;
mod interpolate;
mod layout;
mod model;
mod panel;
mod rename;
mod unit;
mod variable;

pub use export::{ExportError, ExportForm, export};
pub use files::{GeneratedFile, files, left_over, pretty};
pub use form::{classic, v2};
pub use interpolate::interpolate;
pub use layout::{Place, places};
pub use model::{Annotation, Dashboard, Row, Source};
pub use panel::{Colour, Format, Mapping, Panel, Size, Step, Target, Transformation, Visual};
pub use rename::rename_metrics;
pub use unit::Unit;
pub use variable::{Variable, VariableKind};
