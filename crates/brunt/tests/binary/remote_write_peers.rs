//! Remote write to real receivers through outages, from two generators, and to `VictoriaMetrics`.

use std::process::Command;
use std::time::{Duration, Instant};

use brunt_testkit::Target;
use brunt_testkit::process::{
    ProcessError, Prometheus, VictoriaMetrics, prometheus, victoria_metrics,
};

use crate::support::{Brunt, Finished, Started, skip};

fn start(folder: &std::path::Path) -> Option<Prometheus> {
    match prometheus(folder) {
        Ok(running) => Some(running),
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn value(server: &Prometheus, expression: &str) -> f64 {
    let results = server.query(expression).unwrap();
    assert_eq!(results.len(), 1, "{expression}: {results:?}");
    results[0].value
}

fn signal(name: &str, pid: u32) {
    let kill = format!("kill -{name} {pid}");
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

const LOAD: &str = "import http from 'k6/http';
    import { sleep } from 'k6';
    import { Counter } from 'k6/metrics';
    const counter = new Counter('my_counter');
    export const options = { vus: 2, duration: '10m' };
    export default function () {
      counter.add(1, { vu: `${__VU}` });
      http.get(__ENV.URL);
      sleep(0.005);
    }
    export function teardown() { counter.add(1000, { vu: 'last' }); console.log('torn down'); }";

/// A load that goes on until it is interrupted, and has arrived once.
fn load(server: &Prometheus, target: &Target) -> Started {
    let out = format!(
        "prometheus=http://{},interval=200ms,timeout=500ms,stale-markers=false",
        server.address()
    );
    let args = [
        "--out",
        &out,
        "--out",
        "json=o.json",
        "--summary-export",
        "s.json",
    ];
    let run = Brunt::script(LOAD)
        .env_flag("URL", &target.url("/"))
        .args(&args)
        .start();
    run.wait_until("samples arrive", || {
        server
            .query("sum(k6_my_counter_total)")
            .is_ok_and(|it| it.first().is_some_and(|it| it.value > 0.0))
    });
    run
}

fn goes_on(run: &Started, target: &Target, requests: u64) {
    let before = target.requests();
    run.wait_until("the load goes on", || target.requests() > before + requests);
}

/// Every count is the one of the summary, the sample of the teardown, added last, included.
fn assert_same(server: &Prometheus, run: &Finished) {
    let (summary, points) = (run.summary("s.json"), run.points("o.json"));
    let expected = summary.value("my_counter", "count");
    assert_eq!(points.sum("my_counter"), expected);
    assert_eq!(value(server, "sum(k6_my_counter_total)"), expected);
    assert_eq!(value(server, "k6_my_counter_total{vu=\"last\"}"), 1000.0);
    let requests = summary.value("http_reqs", "count");
    assert_eq!(value(server, "sum(k6_http_reqs_total)"), requests);
    let durations = value(server, "sum(histogram_count(k6_http_req_duration_seconds))");
    assert_eq!(durations, requests);
}

#[test]
fn a_receiver_that_is_frozen_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    let target = Target::http().unwrap();
    let run = load(&server, &target);
    signal("STOP", server.pid());
    run.wait_for_log("deliveries fail");
    goes_on(&run, &target, 100);
    signal("CONT", server.pid());
    run.wait_for_log("deliveries work again");
    run.signal("INT");
    let run = run.finish().expect(105);
    assert_same(&server, &run);
}

#[test]
fn a_receiver_that_is_killed_at_the_end_and_started_again_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = start(folder.path()) else {
        return;
    };
    let target = Target::http().unwrap();
    let run = load(&server, &target);
    server.kill();
    run.wait_for_log("deliveries fail");
    goes_on(&run, &target, 50);
    // The test ends while nobody is there to take its last values.
    run.signal("INT");
    run.wait_for_log("torn down");
    server.restart().unwrap();
    let run = run.finish().expect(105);
    assert_same(&server, &run);
}

#[test]
fn two_generators_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    // Values over three octaves, different in each generator.
    let script = "import { Counter, Trend } from 'k6/metrics';
        const counter = new Counter('my_counter'), trend = new Trend('my_trend', true);
        export const options = { vus: 2, iterations: 500 };
        export default function () {
          counter.add(1);
          trend.add(120 + ((__ITER * 37 + Number(__ENV.SHIFT)) % 500) * 1.5);
        }";
    let out = format!(
        "prometheus=http://{},interval=200ms,stale-markers=false,testid=both",
        server.address()
    );
    let args = ["--out", &out, "--out", "json=o.json"];
    let runs = ["3", "251"].map(|shift| {
        let run = Brunt::script(script).env_flag("SHIFT", shift);
        run.args(&args).start()
    });
    let runs = runs.map(|run| run.finish().expect(0));
    assert_eq!(value(&server, "sum(k6_my_counter_total)"), 1000.0);
    assert_eq!(value(&server, "count(k6_my_counter_total)"), 2.0);
    let mut values: Vec<f64> = runs
        .iter()
        .flat_map(|run| run.points("o.json").values("my_trend"))
        .collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values.len(), 1000);
    // Three octaves fit into 160 buckets at schema 5, whose buckets are this wide.
    let width = 2_f64.powf(1.0 / 32.0);
    for (quantile, rank) in [(0.5, 500), (0.99, 990)] {
        let exact = values[rank - 1] / 1000.0;
        let expression = format!("histogram_quantile({quantile}, sum(k6_my_trend_seconds))");
        let merged = value(&server, &expression);
        assert!(
            merged <= exact * width && merged >= exact / width,
            "{quantile}: {merged}, exactly {exact}"
        );
    }
}

