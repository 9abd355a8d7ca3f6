mod sections;

use std::time::Duration;

use brunt_aggregate::{CheckNode, GroupNode};

use super::*;
use crate::fixture::{self, crossed, kept};
use crate::options::{Mode, TimeUnit};

/// What k6 2.2 printed after a test of two scenarios.
const RECORDED: &str = include_str!("recorded.txt");

fn named(name: &str, checks: &[(&str, u64, u64)], groups: Vec<GroupNode>) -> GroupNode {
    let path = if name.is_empty() {
        String::new()
    } else {
        format!("::{name}")
    };
    let checks = checks.iter().map(|(name, passes, fails)| CheckNode {
        name: (*name).to_owned(),
        passes: *passes,
        fails: *fails,
        ..CheckNode::default()
    });
    GroupNode {
        name: name.to_owned(),
        path,
        groups,
        checks: checks.collect(),
    }
}

/// 2001 values with exactly these statistics: avg, min, med, max, p(90), p(95).
fn with_statistics(avg: f64, min: f64, med: f64, max: f64, p90: f64, p95: f64) -> Vec<f64> {
    let anchors = [(0, min), (1000, med), (1800, p90), (1900, p95), (2000, max)];
    let fill = |part: f64| -> Vec<f64> {
        let mut values = vec![min];
        for pair in anchors.windows(2) {
            let ((from, low), (to, high)) = (pair[0], pair[1]);
            values.extend(std::iter::repeat_n(
                low + part * (high - low),
                to - from - 1,
            ));
            values.push(high);
        }
        values
    };
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    let (least, most) = (sum(&fill(0.0)), sum(&fill(1.0)));
    let part = (avg * 2001.0 - least) / (most - least);
    assert!((0.0..=1.0).contains(&part), "no such distribution: {part}");
    fill(part)
}

fn recorded() -> Report {
    let time = |name, avg, min, med, max, p90, p95| {
        fixture::time(name, &with_statistics(avg, min, med, max, p90, p95))
    };
    let mut duration = time(
        "http_req_duration",
        0.631_867_777_140_809_4,
        0.0,
        0.296_383,
        34.125_146,
        0.954_002,
        1.609_592_5,
    );
    duration.thresholds = vec![
        kept("p(95)<500", "p(95)", 1.609_592_5),
        kept("avg<200", "avg", 0.631_867_777_1),
    ];
    let expected = time(
        "http_req_duration",
        0.634_139_865_516,
        0.065_232,
        0.297_37,
        34.125_146,
        0.954_656,
        1.614_588,
    );
    let mut buy = time(
        "http_req_duration",
        1.201_132_992_366,
        0.0,
        0.368_728,
        34.125_146,
        2.059_354,
        3.473_025,
    );
    buy.thresholds = vec![kept("p(99)<1000", "p(99)", 20.096)];
    let mut checks = fixture::rate("checks", 2660, 121);
    checks.thresholds = vec![kept("rate>0.5", "rate", 2660.0 / 2781.0)];
    let mut order_ok = fixture::rate("order_ok", 121, 0);
    order_ok.thresholds = vec![kept("rate>0.99", "rate", 1.0)];
    let mut orders = fixture::counter("orders", 121.0);
    orders.thresholds = vec![kept("count>10", "count", 121.0)];
    // Hidden: must not widen a column, whatever it holds.
    let hidden = |name| fixture::time(name, &[0.137_917_5, 59_111.0]);
    let mut report = fixture::report(vec![
        fixture::gauge("vus", 5.0, 5.0, 5.0),
        fixture::gauge("vus_max", 10.0, 10.0, 10.0),
        fixture::counter("iterations", 1451.0),
        time(
            "iteration_duration",
            20.896_339_99,
            0.297_897,
            21.781_702,
            54.505_231,
            23.972_006,
            26.195_762_5,
        ),
        checks,
        time(
            "group_duration",
            0.965_057_168,
            0.092_423,
            0.590_502_5,
            33.720_971,
            1.573_075_5,
            2.328_709_55,
        ),
        fixture::counter("http_reqs", 2791.0),
        duration,
        fixture::sub(expected, "expected_response:true"),
        fixture::sub(buy, "scenario:buy"),
        hidden("http_req_sending"),
        hidden("http_req_tls_handshaking"),
        fixture::rate("http_req_failed", 10, 2781),
        fixture::bytes("data_sent", 241_176.0),
        fixture::bytes("data_received", 609_039.0),
        orders,
        fixture::gauge("queue_depth", 4.0, 0.0, 9.0),
        order_ok,
        time(
            "order_took",
            1.300_400_18,
            0.115_295,
            0.381_715,
            34.125_146,
            2.079_785,
            4.073_305,
        ),
        fixture::trend(
            "order_size",
            &with_statistics(
                1_011.603_305_785_124,
                1000.0,
                1012.0,
                1024.0,
                1021.0,
                1022.0,
            ),
        ),
    ]);
    report.duration = Duration::from_secs_f64(2791.0 / 461.476_886_075_825_2);
    let browse = [
        ("status is 200", 1330, 0),
        ("has body, \"quoted\" & comma", 1330, 0),
    ];
    // In the recorded run the last check stood outside of groups and was seen last.
    report.root = named(
        "",
        &[],
        vec![
            named("catalogue", &browse, Vec::new()),
            named("x", &[("order accepted", 0, 121)], Vec::new()),
        ],
    );
    report
}

