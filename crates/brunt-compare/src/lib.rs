//! Two runs side by side: each metric's statistics, the change from the first to the second, and how sure it is.
//!
//! Latencies are skewed, depend on what was before them, and come by the million, so that tests made for few
//! independent values call every change significant. Here a run is cut into blocks of time, and the blocks are drawn
//! again and again (`docs/decisions/017`). No files and no terminal: readings in, rows, text and JSON out.

#![forbid(unsafe_code)]

mod blocks;
mod bootstrap;
mod comparison;
mod direction;
mod json;
mod limit;
mod text;

pub use comparison::{Change, Comparison, Effect, Row, Run, Settings, compare};
pub use direction::{Direction, Directions};
pub use json::json;
pub use limit::{Limit, LimitError};
pub use text::text;
