//! The bundled dashboards on the data of a real run in a real Prometheus: every query of every panel
//! has to give the right answer, which the table `expected` has and which is worked out from the run's
//! summary and JSON lines, not from the query.

mod answers;
mod cluster;
mod commands;
mod compare;
mod expected;
mod k6;
mod pods;
mod pods_otel;
mod preview;
mod server;
mod websocket_grpc;

use std::collections::BTreeSet;

use brunt_grafana::{Dashboard, Format, Source, Target as Query, boards};
use brunt_testkit::Target;
use brunt_testkit::process::{ProcessError, prometheus};

use self::answers::Run;
use self::expected::{Answer, Expected};
use self::server::{Server, expand};
use crate::support::{Brunt, skip};

const SCRIPT: &str = "import http from 'k6/http';
import { check, group } from 'k6';
const load = (rate, exec) => ({
  executor: 'constant-arrival-rate', rate, timeUnit: '1s', duration: '6s', preAllocatedVUs: 10, exec,
});
export const options = {
  scenarios: { browse: load(40, 'browse'), pay: load(10, 'pay') },
  thresholds: { checks: ['rate>0.99'], http_req_duration: ['p(95)<60000'] },
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(95)', 'p(99)'],
};
export function browse() {
  const r = http.get(__ENV.URL + '/', { tags: { name: 'front' } });
  check(r, { fine: (v) => v.status === 200 });
}
export function pay() {
  group('till', () => {
    const r = http.post(__ENV.URL + '/status/500', 'money', { tags: { name: 'pay' } });
    check(r, { fine: (v) => v.status === 200, answered: (v) => v.status > 0 });
  });
}";

/// The letters of a panel's queries.
fn letter(number: usize) -> char {
    char::from(b'A' + u8::try_from(number).unwrap())
}

/// Queries of this dashboard against the table; every entry has to be used.
fn check(server: &Server<'_>, run: &Run, dashboard: &Dashboard, expected: &[Expected]) {
    let wrong = wrong(server, run, dashboard, expected);
    assert!(
        wrong.is_empty(),
        "{}:\n{}",
        dashboard.title,
        wrong.join("\n")
    );
}

/// The queries whose answers are not as the table has them, and the entries without a query.
fn wrong(
    server: &Server<'_>,
    run: &Run,
    dashboard: &Dashboard,
    expected: &[Expected],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for panel in dashboard.panels() {
        let targets = panel.targets.iter().enumerate();
        for (number, target) in targets.filter(|it| it.1.source == Source::Prometheus) {
            let what = format!("{} {}: {}", panel.title, letter(number), target.legend);
            let found = expected.iter().enumerate().find(|(_, it)| {
                it.title == panel.title
                    && it.letters.contains(letter(number))
                    && it.table == (target.format == Format::Table)
            });
            let Some((at, entry)) = found else {
                wrong.push(format!("{what}: nothing is expected of it"));
                continue;
            };
            used.insert(at);
            let position = entry.letters.find(letter(number)).unwrap();
            let answer = &entry.answers[position.min(entry.answers.len() - 1)];
            for native in ["1", "0"] {
                let gate =
                    ["$native) == 0", "$native) == 1"].map(|gate| target.expr.contains(gate));
                let empty = gate[usize::from(native == "0")] && !gate[usize::from(native == "1")];
                if native == "0" && gate == [false, false] {
                    continue;
                }
                let got = ask(server, target, answer, native);
                let want = if empty {
                    Vec::new()
                } else {
                    run.answer(server, answer, entry.by, entry.only)
                };
                if let Err(difference) = answers::compare(&got, &want, entry.by) {
                    wrong.push(format!(
                        "{what} (native={native}): {difference}\n  {}",
                        target.expr
                    ));
                }
            }
        }
    }
    for (at, entry) in expected.iter().enumerate() {
        if !used.contains(&at) {
            wrong.push(format!("{}: there is no such panel", entry.title));
        }
    }
    wrong
}

/// Asks at the time, and over the time, in which the answer is known.
fn ask(
    server: &Server<'_>,
    target: &Query,
    answer: &Answer,
    native: &'static str,
) -> Vec<server::Row> {
    let instant = matches!(target.format, Format::Instant | Format::Table);
    let (time, window) = match answer {
        // A rate is known where the counter was read regularly.
        Answer::Rate(_) => (server.middle, "3s"),
        Answer::Steady(_) if !instant => (server.middle, "3s"),
        // Its steps are 15 s apart: by then one has seen the whole run.
        Answer::Peak(_) => (server.end + 15.0, "2m"),
        _ if instant || target.expr.contains("$__interval") => (server.end, "2m"),
        // At the last sample before the markers that end the series, over all of them.
        _ => (server.last, "2m"),
    };
    server.query(&expand(&target.expr, window, native), time)
}

#[test]
fn every_panel_has_the_right_answer() {
    let folder = tempfile::tempdir().unwrap();
    let running = match prometheus(folder.path()) {
        Ok(running) => running,
        Err(error @ ProcessError::Missing(_)) => return skip(&error),
        Err(error) => panic!("{error}"),
    };
    let target = Target::http().unwrap();
    let out = format!(
        "prometheus=http://{},interval=1s,testid=data",
        running.address()
    );
    let url = target.url("");
    let run = Brunt::script(SCRIPT)
        .env_flag("URL", url.trim_end_matches('/'))
        .args(&[
            "--out",
            &out,
            "--out",
            "json=o.json",
            "--summary-export",
            "s.json",
        ])
        .run()
        .expect(99);
    let run = Run::new(run.summary("s.json"), run.points("o.json"));
    let server = Server::new(&running, "data");
    let of = |uid: &str| boards::find(uid).unwrap();
    check(&server, &run, &of("brunt-overview"), expected::OVERVIEW);
    check(&server, &run, &of("brunt-latency"), expected::LATENCY);
    check(&server, &run, &of("brunt-runs"), expected::RUNS);
    check(&server, &run, &of("brunt-k6"), k6::PANELS);
    let logs = of("brunt-logs-traces");
    check(&server, &run, &logs, expected::LOGS_TRACES);
    // What has no checked-in answer here still has to be understood by a Prometheus.
    for dashboard in boards::all() {
        let targets = dashboard.panels().flat_map(|panel| &panel.targets);
        for target in targets.filter(|it| it.source == Source::Prometheus) {
            server.query(&expand(&target.expr, "1m", "1"), server.last);
        }
        for variable in dashboard.all_variables() {
            server.understands_variable(&variable);
        }
    }
}
