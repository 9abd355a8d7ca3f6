//! The first dashboard to open during a test: is it going well, and can the numbers be trusted?

mod generator;

use super::TAG;
use super::series::{
    RUN, WHOLE, last_statistic, of, quantile, quantile_of_all, rate, share, share_of_all,
    statistic, total, variables, with,
};
use crate::model::{Annotation, Dashboard, Row};
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: "brunt-overview",
        file: "test-overview",
        title: "Load test: overview",
        description: "Verdict, load, latency and errors of a test, and whether the generator's numbers can be trusted.",
        tags: &[TAG, "loadtest"],
        since: "30m",
        refresh: "10s",
        variables: variables(),
        annotations: vec![Annotation {
            name: "Starts of runs".to_owned(),
            expr: format!("brunt_run_started_seconds{{{WHOLE}}} * 1000"),
            title: "{{testid}} started".to_owned(),
            colour: "blue",
        }],
        rows: vec![
            Row::new("At a glance", glance()),
            Row::new("Load and answers", load()),
            Row::new("Thresholds and checks", judgement()),
            Row::new("Names", names()),
            Row::new("Scenarios and groups", parts()),
            Row::new(
                "Generator: can the results be trusted?",
                generator::panels(),
            ),
        ],
    }
}

fn glance() -> Vec<Panel> {
    let info = |verdict: &str| {
        format!("last_over_time(brunt_run_info{{{WHOLE},verdict=\"{verdict}\"}}[$__range])")
    };
    let verdict = format!(
        "min(({} * 0 + 2) or ({} * 0 + 1) or ({} * 0)) or vector(3)",
        info("passed"),
        info("aborted"),
        info("failed")
    );
    let errors = share_of_all("http_req_failed", "");
    let p95 = |panel: Panel| {
        panel
            .query("p95", quantile_of_all("0.95", "http_req_duration", RUN, ""))
            .query("p95", last_statistic("p95", "http_req_duration", RUN, ""))
    };
    vec![
        Panel::stat("Verdict", Unit::None, "The verdict of the chosen runs, the worst one if they are several. It comes at the end of a run.")
            .query("verdict", verdict)
            .map("0", "failed", Colour::Bad)
            .map("1", "aborted", Colour::Warning)
            .map("2", "passed", Colour::Good)
            .map("3", "running", Colour::Plain),
        generator::trust(),
        Panel::stat("Thresholds broken", Unit::None, "How many thresholds were not kept. They are sent at the end of a run.")
            .query("broken", format!("count(last_over_time(brunt_threshold{{{WHOLE}}}[$__range]) == 0) or vector(0)"))
            .steps(&[(1.0, Colour::Bad)]),
        Panel::stat("Requests", Unit::Count, "HTTP requests of the chosen runs from their start, as in the summary.")
            .query("requests", total(&of("http_reqs_total"), "")),
        Panel::stat("Errors", Unit::Share, "The share of requests whose answer was not expected (http_req_failed).")
            .query("errors", errors)
            .steps(&[(0.01, Colour::Warning), (0.05, Colour::Bad)]),
        p95(Panel::stat("p95", Unit::Seconds, "95 % of the requests in this time range took at most this long (http_req_duration).")),
        Panel::stat("Checks", Unit::Share, "The share of checks that held.")
            .query("checks", share_of_all("checks", "")),
        Panel::stat("VUs, most", Unit::None, "The most virtual users at a time; added up over instances.")
            .query("VUs", format!("sum(max_over_time({}[$__range]))", with("vus", WHOLE))),
    ]
}

fn load() -> Vec<Panel> {
    let failed = with("http_req_failed_passes_total", RUN);
    let latency = [
        ("p50", "0.5"),
        ("p90", "0.9"),
        ("p95", "0.95"),
        ("p99", "0.99"),
    ];
    let statistics = [
        ("avg", "avg of the slowest series"),
        ("p95", "p95 of the slowest series"),
        ("p99", "p99 of the slowest series"),
        ("max", "max"),
    ];
    let percentiles = |mut panel: Panel, trend: &str| {
        for (name, q) in latency {
            panel = panel.query(name, quantile(q, trend, RUN, ""));
        }
        panel = panel.exemplars();
        for (stat, name) in statistics {
            panel = panel.query(name, statistic(stat, trend, RUN, ""));
        }
        panel
    };
    vec![
        Panel::graph("Request rate", Unit::RequestsPerSecond, "HTTP requests per second, and those of them whose answer was not expected.")
            .query("requests", rate(&of("http_reqs_total"), ""))
            .query("failed", rate(&failed, "")),
        percentiles(
            Panel::graph("Latency", Unit::Seconds, "Percentiles of http_req_duration: sending, waiting and receiving, without connecting. Points lead to traces."),
            "http_req_duration",
        ),
        Panel::graph("Error rate", Unit::Share, "The share of requests whose answer was not expected (http_req_failed).")
            .query("errors", share("http_req_failed", "")),
        Panel::graph("Virtual users", Unit::None, "Virtual users that are active, and how many are initialized.")
            .query("active", format!("sum({})", with("vus", WHOLE)))
            .bound("initialized", format!("sum({})", with("vus_max", WHOLE))),
        Panel::graph("Iterations", Unit::PerSecond, "Iterations that ended per second, and those that were never started because no virtual user was free.")
            .query("iterations", rate(&of("iterations_total"), ""))
            .query("dropped", rate(&format!("brunt_engine_iterations_dropped_total{{{WHOLE}}}"), "")),
        percentiles(
            Panel::graph("Iteration duration", Unit::Seconds, "Percentiles of how long an iteration took, pauses included."),
            "iteration_duration",
        ),
        Panel::graph("Data", Unit::BytesPerSecond, "Bytes per second on the wire.")
            .query("sent", rate(&of("data_sent_total"), ""))
            .query("received", rate(&of("data_received_total"), "")),
        Panel::graph("Requests by status", Unit::RequestsPerSecond, "HTTP requests per second by the status of the answer; 0 is none.")
            .query("{{status}}", rate(&of("http_reqs_total"), "status")),
    ]
}

