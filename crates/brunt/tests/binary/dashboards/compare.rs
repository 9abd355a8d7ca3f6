//! The dashboard `compare` on two runs that differ in everything: every query has the right answer, and
//! another one once the runs are the other way round.

use std::collections::BTreeMap;

use brunt_grafana::{Dashboard, Format, boards};
use brunt_testkit::Target;
use brunt_testkit::process::{ProcessError, Prometheus, prometheus};

use super::answers::{self, Run, Wanted};
use super::expected::{Answer, Stat};
use super::letter;
use super::server::{Row, Server, expand_with};
use crate::support::{Brunt, Started, skip};

const SCRIPT: &str = "import http from 'k6/http';
import { check } from 'k6';
const e = __ENV;
export const options = {
  scenarios: { browse: {
    executor: 'constant-arrival-rate', rate: Number(e.RATE), timeUnit: '1s', duration: '6s',
    preAllocatedVUs: Number(e.VUS), exec: 'browse',
  } },
  thresholds: { http_req_failed: ['rate<0.4'] },
  // All that go into the series.
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'],
};
export function browse() {
  const r = http.get(e.URL + (__ITER % Number(e.EVERY) === 0 ? '/status/500' : e.PAGE));
  check(r, { fine: (v) => v.status === 200 });
}";

/// A run that has ended, and the times at which its series are known.
struct Side<'a> {
    testid: &'static str,
    run: Run,
    server: Server<'a>,
}

/// Starts one; `settings` are the script's RATE, VUS, EVERY and PAGE.
fn start(running: &Prometheus, target: &Target, testid: &str, settings: [&str; 4]) -> Started {
    let out = format!(
        "prometheus=http://{},interval=1s,testid={testid}",
        running.address()
    );
    let mut run = Brunt::script(SCRIPT).env_flag("URL", target.url("").trim_end_matches('/'));
    for (name, value) in ["RATE", "VUS", "EVERY", "PAGE"].iter().zip(settings) {
        run = run.env_flag(name, value);
    }
    run.args(&["--out", &out, "--out", "json=o.json"])
        .args(&["--summary-export", "s.json"])
        .start()
}

/// Rows by metric and statistic.
fn rows(values: impl Iterator<Item = ((String, String), f64)>) -> Vec<Wanted> {
    let near = |value: f64| {
        let width = if value.is_finite() {
            1e-9 * value.abs() + 1e-12
        } else {
            0.0
        };
        (value - width, value + width)
    };
    values
        // Nothing divided by nothing.
        .filter(|(_, value)| !value.is_nan())
        .map(|((metric, stat), value)| (vec![metric, stat], near(value).0, near(value).1))
        .collect()
}

/// The statistics of one run, or how they changed, in the columns of the tables.
fn columns(a: &Side<'_>, b: &Side<'_>, keep: impl Fn(&str, &str) -> bool) -> [Vec<Wanted>; 3] {
    let chosen = |side: &Side<'_>| -> BTreeMap<(String, String), f64> {
        let all = side.run.statistics().into_iter();
        all.filter(|((metric, stat), _)| keep(metric, stat))
            .collect()
    };
    let (old, new) = (chosen(a), chosen(b));
    // What only one of them measured has no change.
    let change = new
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value / old.get(key)? - 1.0)));
    [
        rows(old.clone().into_iter()),
        rows(new.clone().into_iter()),
        rows(change),
    ]
}

/// The labels in which a panel's rows differ, and what its query has to answer.
fn wanted(a: &Side<'_>, b: &Side<'_>, title: &str, table: bool, number: usize) -> Vec<Wanted> {
    const DURATION: &str = "http_req_duration";
    let one = |value: f64| vec![(Vec::new(), value, value)];
    let change = |metric: &str, stat: &str| {
        let of = |side: &Side<'_>| side.run.statistics()[&(metric.to_owned(), stat.to_owned())];
        let value = of(b) / of(a) - 1.0;
        vec![(
            Vec::new(),
            value - 1e-9 * value.abs(),
            value + 1e-9 * value.abs(),
        )]
    };
    let side = if number.is_multiple_of(2) { a } else { b };
    let answer = |answer: &Answer| side.run.answer(&side.server, answer, "", "");
    match (title, table) {
        ("p95, change", _) => change(DURATION, "p(95)"),
        ("Median, change", _) => change(DURATION, "med"),
        ("p99, change", _) => change(DURATION, "p(99)"),
        ("Throughput, change", _) => change("http_reqs", "rate"),
        ("Thresholds broken in A", _) => one(f64::from(u8::from(a.testid == "slow"))),
        ("Thresholds broken in B", _) => one(f64::from(u8::from(b.testid == "slow"))),
        ("Times", true) => {
            let trends = |metric: &str, stat: &str| {
                let begins = ["http_req_", "iteration_", "group_"];
                begins.iter().any(|it| metric.starts_with(it))
                    && !["count", "passes", "fails", "rate"].contains(&stat)
            };
            columns(a, b, trends)[number].clone()
        }
        ("Everything", true) => columns(a, b, |_, _| true)[number].clone(),
        ("p95", false) => answer(&Answer::Quantile(0.95, DURATION)),
        ("p95, statistic", false) => answer(&Answer::Slowest(Stat::P(0.95), DURATION)),
        ("Request rate", false) => answer(&Answer::Rate(if side.testid == "fast" {
            "k6_http_reqs_total{testid=\"fast\"}"
        } else {
            "k6_http_reqs_total{testid=\"slow\"}"
        })),
        ("Error rate", false) => answer(&Answer::Share("http_req_failed")),
        // At the end there are none in either.
        ("Virtual users", false) => {
            let vus = format!("k6_vus{{testid=\"{}\"}}", side.testid);
            let series = side.server.samples(&vus, "10s", side.server.middle);
            one(series.iter().map(|it| it.1.last().unwrap().1).sum())
        }
        _ => panic!("nothing is expected of {title}"),
    }
}

