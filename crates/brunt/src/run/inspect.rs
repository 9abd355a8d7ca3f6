//! `brunt inspect`: the options of a script without running it.

use std::sync::Arc;

use brunt_engine::LogSink;
use brunt_options::{LayerOptions, format_duration, plan, to_export_json};
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::run::{RunArgs, completed, layers, load};
use crate::terminal::Terminal;

/// Prints the options that the script exports, or with `requirements` those that result with all
/// layers and defaults, with the virtual users and the time that the test needs.
pub(crate) fn inspect(
    args: &RunArgs,
    requirements: bool,
    terminal: &Arc<Terminal>,
) -> Result<Exit, Failure> {
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as Arc<dyn LogSink>;
    let args = Arc::new(completed(args, &log)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    let script = runtime.block_on(load(Arc::clone(&args), log))?;
    let json = if requirements {
        let options = layers::consolidate(&args, &script)?;
        let mut json = to_export_json(&options);
        let vus = plan::vu_requirements_of(&options.scenarios, &options.partition);
        json["totalDuration"] = format_duration(plan::total_duration(&options.scenarios)).into();
        json["maxVUs"] = vus.max.into();
        json
    } else {
        let exported = script.exports.options.as_deref().unwrap_or("null");
        // The engine wrote it, so it is JSON.
        let exported: Value = serde_json::from_str(exported).unwrap_or_default();
        let own = LayerOptions::from_script(&exported)
            .map_err(|error| layers::failure(error, &args, &script))?;
        own.options.to_json()
    };
    crate::terminal::print(format!("{json:#}\n"));
    Ok(Exit::Success)
}