fn judgement() -> Vec<Panel> {
    let fails = rate(&of("checks_fails_total"), "check");
    vec![
        Panel::table("Thresholds", "Each threshold of the chosen runs, and whether it was kept. They are sent at the end of a run.")
            .size(Size::Half)
            .column("Kept", Unit::None, format!("min by (testid, metric, threshold) (last_over_time(brunt_threshold{{{WHOLE}}}[$__range]))"))
            .renamed("metric", "Metric")
            .renamed("threshold", "Threshold")
            .renamed("testid", "Run")
            .map("0", "broken", Colour::Bad)
            .map("1", "kept", Colour::Good),
        Panel::table("Checks", "How often each check was made, and the share that held.")
            .size(Size::Half)
            .column("Held", Unit::Share, share_of_all("checks", "check"))
            .column("Failed", Unit::Count, total(&of("checks_fails_total"), "check"))
            .column("Passed", Unit::Count, total(&of("checks_passes_total"), "check"))
            .renamed("check", "Check")
            .sorted("Failed"),
        Panel::graph("Failed checks", Unit::PerSecond, "Checks that did not hold, per second.")
            .query("{{check}}", fails),
        Panel::graph("Checks", Unit::Share, "The share of checks that held, over time.")
            .query("checks", share("checks", "")),
    ]
}

fn names() -> Vec<Panel> {
    let labels = "name, method";
    let slow = quantile_of_all("0.95", "http_req_duration", RUN, labels);
    let slow_statistic = last_statistic("p95", "http_req_duration", RUN, labels);
    let failed = total(&of("http_req_failed_passes_total"), "name, method, status");
    let failed = format!("topk(20, {failed} > 0)");
    let all = total(&of("http_reqs_total"), "name, method, status");
    vec![
        Panel::table(
            "Slowest names",
            "The 20 names with the largest p95 in this time range.",
        )
        .size(Size::Half)
        .column("p95", Unit::Seconds, format!("topk(20, {slow})"))
        .column(
            "p95 of the slowest series",
            Unit::Seconds,
            format!("topk(20, {slow_statistic})"),
        )
        .renamed("name", "Name")
        .renamed("method", "Method")
        .sorted("p95"),
        Panel::table(
            "Names with most errors",
            "The 20 names whose answers were not expected most often.",
        )
        .size(Size::Half)
        .column("Failed", Unit::Count, failed.clone())
        .column(
            "Requests",
            Unit::Count,
            format!("{all} and on({labels}, status) {failed}"),
        )
        .renamed("name", "Name")
        .renamed("method", "Method")
        .renamed("status", "Status")
        .sorted("Failed"),
    ]
}

fn parts() -> Vec<Panel> {
    vec![
        Panel::graph(
            "Request rate by scenario",
            Unit::RequestsPerSecond,
            "HTTP requests per second of each scenario.",
        )
        .size(Size::Third)
        .query("{{scenario}}", rate(&of("http_reqs_total"), "scenario")),
        Panel::graph(
            "p95 by scenario",
            Unit::Seconds,
            "95 % of each scenario's requests took at most this long.",
        )
        .size(Size::Third)
        .query(
            "{{scenario}}",
            quantile("0.95", "http_req_duration", RUN, "scenario"),
        )
        .query(
            "{{scenario}}",
            statistic("p95", "http_req_duration", RUN, "scenario"),
        ),
        Panel::graph(
            "Iterations by scenario",
            Unit::PerSecond,
            "Iterations that ended per second of each scenario.",
        )
        .size(Size::Third)
        .query("{{scenario}}", rate(&of("iterations_total"), "scenario")),
        Panel::graph(
            "Request rate by group",
            Unit::RequestsPerSecond,
            "HTTP requests per second of each group.",
        )
        .size(Size::Third)
        .query("{{group}}", rate(&of("http_reqs_total"), "group")),
        Panel::graph(
            "Duration of groups, p95",
            Unit::Seconds,
            "95 % of each group's runs took at most this long.",
        )
        .size(Size::Third)
        .query(
            "{{group}}",
            quantile("0.95", "group_duration", RUN, "group"),
        )
        .query(
            "{{group}}",
            statistic("p95", "group_duration", RUN, "group"),
        ),
        Panel::graph(
            "Failed checks by group",
            Unit::PerSecond,
            "Checks that did not hold, per second, of each group.",
        )
        .size(Size::Third)
        .query("{{group}}", rate(&of("checks_fails_total"), "group")),
    ]
}
