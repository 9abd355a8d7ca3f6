//! What each query of each panel has to answer: the checked-in answers. How a value is worked out is in
//! `answers`.

/// A statistic of single series.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stat {
    Min,
    Avg,
    Max,
    /// A percentile, 0 to 1.
    P(f64),
}

/// What an answer is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// No series.
    Nothing,
    /// These values, by the value of the label.
    Numbers(&'static [(&'static str, f64)]),
    /// The sum of a metric's samples.
    Total(&'static str),
    /// How many samples a metric has, as an old Prometheus knows it: the first interval is not in it.
    Count(&'static str),
    /// The share of a rate's samples that are 1.
    Share(&'static str),
    /// The mean of a metric's samples.
    Mean(&'static str),
    /// A percentile of a metric's samples.
    Quantile(f64, &'static str),
    /// The largest of a statistic of a metric's series.
    Slowest(Stat, &'static str),
    /// A value of the exported summary.
    Summary(&'static str, &'static str),
    /// The last sample of a gauge.
    Last(&'static str),
    /// What series had last, multiplied.
    Now(&'static str, f64),
    /// How fast counters grew.
    Rate(&'static str),
    /// How fast counters grow that grow steadily, by the value of the label.
    Steady(&'static [(&'static str, f64)]),
    /// The most samples of a counter a minute had, per second.
    Peak(&'static str),
    /// How many reasons for doubt there are.
    Doubts,
}

/// What queries of a panel have to answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) title: &'static str,
    /// Whether the panel is a table: a graph may have the same title.
    pub(super) table: bool,
    /// Of the queries; the n-th has the n-th answer.
    pub(super) letters: &'static str,
    /// The labels in which rows differ, with commas.
    pub(super) by: &'static str,
    /// Only samples with this tag, `name=value`.
    pub(super) only: &'static str,
    pub(super) answers: &'static [Answer],
}

pub(super) const fn one(
    title: &'static str,
    letters: &'static str,
    answers: &'static [Answer],
) -> Expected {
    by(title, letters, "", answers)
}

pub(super) const fn by(
    title: &'static str,
    letters: &'static str,
    by: &'static str,
    answers: &'static [Answer],
) -> Expected {
    Expected {
        title,
        table: false,
        letters,
        by,
        only: "",
        answers,
    }
}

pub(super) const fn table(
    title: &'static str,
    letters: &'static str,
    by: &'static str,
    answers: &'static [Answer],
) -> Expected {
    Expected {
        title,
        table: true,
        letters,
        by,
        only: "",
        answers,
    }
}

pub(super) const fn only(it: Expected, only: &'static str) -> Expected {
    Expected { only, ..it }
}

use Answer::{
    Doubts, Last, Mean, Nothing, Now, Numbers, Quantile, Rate, Share, Slowest, Summary, Total,
};

const DURATION: &str = "http_req_duration";
const ITERATION: &str = "iteration_duration";
const LATENESS: &str = "brunt_engine_iteration_lateness";

pub(super) const OVERVIEW: &[Expected] = &[
    one("Verdict", "A", &[Numbers(&[("", 0.0)])]),
    one("Trust", "A", &[Doubts]),
    one("Thresholds broken", "A", &[Numbers(&[("", 1.0)])]),
    one("Requests", "A", &[Total("http_reqs")]),
    one("Errors", "A", &[Share("http_req_failed")]),
    one(
        "p95",
        "AB",
        &[Quantile(0.95, DURATION), Slowest(Stat::P(0.95), DURATION)],
    ),
    one("VUs, most", "A", &[Summary("vus", "max")]),
    one(
        "Request rate",
        "AB",
        &[
            Rate("k6_http_reqs_total"),
            Rate("k6_http_req_failed_passes_total"),
        ],
    ),
    one(
        "Latency",
        "ABCDEFGH",
        &[
            Quantile(0.5, DURATION),
            Quantile(0.9, DURATION),
            Quantile(0.95, DURATION),
            Quantile(0.99, DURATION),
            Slowest(Stat::Avg, DURATION),
            Slowest(Stat::P(0.95), DURATION),
            Slowest(Stat::P(0.99), DURATION),
            Slowest(Stat::Max, DURATION),
        ],
    ),
    one("Error rate", "A", &[Share("http_req_failed")]),
    one("Virtual users", "AB", &[Last("vus"), Last("vus_max")]),
    one(
        "Iterations",
        "AB",
        &[
            Rate("k6_iterations_total"),
            Rate("brunt_engine_iterations_dropped_total"),
        ],
    ),
    one(
        "Iteration duration",
        "ABCDEFGH",
        &[
            Quantile(0.5, ITERATION),
            Quantile(0.9, ITERATION),
            Quantile(0.95, ITERATION),
            Quantile(0.99, ITERATION),
            Slowest(Stat::Avg, ITERATION),
            Slowest(Stat::P(0.95), ITERATION),
            Slowest(Stat::P(0.99), ITERATION),
            Slowest(Stat::Max, ITERATION),
        ],
    ),
    one(
        "Data",
        "AB",
        &[Rate("k6_data_sent_total"), Rate("k6_data_received_total")],
    ),
    by(
        "Requests by status",
        "A",
        "status",
        &[Rate("k6_http_reqs_total")],
    ),
    table(
        "Thresholds",
        "A",
        "metric",
        &[Numbers(&[("checks", 0.0), (DURATION, 1.0)])],
    ),
    table("Checks", "A", "check", &[Share("checks")]),
    table("Checks", "B", "check", &[Now("k6_checks_fails_total", 1.0)]),
    table("Checks", "C", "check", &[Total("checks")]),
    by(
        "Failed checks",
        "A",
        "check",
        &[Rate("k6_checks_fails_total")],
    ),
    // The tile and the graph.
    one("Checks", "A", &[Share("checks")]),
    table(
        "Slowest names",
        "AB",
        "name,method",
        &[Quantile(0.95, DURATION), Slowest(Stat::P(0.95), DURATION)],
    ),
    only(
        table(
            "Names with most errors",
            "AB",
            "name,method,status",
            &[Total("http_req_failed"), Total("http_reqs")],
        ),
        "status=500",
    ),
    by(
        "Request rate by scenario",
        "A",
        "scenario",
        &[Rate("k6_http_reqs_total")],
    ),
    by(
        "p95 by scenario",
        "AB",
        "scenario",
        &[Quantile(0.95, DURATION), Slowest(Stat::P(0.95), DURATION)],
    ),
    by(
        "Iterations by scenario",
        "A",
        "scenario",
        &[Rate("k6_iterations_total")],
    ),
    by(
        "Request rate by group",
        "A",
        "group",
        &[Rate("k6_http_reqs_total")],
    ),
    by(
        "Duration of groups, p95",
        "AB",
        "group",
        &[
            Quantile(0.95, "group_duration"),
            Slowest(Stat::P(0.95), "group_duration"),
        ],
    ),
    by(
        "Failed checks by group",
        "A",
        "group",
        &[Rate("k6_checks_fails_total")],
    ),
    by(
        "Worker lag",
        "A",
        "instance",
        &[Now("brunt_engine_worker_lag_seconds", 1.0)],
    ),
    one(
        "Iteration lateness",
        "ABCD",
        &[
            Quantile(0.95, LATENESS),
            Quantile(0.99, LATENESS),
            Slowest(Stat::P(0.95), LATENESS),
            Slowest(Stat::P(0.99), LATENESS),
        ],
    ),
    one(
        "Iterations that did not run whole",
        "AB",
        &[
            Now("brunt_engine_iterations_dropped_total", 1.0),
            Now("brunt_engine_iterations_interrupted_total", 1.0),
        ],
    ),
    by(
        "Delivery of outputs",
        "AB",
        "output",
        &[
            Rate("brunt_output_accepted_total"),
            Rate("brunt_output_delivered_total"),
        ],
    ),
    by(
        "Lag of outputs",
        "A",
        "output",
        &[Now("brunt_output_lag_seconds", 1.0)],
    ),
    table(
        "Losses of outputs",
        "ABCD",
        "output",
        &[
            Now("brunt_output_dropped_total", 1.0),
            Now("brunt_output_rejected_total", 1.0),
            Now("brunt_output_retries_total", 1.0),
            Now("brunt_output_spooled", 1.0),
        ],
    ),
];

const BY_ALL: &str = "name,method,status";
const BLOCKED: &str = "http_req_blocked";
const CONNECTING: &str = "http_req_connecting";
const HANDSHAKING: &str = "http_req_tls_handshaking";
const SENDING: &str = "http_req_sending";
const WAITING: &str = "http_req_waiting";
const RECEIVING: &str = "http_req_receiving";
const P95: Stat = Stat::P(0.95);
const SLOW: Answer = Slowest(P95, DURATION);

pub(super) const LATENCY: &[Expected] = &[
    // A histogram's count grows as the counter of requests does.
    one("Latencies", "A", &[Rate("k6_http_reqs_total")]),
    one(
        "Percentiles",
        "ABCDEFGHIJ",
        &[
            Quantile(0.5, DURATION),
            Quantile(0.9, DURATION),
            Quantile(0.95, DURATION),
            Quantile(0.99, DURATION),
            Quantile(1.0, DURATION),
            Slowest(Stat::Min, DURATION),
            Slowest(Stat::Avg, DURATION),
            SLOW,
            Slowest(Stat::P(0.99), DURATION),
            Slowest(Stat::Max, DURATION),
        ],
    ),
    only(
        one(
            "Expected and failed",
            "AC",
            &[Quantile(0.95, DURATION), SLOW],
        ),
        "expected_response=true",
    ),
    only(
        one(
            "Expected and failed",
            "BD",
            &[Quantile(0.95, DURATION), SLOW],
        ),
        "expected_response=false",
    ),
    one(
        "Phases, mean",
        "ABCDEFGHIJKL",
        &[
            Mean(BLOCKED),
            Slowest(Stat::Avg, BLOCKED),
            Mean(CONNECTING),
            Slowest(Stat::Avg, CONNECTING),
            Mean(HANDSHAKING),
            Slowest(Stat::Avg, HANDSHAKING),
            Mean(SENDING),
            Slowest(Stat::Avg, SENDING),
            Mean(WAITING),
            Slowest(Stat::Avg, WAITING),
            Mean(RECEIVING),
            Slowest(Stat::Avg, RECEIVING),
        ],
    ),
    one(
        "Phases, p95",
        "ABCDEFGHIJKL",
        &[
            Quantile(0.95, BLOCKED),
            Slowest(P95, BLOCKED),
            Quantile(0.95, CONNECTING),
            Slowest(P95, CONNECTING),
            Quantile(0.95, HANDSHAKING),
            Slowest(P95, HANDSHAKING),
            Quantile(0.95, SENDING),
            Slowest(P95, SENDING),
            Quantile(0.95, WAITING),
            Slowest(P95, WAITING),
            Quantile(0.95, RECEIVING),
            Slowest(P95, RECEIVING),
        ],
    ),
    by("By name", "AB", "name", &[Quantile(0.95, DURATION), SLOW]),
    by(
        "By method",
        "AB",
        "method",
        &[Quantile(0.95, DURATION), SLOW],
    ),
    by(
        "By status",
        "AB",
        "status",
        &[Quantile(0.95, DURATION), SLOW],
    ),
    table(
        "Requests by name, method and status",
        "ABCDEF",
        BY_ALL,
        &[
            Total("http_reqs"),
            Quantile(0.5, DURATION),
            Quantile(0.95, DURATION),
            Quantile(0.99, DURATION),
            Quantile(1.0, DURATION),
            SLOW,
        ],
    ),
];

pub(super) const RUNS: &[Expected] = &[
    one("p95", "A", &[Summary(DURATION, "p(95)")]),
    one("Error rate", "A", &[Share("http_req_failed")]),
    one("Throughput", "A", &[Summary("http_reqs", "rate")]),
    one("Checks", "A", &[Share("checks")]),
    by("Verdict", "A", "verdict", &[Numbers(&[("failed", 0.0)])]),
    one(
        "Any metric",
        "ABCD",
        &[
            Summary(DURATION, "med"),
            Summary(DURATION, "p(95)"),
            Nothing,
            Nothing,
        ],
    ),
    table(
        "Last runs",
        "A",
        "testid",
        &[Now("brunt_run_started_seconds", 1000.0)],
    ),
    table(
        "Last runs",
        "B",
        "testid,script,verdict,exit_code",
        &[Now("brunt_run_info", 1.0)],
    ),
    table("Last runs", "C", "", &[Total("http_reqs")]),
    table(
        "Last runs",
        "DEFGH",
        "",
        &[
            Summary("http_reqs", "rate"),
            Summary(DURATION, "p(95)"),
            Summary(DURATION, "p(99)"),
            Share("http_req_failed"),
            Share("checks"),
        ],
    ),
];

/// Of the panels that ask Prometheus; the services' are in the cluster's test.
pub(super) const LOGS_TRACES: &[Expected] = &[
    one(
        "Request rate",
        "AB",
        &[
            Rate("k6_http_reqs_total"),
            Rate("k6_http_req_failed_passes_total"),
        ],
    ),
    one("Latency, p95", "AB", &[Quantile(0.95, DURATION), SLOW]),
    one("Calls between services", "A", &[Nothing]),
    one("Failed calls between services", "A", &[Nothing]),
    one("Latency between services, p95", "A", &[Nothing]),
];
