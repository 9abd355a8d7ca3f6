//! Many runs, one point each: does the system get slower from release to release?

use super::TAG;
use crate::model::{Dashboard, Row};
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;
use crate::variable::{Variable, VariableKind};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: "brunt-runs",
        file: "runs",
        title: "Load test: runs over time",
        description: "One point for each run: p95, error rate, throughput and verdict of the last runs.",
        tags: &[TAG, "loadtest"],
        since: "30d",
        refresh: "",
        variables: vec![
            Variable::labels(
                "script",
                "Script",
                "Only runs of these scripts.",
                "label_values(brunt_run_info, script)",
            ),
            Variable::new(
                "runs",
                "Runs",
                "How many runs the table shows, the last ones.",
                VariableKind::Custom(vec![("30", "30"), ("10", "10"), ("100", "100")]),
            ),
            Variable::labels(
                "metric",
                "Metric",
                "The metric of the panel Any metric.",
                "label_values(brunt_summary, metric)",
            )
            .single(),
        ],
        annotations: Vec::new(),
        rows: vec![
            Row::new("Trend", trend()),
            Row::new("Last runs", vec![table()]),
        ],
    }
}

/// One statistic of the runs that ended in a step of the graph: one point for each run.
fn point(metric: &str, stat: &str) -> String {
    of_runs(
        &format!("brunt_summary{{metric=\"{metric}\",stat=\"{stat}\"}}"),
        "$__interval",
    )
}

/// The last values of series of the chosen runs that ended in this time.
fn of_runs(series: &str, time: &str) -> String {
    format!(
        "last_over_time({series}[{time}]) and on(testid, instance) last_over_time(brunt_run_info{{script=~\"$script\"}}[{time}])"
    )
}

fn trend() -> Vec<Panel> {
    let legend = "{{testid}}";
    let any = |stat: &str| point("$metric", stat);
    vec![
        Panel::points("p95", Unit::Seconds, "95 % of a run's requests took at most this long; one point for each run, where it ended.")
            .query(legend, point("http_req_duration", "p(95)")),
        Panel::points("Error rate", Unit::Share, "The share of a run's requests whose answer was not expected.")
            .query(legend, point("http_req_failed", "rate")),
        Panel::points("Throughput", Unit::RequestsPerSecond, "Requests per second over a whole run.")
            .query(legend, point("http_reqs", "rate")),
        Panel::points("Checks", Unit::Share, "The share of a run's checks that held.")
            .query(legend, point("checks", "rate")),
        Panel::points("Verdict", Unit::None, "Whether runs passed.")
            .query("{{testid}} {{verdict}}", "(last_over_time(brunt_run_info{script=~\"$script\",verdict=\"passed\"}[$__interval]) * 0 + 1) or (last_over_time(brunt_run_info{script=~\"$script\",verdict!=\"passed\"}[$__interval]) * 0)")
            .map("0", "not passed", Colour::Bad)
            .map("1", "passed", Colour::Good),
        Panel::points("Any metric", Unit::Count, "Statistics of the chosen metric, times in seconds.")
            .query("{{testid}} med", any("med"))
            .query("{{testid}} p(95)", any("p(95)"))
            .query("{{testid}} rate", any("rate"))
            .query("{{testid}} value", any("value")),
    ]
}

fn table() -> Panel {
    let started = "last_over_time(brunt_run_started_seconds[$__range])";
    let chosen = format!(
        "topk($runs, {started} and on(testid, instance) last_over_time(brunt_run_info{{script=~\"$script\"}}[$__range]))"
    );
    let of_run = |series: &str| {
        format!("last_over_time({series}[$__range]) and on(testid, instance) {chosen}")
    };
    let summary = |metric: &str, stat: &str| {
        of_run(&format!(
            "brunt_summary{{metric=\"{metric}\",stat=\"{stat}\"}}"
        ))
    };
    let by_run = |expr: String| format!("max by (testid, instance) ({expr})");
    Panel::table("Last runs", "The last runs of the chosen scripts, the newest first: when they started, how they ended, how long their scenarios took, and what they measured.")
        .size(Size::Full)
        .column("Started", Unit::Date, by_run(format!("{chosen} * 1000")))
        .column("Duration", Unit::Seconds, format!("max by (testid, instance, script, verdict, version, exit_code) ({})", of_run("brunt_run_info")))
        .column("Requests", Unit::Count, by_run(summary("http_reqs", "count")))
        .column("Throughput", Unit::RequestsPerSecond, by_run(summary("http_reqs", "rate")))
        .column("p95", Unit::Seconds, by_run(summary("http_req_duration", "p(95)")))
        .column("p99", Unit::Seconds, by_run(summary("http_req_duration", "p(99)")))
        .column("Errors", Unit::Share, by_run(summary("http_req_failed", "rate")))
        .column("Checks", Unit::Share, by_run(summary("checks", "rate")))
        .renamed("testid", "Run")
        .renamed("instance", "Instance")
        .renamed("script", "Script")
        .renamed("verdict", "Verdict")
        .renamed("version", "Version")
        .renamed("exit_code", "Exit code")
        .sorted("Started")
}
