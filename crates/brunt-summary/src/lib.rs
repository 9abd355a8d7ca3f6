//! What people see of a test: the end-of-test summary as text, JSON and JUnit, banner and progress
//! lines.
//!
//! Everything here is a function from values to text. Terminals, files and clocks are the binary's
//! business, so that every byte can be tested.

#![forbid(unsafe_code)]

pub mod banner;
mod duration;
pub mod export;
#[cfg(test)]
mod fixture;
pub mod handle;
pub mod junit;
pub mod machine;
pub mod number;
pub mod options;
pub mod outputs;
mod part;
pub mod progress;
mod shown;
mod style;
pub mod text;
mod tree;
pub mod units;
mod values;

pub use banner::Banner;
pub use handle::HandleState;
pub use junit::JunitRun;
pub use machine::RunInfo;
pub use options::{Mode, OptionError, SummaryOptions, TimeUnit, TrendStat};
pub use outputs::OutputLine;
pub use progress::{Look, Phase, Progress, ScenarioProgress, Stage, Work};
pub use style::Style;
pub use tree::path_id;

use serde_json::Value;

/// A finite number, without a fraction where it has none.
fn json_number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}