#[test]
fn a_recorded_summary_comes_out_byte_for_byte() {
    let text = render(&recorded(), &SummaryOptions::default());
    for (ours, theirs) in text.lines().zip(RECORDED.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(text, RECORDED);
}

/// The text without its first lines, up to and including a line that contains this.
fn after<'a>(text: &'a str, title: &str) -> &'a str {
    let start = text.find(title).expect("the title");
    text[start..].split_once('\n').expect("a line").1
}

#[test]
fn thresholds_show_values_in_the_units_of_their_metrics() {
    let mut apples = fixture::counter("apples", 6.0);
    apples.thresholds = vec![
        crossed("count>1000", "count", 6.0),
        kept("rate>0", "rate", 60.413_864_1),
    ];
    let mut sent = fixture::bytes("sent", 1840.0);
    sent.thresholds = vec![
        kept("count>1", "count", 1840.0),
        kept("rate>1", "rate", 184.0),
    ];
    let mut depth = fixture::gauge("depth", 3.5, 1.0, 4.0);
    depth.thresholds = vec![kept("value<9", "value", 3.5)];
    let wait = fixture::time("wait", &[120.0, 2500.0]);
    let mut first = fixture::sub(fixture::time("wait", &[120.0]), "leg:first");
    first.thresholds = vec![crossed("p(95)<10", "p(95)", 120.0)];
    let mut ok = fixture::rate("ok", 1, 2);
    ok.thresholds = vec![crossed("rate>0.5", "rate", 1.0 / 3.0)];
    let report = fixture::report(vec![wait, first, sent, depth, apples, ok]);
    let text = render(&report, &SummaryOptions::default());
    assert!(
        text.starts_with(
            "

  █ THRESHOLDS 

    apples
    ✗ 'count>1000' count=6
    ✓ 'rate>0' rate=60.413864/s

    depth
    ✓ 'value<9' value=3.5

    ok
    ✗ 'rate>0.5' rate=33.33%

    sent
    ✓ 'count>1' count=1.8 kB
    ✓ 'rate>1' rate=184 B/s

    wait{leg:first}
    ✗ 'p(95)<10' p(95)=120ms


  █ TOTAL RESULTS 

    CUSTOM
    apples"
        ),
        "{text}"
    );
}

