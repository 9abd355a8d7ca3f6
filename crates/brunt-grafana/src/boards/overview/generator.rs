//! The generator's own health: a result is worth what the generator's clock and outputs are worth.

use super::super::series::{RUN, WHOLE, quantile, rate, statistic, total};
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;

/// From which lag of a worker on, in seconds, latencies and start times are in doubt.
const LAG: &str = "0.1";

/// How many reasons for doubt there are.
pub(super) fn trust() -> Panel {
    let own = |metric: &str| format!("{metric}{{{WHOLE}}}");
    let lost = ["dropped", "rejected"]
        .map(|what| total(&own(&format!("brunt_output_{what}_total")), ""))
        .join(" + ");
    let lag = format!(
        "(max(max_over_time({}[$__range])) > bool {LAG})",
        own("brunt_engine_worker_lag_seconds")
    );
    let dropped = total(&own("brunt_engine_iterations_dropped_total"), "");
    let expr = format!("{lag} + ({lost} > bool 0) + ({dropped} > bool 0)");
    Panel::stat(
        "Trust",
        Unit::None,
        "Whether the numbers are to be trusted. Each of these is a reason for doubt: a worker came more than 0.1 s late, an output lost something, an iteration was never started.",
    )
    .query("reasons for doubt", expr)
    .map("0", "trusted", Colour::Good)
    .map("1", "1 doubt", Colour::Warning)
    .map("2", "2 doubts", Colour::Bad)
    .map("3", "3 doubts", Colour::Bad)
}

pub(super) fn panels() -> Vec<Panel> {
    let own = |metric: &str| format!("{metric}{{{WHOLE}}}");
    let lateness = "brunt_engine_iteration_lateness";
    let of_outputs = |what: &str| rate(&own(&format!("brunt_output_{what}_total")), "output");
    let lost = |what: &str| total(&own(&format!("brunt_output_{what}_total")), "output");
    vec![
        Panel::graph("Worker lag", Unit::Seconds, "How late a worker came to its own timer at most. Above the line, start times and read times of answers are in doubt: the machine is too busy.")
            .size(Size::Third)
            .query("{{instance}}", format!("max by (instance) ({})", own("brunt_engine_worker_lag_seconds")))
            .steps(&[(0.1, Colour::Bad)]),
        Panel::graph("Iteration lateness", Unit::Seconds, "How much later than planned iterations started: arrival-rate scenarios only.")
            .size(Size::Third)
            .query("p95", quantile("0.95", lateness, RUN, ""))
            .query("p99", quantile("0.99", lateness, RUN, ""))
            .query("p95 of the slowest series", statistic("p95", lateness, RUN, ""))
            .query("p99 of the slowest series", statistic("p99", lateness, RUN, "")),
        Panel::graph("Iterations that did not run whole", Unit::None, "Iterations that were never started, and that were interrupted, from the start of the run.")
            .size(Size::Third)
            .query("dropped", format!("sum({})", own("brunt_engine_iterations_dropped_total")))
            .query("interrupted", format!("sum({})", own("brunt_engine_iterations_interrupted_total"))),
        Panel::graph("Delivery of outputs", Unit::PerSecond, "Samples or points per second that outputs were given, and that receivers took.")
            .size(Size::Third)
            .query("{{output}} accepted", of_outputs("accepted"))
            .query("{{output}} delivered", of_outputs("delivered")),
        Panel::graph("Lag of outputs", Unit::Seconds, "How far receivers are behind.")
            .size(Size::Third)
            .query("{{output}}", format!("max by (output) ({})", own("brunt_output_lag_seconds"))),
        Panel::table("Losses of outputs", "What outputs lost, what waits on disk, and requests that were sent again, from the start of the run.")
            .size(Size::Third)
            .column("Dropped", Unit::Count, lost("dropped"))
            .column("Rejected", Unit::Count, lost("rejected"))
            .column("Retries", Unit::Count, lost("retries"))
            .column("On disk", Unit::Count, format!("sum by (output) (last_over_time({}[$__range]))", own("brunt_output_spooled")))
            .renamed("output", "Output"),
    ]
}
