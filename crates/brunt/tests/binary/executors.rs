//! What executors promise, counted where it cannot be faked: at the target.

use brunt_testkit::Target;

use crate::support::Brunt;

const NUMBERED: &str = "import http from 'k6/http';
import exec from 'k6/execution';
export default function () {
  http.get(`${__ENV.URL}/status/${200 + exec.scenario.iterationInTest}`);
}";

#[test]
fn shared_iterations_run_exactly_once_each_over_any_workers() {
    for workers in ["1", "2", "4"] {
        let target = Target::http().unwrap();
        let run = Brunt::script(NUMBERED)
            .env_flag("URL", target.url("").trim_end_matches('/'))
            .args(&["--workers", workers, "--vus", "20", "--iterations", "300"]);
        run.args(&["--summary-export", "s.json"]).run().expect(0);
        for number in 200..500 {
            assert_eq!(
                target.requests_of(&format!("/status/{number}")),
                1,
                "{workers}: {number}"
            );
        }
        assert_eq!(target.requests(), 300);
    }
}

#[test]
fn per_vu_iterations_give_each_vu_its_own_over_any_workers() {
    for workers in ["1", "2", "4"] {
        let target = Target::http().unwrap();
        let script = "import http from 'k6/http';
            export const options = { scenarios: { one: {
              executor: 'per-vu-iterations', vus: 10, iterations: 7 } } };
            export default function () { http.get(`${__ENV.URL}/bytes/${__VU}`); }";
        let run = Brunt::script(script)
            .env_flag("URL", target.url("").trim_end_matches('/'))
            .args(&["--workers", workers]);
        run.run().expect(0);
        for vu in 1..=10 {
            assert_eq!(
                target.requests_of(&format!("/bytes/{vu}")),
                7,
                "{workers}: VU {vu}"
            );
        }
        assert_eq!(target.requests(), 70);
        assert_eq!(target.connections(), 10, "one connection for each VU");
    }
}

#[test]
fn constant_arrival_rate_starts_what_it_says() {
    for workers in ["1", "2"] {
        let target = Target::http().unwrap();
        let script = "import http from 'k6/http';
            export const options = { scenarios: { one: { executor: 'constant-arrival-rate',
              rate: 200, duration: '1500ms', preAllocatedVUs: 50 } } };
            export default function () { http.get(__ENV.URL); }";
        let run = Brunt::script(script).env_flag("URL", &target.url("/"));
        let run = run
            .args(&["--workers", workers, "--summary-export", "s.json"])
            .run()
            .expect(0);
        let summary = run.summary("s.json");
        let started = target.requests();
        // No timing decides: what a busy machine could not start in time counts as dropped.
        let dropped = if summary.has("dropped_iterations") {
            summary.value("dropped_iterations", "count")
        } else {
            0.0
        };
        let planned = started as f64 + dropped;
        assert!(
            (299.0..=301.0).contains(&planned),
            "{started} started, {dropped} dropped"
        );
        assert_eq!(summary.value("iterations", "count"), started as f64);
    }
}

#[test]
fn too_few_vus_drop_iterations_and_say_so() {
    let script = "import { sleep } from 'k6';
        export const options = { scenarios: { one: { executor: 'constant-arrival-rate',
          rate: 50, duration: '1s', preAllocatedVUs: 2, gracefulStop: '0s' } } };
        export default function () { sleep(600); }";
    let args = ["--summary-export", "s.json", "--out", "json=o.json"];
    let run = Brunt::script(script).args(&args).run().expect(0);
    let dropped = run.summary("s.json").value("dropped_iterations", "count");
    assert!((47.0..=49.0).contains(&dropped), "{dropped}");
    assert_eq!(run.points("o.json").sum("dropped_iterations"), dropped);
    assert!(
        run.messages("warning").len() + run.messages("warn").len() >= 1,
        "{}",
        run.stderr
    );
    run.says(&["Insufficient VUs"]);
}

#[test]
fn constant_vus_end_with_their_duration_and_graceful_stop_ends_the_rest() {
    let script = "import { sleep } from 'k6';
        export const options = { scenarios: { one: { executor: 'constant-vus', vus: 3,
          duration: '1s', gracefulStop: '0s' } } };
        export default function () { console.log('start'); sleep(600); console.log('end'); }";
    let run = Brunt::script(script).run().expect(0);
    assert_eq!(run.console(), ["start", "start", "start"]);
    assert!(
        run.stdout
            .contains("0 complete and 3 interrupted iterations"),
        "{}",
        run.stdout
    );
}

#[test]
fn scenarios_run_their_own_functions_with_their_own_env_and_tags() {
    let script = "import exec from 'k6/execution';
        import { Counter } from 'k6/metrics';
        const seen = new Counter('seen');
        export const options = { scenarios: {
          first: { executor: 'per-vu-iterations', exec: 'one', env: { WHO: 'a' }, tags: { t: '1' } },
          second: { executor: 'shared-iterations', exec: 'two', iterations: 2, vus: 2,
                    env: { WHO: 'b' }, tags: { t: '2' } } } };
        export function one() { seen.add(1, { who: __ENV.WHO, name: exec.scenario.name }); }
        export function two() { seen.add(1, { who: __ENV.WHO, name: exec.scenario.name }); }";
    let run = Brunt::script(script)
        .args(&["--out", "json=o.json"])
        .run()
        .expect(0);
    let points = run.points("o.json");
    let mut seen: Vec<String> = points
        .of("seen")
        .iter()
        .map(|data| {
            format!(
                "{} {} {} {}",
                data["tags"]["scenario"],
                data["tags"]["t"],
                data["tags"]["who"],
                data["tags"]["name"]
            )
        })
        .collect();
    seen.sort();
    let second = r#""second" "2" "b" "second""#;
    assert_eq!(seen, [r#""first" "1" "a" "first""#, second, second]);
}

#[test]
fn setup_data_reaches_every_vu_as_its_own_copy() {
    let script = "export const options = { vus: 4, iterations: 4 };
        export function setup() { return { list: [1, 2], text: 'täxt' }; }
        export default function (data) { data.list.push(3); console.log(JSON.stringify(data)); }
        export function teardown(data) { console.log('end ' + JSON.stringify(data)); }";
    let run = Brunt::script(script).run().expect(0);
    let console = run.console();
    assert_eq!(console.len(), 5);
    assert_eq!(console[4], r#"end {"list":[1,2],"text":"täxt"}"#);
    let copies: Vec<&str> = console[..4].iter().map(String::as_str).collect();
    assert!(
        copies
            .iter()
            .all(|text| text.starts_with(r#"{"list":[1,2,3"#)),
        "{copies:?}"
    );
}