#[test]
fn metrics_stand_in_categories_by_how_their_names_begin() {
    let names = [
        "ws_sessions",
        "grpc_streams",
        "browser_web_vital_lcp",
        "browser_requests",
        "data_sent_extra",
        "dropped_iterations",
        "vus_foo",
        "http_reqs",
        "http_req_foo",
        "brunt_iteration_lateness",
        "checks",
        "group_duration",
    ];
    let report = fixture::report(names.map(|name| fixture::counter(name, 1.0)).into());
    let text = render(&report, &SummaryOptions::default());
    let expected = "
    CUSTOM
    http_req_foo...............: 1 0.5/s

    HTTP
    http_reqs..................: 1 0.5/s

    EXECUTION
    dropped_iterations.........: 1 0.5/s
    vus_foo....................: 1 0.5/s

    NETWORK
    data_sent_extra............: 1 0.5/s

    BROWSER
    browser_requests...........: 1 0.5/s

    WEB_VITALS
    browser_web_vital_lcp......: 1 0.5/s

    GRPC
    grpc_streams...............: 1 0.5/s

    WEBSOCKET
    ws_sessions................: 1 0.5/s

    BRUNT
    brunt_iteration_lateness...: 1 0.5/s


\n";
    assert_eq!(after(&text, "TOTAL RESULTS"), expected);
}

#[test]
fn the_phases_of_requests_are_shown_in_full_mode_only() {
    let report = fixture::report(vec![
        fixture::time("http_req_waiting", &[1.0]),
        fixture::time("http_req_duration", &[1.0]),
    ]);
    let compact = render(&report, &SummaryOptions::default());
    assert!(!compact.contains("http_req_waiting") && compact.contains("http_req_duration"));
    let full = SummaryOptions {
        mode: Mode::Full,
        ..SummaryOptions::default()
    };
    let full = render(&report, &full);
    assert!(full.contains("    http_req_waiting....: avg=1ms"), "{full}");
}

#[test]
fn statistics_and_unit_are_the_users() {
    let options = SummaryOptions {
        trend_stats: ["min", "p(99.9)", "count"]
            .map(|s| s.parse().expect("known"))
            .into(),
        time_unit: Some(TimeUnit::Seconds),
        ..SummaryOptions::default()
    };
    let report = fixture::report(vec![
        fixture::time("wait", &[120.0, 2500.0, 2500.0]),
        fixture::trend("size", &[7.0]),
    ]);
    let text = render(&report, &options);
    let expected = "
    CUSTOM
    size...: min=7     p(99.9)=7     count=1
    wait...: min=0.12s p(99.9)=2.50s count=3


\n";
    assert_eq!(after(&text, "TOTAL RESULTS"), expected);
}

#[test]
fn checks_are_in_the_order_of_the_test_whatever_their_groups() {
    let mut report = fixture::report(vec![]);
    let inner = named("inside", &[("first", 1, 0)], Vec::new());
    report.root = named("", &[("second", 1, 0)], vec![inner]);
    report.root.checks[0].seen = 1;
    let text = render(&report, &SummaryOptions::default());
    assert!(
        text.find("✓ first").unwrap() < text.find("✓ second").unwrap(),
        "{text}"
    );
}

#[test]
fn checks_are_listed_with_their_failures() {
    let mut report = fixture::report(vec![]);
    let inner = named(
        "inside",
        &[("is even", 2, 2), ("is small", 0, 4)],
        Vec::new(),
    );
    report.root = named(
        "",
        &[("is small", 3, 1), ("is a number", 4, 0)],
        vec![inner],
    );
    let text = render(&report, &SummaryOptions::default());
    let expected = "
    checks_total.......: 16     8/s
    checks_succeeded...: 56.25% 9 out of 16
    checks_failed......: 43.75% 7 out of 16

    ✗ is small
      ↳  37% — ✓ 3 / ✗ 5
    ✓ is a number
    ✗ is even
      ↳  50% — ✓ 2 / ✗ 2


\n";
    assert_eq!(after(&text, "TOTAL RESULTS"), expected);
}

#[test]
fn colour_changes_no_character() {
    let coloured = render(
        &recorded(),
        &SummaryOptions {
            colour: true,
            ..SummaryOptions::default()
        },
    );
    assert!(coloured.contains("\x1b[32m✓\x1b[0m 'rate>0.5' rate=\x1b[36m95.64%\x1b[0m"));
    let mut plain = String::new();
    let mut parts = coloured.split('\x1b');
    plain.push_str(parts.next().expect("a first part"));
    for part in parts {
        plain.push_str(part.split_once('m').expect("an end").1);
    }
    assert_eq!(plain, RECORDED);
}
