//! Logs and traces of a run beside its load, joined by `testid` and by the id of a trace.
//!
//! Nothing but Loki's and Tempo's own series is asked for, and any sender that sets the label or the
//! attribute `testid` will do: k6 (`--log-output loki=…,label.testid=…`), an agent that ships brunt's log
//! file, an application that is instrumented.

use super::TAG;
use super::series::{RUN, of, quantile, rate, statistic, variables};
use crate::model::{Dashboard, Row, Source};
use crate::panel::{Panel, Size};
use crate::unit::Unit;
use crate::variable::{Variable, VariableKind};

/// Opens a trace in Explore: the id is the value that was clicked.
const TRACE_URL: &str = "/explore?schemaVersion=1&panes=%7B%22trace%22:%7B%22datasource%22:%22${tempo_datasource}%22,%22queries%22:%5B%7B%22refId%22:%22A%22,%22queryType%22:%22traceql%22,%22query%22:%22${__value.raw}%22,%22datasource%22:%7B%22type%22:%22tempo%22,%22uid%22:%22${tempo_datasource}%22%7D%7D%5D,%22range%22:%7B%22from%22:%22${__from}%22,%22to%22:%22${__to}%22%7D%7D%7D";

pub(super) fn dashboard() -> Dashboard {
    let mut variables = variables();
    let text = |name: &str, label: &str, what: &str, value| {
        Variable::new(name, label, what, VariableKind::Text { value })
    };
    variables.push(text(
        "search",
        "Logs with",
        "Only log lines with this text, such as the id of a trace.",
        "",
    ));
    variables.push(text(
        "slower",
        "Traces over",
        "Only spans that took longer, such as 500ms or 2s.",
        "100ms",
    ));
    Dashboard {
        uid: "brunt-logs-traces",
        file: "logs-traces",
        title: "Load test: logs and traces",
        description: "Log lines and traces of a run below its load, on one time axis. Whoever sends them sets testid; brunt itself sends neither to Loki nor to Tempo yet, k6 and the system under test do.",
        tags: &[TAG, "loadtest"],
        since: "30m",
        refresh: "",
        variables,
        annotations: Vec::new(),
        rows: vec![
            Row::new("Load", load()),
            Row::new("Logs", logs()),
            Row::new("Traces", traces()),
            Row::new("Services", services()),
        ],
    }
}

fn load() -> Vec<Panel> {
    vec![
        Panel::graph("Request rate", Unit::RequestsPerSecond, "HTTP requests per second of the chosen runs.")
            .query("requests", rate(&of("http_reqs_total"), ""))
            .query("failed", rate(&of("http_req_failed_passes_total"), "")),
        Panel::graph("Latency, p95", Unit::Seconds, "p95 of http_req_duration. Points are exemplars: single requests, which lead to their traces.")
            .query("p95", quantile("0.95", "http_req_duration", RUN, ""))
            .query("p95 of the slowest series", statistic("p95", "http_req_duration", RUN, ""))
            .exemplars(),
    ]
}

fn logs() -> Vec<Panel> {
    let lines = "{testid=~\"$testid\"} |= `$search`";
    let level = format!("sum by (level) (count_over_time({lines} [$__auto]))");
    let traced = format!(
        "{lines} |~ \"trace_?[iI][dD]\" | regexp `trace_?[iI][dD]\"?[=:] ?\"?(?P<trace>[0-9a-f]{{32}})` | trace!=``"
    );
    vec![
        Panel::stack("Lines by level", Unit::Count, "Log lines of the chosen runs by level: those with the label testid.")
            .size(Size::Full)
            .ask(Source::Loki, "{{level}}", &level),
        Panel::logs("Lines", "Log lines of the chosen runs, the newest first.")
            .ask(Source::Loki, "", lines),
        Panel::table("Lines with a trace", "Log lines with the id of a trace (trace_id=… or \"traceID\":…): a click on it opens the trace.")
            .from_labels()
            .ask(Source::Loki, "", &traced)
            .link("trace", "Open the trace", TRACE_URL),
    ]
}

fn traces() -> Vec<Panel> {
    let table = |title: &str, what: &str, condition: &str| {
        let query = format!("{{ .testid =~ \"$testid\" && {condition} }}");
        Panel::table(title, what)
            .plain()
            .size(Size::Half)
            .ask(Source::Tempo, "", &query)
    };
    vec![
        table(
            "Slow spans",
            "Traces of the chosen runs with a span that took longer than the field above says. The attribute testid may be the span's or the resource's.",
            "duration > $slower",
        ),
        table(
            "Failed spans",
            "Traces of the chosen runs with a span whose status is error.",
            "status = error",
        ),
    ]
}

/// From Tempo's metrics generator: there only where it is switched on.
fn services() -> Vec<Panel> {
    let by = "client, server";
    let series =
        |what: &str| format!("rate(traces_service_graph_request_{what}[$__rate_interval])");
    let sum = |what: &str| format!("sum by ({by}) ({})", series(what));
    let p95 = format!(
        "histogram_quantile(0.95, sum by (le, {by}) ({}))",
        series("server_seconds_bucket")
    );
    let legend = "{{client}} → {{server}}";
    vec![
        Panel::graph("Calls between services", Unit::RequestsPerSecond, "Requests per second from service to service, of all traces: Tempo's service graph knows no runs. Empty where Tempo's metrics generator is off.")
            .size(Size::Third)
            .query(legend, sum("total")),
        Panel::graph("Failed calls between services", Unit::RequestsPerSecond, "Requests per second from service to service that failed, of all traces.")
            .size(Size::Third)
            .query(legend, sum("failed_total")),
        Panel::graph("Latency between services, p95", Unit::Seconds, "p95 of requests from service to service as the server saw it, of all traces.")
            .size(Size::Third)
            .query(legend, p95),
    ]
}