fn start_victoria_metrics(folder: &std::path::Path) -> Option<VictoriaMetrics> {
    match victoria_metrics(folder) {
        Ok(running) => Some(running),
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// It answers before it searches what it has just taken, sample by sample.
fn comes_to(server: &VictoriaMetrics, name: &str, expected: f64) {
    let expression = format!("sum(last_over_time({name}[10m]))");
    let deadline = Instant::now() + Duration::from_secs(30);
    let is_there = || {
        let found = server.query(&expression).unwrap();
        found
            .first()
            .is_some_and(|result| (result.value - expected).abs() < 1e-9)
    };
    while !is_there() {
        assert!(
            Instant::now() < deadline,
            "{name} is not {expected}: {:?}",
            server.query(&expression)
        );
    }
}

#[test]
fn victoria_metrics_holds_what_the_summary_says() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start_victoria_metrics(folder.path()) else {
        return;
    };
    let script = LOAD.replace("duration: '10m'", "iterations: 100");
    let target = Target::http().unwrap();
    let out = format!("prometheus=http://{},interval=200ms", server.address());
    let run = Brunt::script(script).env_flag("URL", &target.url("/"));
    let run = run.args(&["--out", &out, "--summary-export", "s.json"]);
    let run = run.run().expect(0);
    let summary = run.summary("s.json");
    let max = summary.value("http_req_duration", "max") / 1000.0;
    assert_eq!(summary.value("my_counter", "count"), 1100.0);
    for (name, expected) in [
        ("k6_my_counter_total", summary.value("my_counter", "count")),
        ("k6_http_reqs_total", summary.value("http_reqs", "count")),
        ("k6_iterations_total", 100.0),
        ("k6_http_req_duration_max", max),
    ] {
        comes_to(&server, name, expected);
    }
}

#[test]
fn two_generators_add_up_in_a_victoria_metrics_that_is_frozen_and_killed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = start_victoria_metrics(folder.path()) else {
        return;
    };
    let target = Target::http().unwrap();
    let out = format!(
        "prometheus=http://{},interval=200ms,timeout=500ms,stale-markers=false",
        server.address()
    );
    let args = ["--out", &out, "--summary-export", "s.json"];
    let runs = [(); 2].map(|()| {
        let run = Brunt::script(LOAD).env_flag("URL", &target.url("/"));
        run.args(&args).start()
    });
    let all_say = |text: &str, times: usize| {
        for run in &runs {
            run.wait_until(text, || run.lines_with(text) >= times);
        }
    };
    goes_on(&runs[0], &target, 100);
    signal("STOP", server.pid());
    all_say("deliveries fail", 1);
    goes_on(&runs[0], &target, 100);
    signal("CONT", server.pid());
    all_say("deliveries work again", 1);
    server.kill();
    all_say("deliveries fail", 2);
    goes_on(&runs[0], &target, 100);
    server.restart().unwrap();
    all_say("deliveries work again", 2);
    for run in &runs {
        run.signal("INT");
    }
    let runs = runs.map(|run| run.finish().expect(105));
    for (name, metric) in [
        ("k6_my_counter_total", "my_counter"),
        ("k6_http_reqs_total", "http_reqs"),
        ("k6_iterations_total", "iterations"),
    ] {
        let counts = runs
            .iter()
            .map(|run| run.summary("s.json").value(metric, "count"));
        comes_to(&server, name, counts.sum());
    }
}