/// What a query answers where A is shown at B's time.
fn ask(
    a: &Side<'_>,
    b: &Side<'_>,
    expr: &str,
    title: &str,
    instant: bool,
    native: &str,
) -> Vec<Row> {
    let (window, of): (_, fn(&Server<'_>) -> f64) = match title {
        "Request rate" | "Virtual users" => ("3s", |it| it.middle),
        _ => ("2m", |it| it.last),
    };
    let time = of(&b.server);
    let shift = format!("{}ms", ((time - of(&a.server)) * 1000.0).round());
    let chosen = [
        ("a", a.testid),
        ("b", b.testid),
        ("shift", shift.as_str()),
        ("native", native),
    ];
    let time = if instant {
        a.server.end.max(b.server.end)
    } else {
        time
    };
    let rows = b.server.query(&expand_with(expr, window, &chosen), time);
    rows.into_iter().filter(|row| !row.1.is_nan()).collect()
}

/// The queries that do not have the answers of `wanted`, and how many queries there are. The panels are
/// asked about `shown`, the answers are worked out from `known`.
fn different(
    dashboard: &Dashboard,
    shown: [&Side<'_>; 2],
    known: [&Side<'_>; 2],
) -> (Vec<String>, usize) {
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for panel in dashboard.panels() {
        for (number, target) in panel.targets.iter().enumerate() {
            let table = target.format == Format::Table;
            let instant = table || target.format == Format::Instant;
            let natives: &[&str] = if target.expr.contains("$native") {
                &["1", "0"]
            } else {
                &["1"]
            };
            for native in natives {
                asked += 1;
                let title = if *native == "0" {
                    format!("{}, statistic", panel.title)
                } else {
                    panel.title.clone()
                };
                let got = ask(
                    shown[0],
                    shown[1],
                    &target.expr,
                    &panel.title,
                    instant,
                    native,
                );
                let want = wanted(known[0], known[1], &title, table, number);
                let by = if table { "metric,stat" } else { "" };
                if let Err(difference) = answers::compare(&got, &want, by) {
                    wrong.push(format!(
                        "{title} {}: {difference}\n  {}",
                        letter(number),
                        target.expr
                    ));
                }
            }
        }
    }
    (wrong, asked)
}

#[test]
fn two_runs_are_compared_rightly() {
    let folder = tempfile::tempdir().unwrap();
    let running = match prometheus(folder.path()) {
        Ok(running) => running,
        Err(error @ ProcessError::Missing(_)) => return skip(&error),
        Err(error) => panic!("{error}"),
    };
    let target = Target::http().unwrap();
    let fast = start(&running, &target, "fast", ["40", "5", "5", "/"]);
    // B begins later, so that the graphs have to move A.
    fast.wait_until("a first snapshot", || {
        let seen = running.query("count_over_time(k6_vus{testid=\"fast\"}[1m])");
        seen.is_ok_and(|it| it.first().is_some_and(|it| it.value >= 2.0))
    });
    let slow = start(&running, &target, "slow", ["16", "9", "2", "/delay/80"]);
    let ended = [fast.finish().expect(0), slow.finish().expect(99)];
    let sides = ["fast", "slow"].iter().zip(ended).map(|(testid, ended)| {
        let run = Run::new(ended.summary("s.json"), ended.points("o.json"));
        let server = Server::new(&running, testid);
        Side {
            testid,
            run,
            server,
        }
    });
    let sides: Vec<_> = sides.collect();
    let (fast, slow) = (&sides[0], &sides[1]);
    let dashboard = boards::find("brunt-compare").unwrap();
    let (wrong, asked) = different(&dashboard, [fast, slow], [fast, slow]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // With the runs exchanged no query may answer the same.
    let (wrong, _) = different(&dashboard, [slow, fast], [fast, slow]);
    assert_eq!(wrong.len(), asked, "{}", wrong.join("\n"));
}
