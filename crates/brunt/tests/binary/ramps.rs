//! Ramps, seen where they cannot be faked: when requests arrive at the target.
//!
//! Scripts send when their scenario started, so that a plan's times can be compared with arrivals. A
//! busy machine makes arrivals late, never early: so each must not come before its time, all must
//! come, and only the middle one's delay is bounded, widely.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use brunt_testkit::Target;

use crate::support::{Brunt, Finished};

/// What clocks that are rounded to milliseconds may differ by, in seconds.
const ROUNDING: f64 = 0.003;

/// A request as it came.
struct Seen {
    /// The number in its path.
    number: u64,
    /// When it came, in seconds since its scenario's start.
    at: f64,
}

/// Requests of the form `/bytes/NUMBER?START`, START in milliseconds since 1970.
fn seen(target: &Target) -> Vec<Seen> {
    let (now, wall) = (Instant::now(), SystemTime::now());
    let wall = wall.duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let arrivals = target.arrivals().into_iter().map(|arrival| {
        let (path, start) = arrival.path.split_once('?').unwrap();
        let at = wall - now.duration_since(arrival.at).as_secs_f64();
        Seen {
            number: path.trim_start_matches("/bytes/").parse().unwrap(),
            at: at - start.parse::<f64>().unwrap() / 1000.0,
        }
    });
    arrivals.collect()
}

/// Runs a scenario whose iterations send NUMBER, an expression.
fn run(target: &Target, scenario: &str, number: &str, rest: &str) -> Finished {
    let script = format!(
        "import http from 'k6/http';
         import exec from 'k6/execution';
         import {{ sleep }} from 'k6';
         export const options = {{ scenarios: {{ one: {{ {scenario} }} }} }};
         export default function () {{
           http.get(`${{__ENV.URL}}/bytes/${{{number}}}?${{exec.scenario.startTime}}`);
           {rest}
         }}"
    );
    let run = Brunt::script(script).env_flag("URL", target.url("").trim_end_matches('/'));
    run.args(&["--summary-export", "s.json"]).run().expect(0)
}

#[test]
fn a_ramping_rate_starts_each_iteration_at_its_place_of_the_integral() {
    let target = Target::http().unwrap();
    // Up to 60/s within a second and down again: 30 starts each way.
    let scenario = "executor: 'ramping-arrival-rate', startRate: 0, preAllocatedVUs: 60,
        stages: [{ duration: '1s', target: 60 }, { duration: '1s', target: 0 }]";
    let run = run(&target, scenario, "exec.scenario.iterationInTest", "");
    let plan = |n: f64| {
        if n <= 30.0 {
            (n / 30.0).sqrt()
        } else {
            2.0 - ((60.0 - n) / 30.0).sqrt()
        }
    };
    let summary = run.summary("s.json");
    let dropped = if summary.has("dropped_iterations") {
        summary.value("dropped_iterations", "count")
    } else {
        0.0
    };
    let mut seen = seen(&target);
    // The last start lies on the very end.
    let planned = seen.len() as f64 + dropped;
    assert!(
        (59.0..=60.0).contains(&planned),
        "{planned}, {dropped} dropped"
    );
    seen.sort_by_key(|one| one.number);
    let mut late = Vec::new();
    for (place, one) in seen.iter().enumerate() {
        assert_eq!(one.number, place as u64, "numbered without gaps");
        let delay = one.at - plan(place as f64 + 1.0);
        assert!(delay > -ROUNDING, "{place}: {delay} s late");
        late.push(delay);
    }
    late.sort_by(f64::total_cmp);
    assert!(late[late.len() / 2] < 0.5, "{late:?}");
}

#[test]
fn ramping_vus_come_one_by_one_and_leave_when_the_plan_says() {
    let target = Target::http().unwrap();
    // A VU each 300 ms up to three; two leave at 1.5 s, the first one goes on to 3 s.
    let scenario =
        "executor: 'ramping-vus', startVUs: 0, gracefulRampDown: '0s', gracefulStop: '0s',
        stages: [{ duration: '900ms', target: 3 }, { duration: '600ms', target: 3 },
                 { duration: '0s', target: 1 }, { duration: '1500ms', target: 1 }]";
    run(&target, scenario, "exec.vu.idInTest", "sleep(0.02)");
    let seen = seen(&target);
    let mut spans: Vec<(f64, f64)> = (1..=3)
        .map(|vu| {
            let times = seen.iter().filter(|one| one.number == vu).map(|one| one.at);
            times.fold((f64::MAX, f64::MIN), |(first, last), at| {
                (first.min(at), last.max(at))
            })
        })
        .collect();
    assert!(
        seen.iter().all(|one| (1..=3).contains(&one.number)),
        "three VUs"
    );
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (place, (first, _)) in spans.iter().enumerate() {
        let planned = 0.3 * (place as f64 + 1.0);
        assert!(first - planned > -ROUNDING, "{place}: {first} s");
        assert!(*first < 1.5, "{place} came at {first} s");
    }
    // The first one is the only one that the last stage has.
    assert!(spans[0].1 > 2.0, "{spans:?}");
    assert!(spans[1..].iter().all(|(_, last)| *last < 2.0), "{spans:?}");
    assert!(seen.iter().all(|one| one.at < 4.0), "nothing after the end");
}
