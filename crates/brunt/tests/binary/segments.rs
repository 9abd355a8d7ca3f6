//! One test in several processes: each does its share, nothing is done twice or left out.

use std::collections::BTreeSet;

use brunt_testkit::Target;

use crate::support::Brunt;

/// Three shares of one test: a quarter, a quarter, a half.
const SEGMENTS: [&str; 3] = ["0:1/4", "1/4:1/2", "1/2:1"];
const SEQUENCE: &str = "0,1/4,1/2,1";

/// The numbers that each process sent in the paths of its requests, in ascending order; every number
/// came once. With how many iterations each had to drop.
fn shares(scenario: &str, number: &str) -> Vec<(Vec<u64>, f64)> {
    let script = format!(
        "import http from 'k6/http';
         import exec from 'k6/execution';
         export const options = {{ scenarios: {{ one: {{ {scenario} }} }} }};
         export default function () {{ http.get(`${{__ENV.URL}}/bytes/${{{number}}}`); }}"
    );
    // At the same time, as they are meant to be.
    let runs = SEGMENTS.map(|segment| {
        let target = Target::http().unwrap();
        let run = Brunt::script(&script)
            .env_flag("URL", target.url("").trim_end_matches('/'))
            .args(&["--execution-segment", segment])
            .args(&["--execution-segment-sequence", SEQUENCE])
            .args(&["--workers", "2", "--summary-export", "s.json"]);
        (target, run.start())
    });
    let shares = runs.map(|(target, run)| {
        let summary = run.finish().expect(0).summary("s.json");
        let dropped = if summary.has("dropped_iterations") {
            summary.value("dropped_iterations", "count")
        } else {
            0.0
        };
        let arrivals = target.arrivals().into_iter();
        let numbers = arrivals.map(|it| it.path.trim_start_matches("/bytes/").parse().unwrap());
        let mut numbers: Vec<u64> = numbers.collect();
        numbers.sort_unstable();
        (numbers, dropped)
    });
    let all: Vec<u64> = shares.iter().flat_map(|(share, _)| share.clone()).collect();
    let once: BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!(all.len(), once.len(), "nothing comes twice");
    shares.into()
}

/// Whose slot a number is: the largest share first, so a half has every second one.
fn owner(slot: u64) -> usize {
    [2, 0, 2, 1][(slot % 4) as usize]
}

/// The own ones of the first `count` numbers.
fn own(process: usize, count: u64) -> Vec<u64> {
    (0..count).filter(|&slot| owner(slot) == process).collect()
}

#[test]
fn shared_iterations_add_up_exactly_and_are_numbered_over_all_processes() {
    let scenario = "executor: 'shared-iterations', vus: 4, iterations: 40";
    let shares = shares(scenario, "exec.scenario.iterationInTest");
    for (process, (share, dropped)) in shares.iter().enumerate() {
        assert_eq!(*share, own(process, 40), "{}", SEGMENTS[process]);
        assert_eq!(*dropped, 0.0);
    }
}

#[test]
fn virtual_users_are_numbered_over_all_processes() {
    let scenario = "executor: 'per-vu-iterations', vus: 10, iterations: 1";
    let shares = shares(scenario, "exec.vu.idInTest - 1");
    // 10 = 2 whole turns of four and two more, which are the half's and the first quarter's.
    let counts: Vec<usize> = shares.iter().map(|(share, _)| share.len()).collect();
    assert_eq!(counts, [3, 2, 5]);
    for (process, (share, _)) in shares.iter().enumerate() {
        assert_eq!(*share, own(process, 10), "{}", SEGMENTS[process]);
    }
}

#[test]
fn starts_of_an_arrival_rate_are_taken_in_turn() {
    let scenario = "executor: 'constant-arrival-rate', rate: 40, duration: '1s',
        preAllocatedVUs: 40, gracefulStop: '20s'";
    let shares = shares(scenario, "exec.scenario.iterationInTest");
    for (process, (share, dropped)) in shares.iter().enumerate() {
        let own = own(process, 40);
        // What a busy machine could not start is counted, and not numbered.
        let planned = share.len() as f64 + dropped;
        assert_eq!(
            planned,
            own.len() as f64,
            "{}: {share:?}",
            SEGMENTS[process]
        );
        assert_eq!(share[..], own[..share.len()], "{}", SEGMENTS[process]);
    }
}
