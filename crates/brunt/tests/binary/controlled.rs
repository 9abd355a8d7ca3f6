//! The executor that is driven from outside.

use std::net::TcpListener;

use brunt_testkit::Target;
use serde_json::json;

use crate::api::Test;
use crate::support::{Brunt, Started, skip};

/// Every VU first waits for as many others as its path says, then goes on by itself.
const MEETING: &str = "import http from 'k6/http';
import { sleep } from 'k6';
export const options = { scenarios: { one: {
  executor: 'externally-controlled', vus: 1, maxVUs: 2, duration: '10m' } } };
let met = false;
export default function () {
  if (!met) { http.get(`${__ENV.URL}/meet/4`, { timeout: '50s' }); met = true; }
  http.get(`${__ENV.URL}/bytes/1`);
  sleep(0.01);
}";

fn meeting(target: &Target) -> Brunt {
    Brunt::script(MEETING).env_flag("URL", target.url("").trim_end_matches('/'))
}

#[test]
fn scaling_adds_vus_and_takes_them_away() {
    let target = Target::http().unwrap();
    let test = Test::start(meeting(&target));
    test.wait_for_status("vus", &json!(1));
    assert_eq!(test.status()["vus-max"], 2);
    let refused = test.command(&["scale", "--vus", "3"]).expect(255);
    refused.one_error(&["3 VUs", "maximum of 2", "--max"]);
    test.command(&["scale", "--vus", "3", "--max", "5"])
        .expect(0);
    test.run
        .wait_until("three requests wait", || target.requests_of("/meet/4") == 3);
    assert_eq!(test.status()["vus-max"], 5);
    assert_eq!(target.requests_of("/bytes/1"), 0, "nobody is let go yet");
    // Without the fourth at the same time none would ever be answered.
    test.command(&["scale", "--vus", "4"]).expect(0);
    test.run
        .wait_until("they go on", || target.requests_of("/bytes/1") > 8);
    test.command(&["scale", "--vus", "0", "--max", "3"])
        .expect(0);
    test.wait_for_status("vus", &json!(0));
    let status = test.status();
    assert_eq!(
        (&status["vus-max"], &status["running"]),
        (&json!(3), &json!(true))
    );
    let held = target.requests();
    test.command(&["status"]).expect(0);
    assert_eq!(target.requests(), held, "nobody is left to send anything");
    test.stop();
}

#[test]
fn a_test_that_waits_for_its_start_is_released_and_scaled_at_once() {
    let target = Target::http().unwrap();
    let test = Test::start(meeting(&target).args(&["--paused"]));
    test.wait_for_status("status", &json!(4));
    test.run.wait_for_output("paused (0");
    let (status, answer) = test.patch(&json!({ "vus": 1 }));
    assert_eq!(status, 409, "{answer}");
    // What can never be is refused before anything begins.
    let wrong = json!({ "paused": false, "vus": 5, "vus-max": 4 });
    assert_eq!(test.patch(&wrong).0, 400);
    assert_eq!(test.status()["status"], 4);
    let (status, answer) = test.patch(&json!({ "paused": false, "vus": 4, "vus-max": 4 }));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["attributes"]["vus-max"], 4);
    test.run
        .wait_until("four meet", || target.requests_of("/bytes/1") > 4);
    test.stop();
}

/// A test that says nothing about an address.
fn by_itself() -> Started {
    Brunt::script(
        "import { sleep } from 'k6';
         export const options = { scenarios: { one: {
           executor: 'externally-controlled', vus: 1, duration: '10m' } } };
         export default function () { console.log('ran'); sleep(0.01); }",
    )
    .start()
}

#[test]
fn the_api_opens_at_its_usual_place_by_itself_or_the_test_does_not_begin() {
    // One test for both, because there is one such port.
    let taken = match TcpListener::bind("127.0.0.1:6565") {
        Ok(taken) => taken,
        Err(error) => return skip(&format!("port 6565: {error}")),
    };
    let run = by_itself().finish().expect(106);
    assert!(run.console().is_empty(), "{}", run.stderr);
    run.one_error(&["localhost:6565", "in use", "--address"]);
    drop(taken);
    let run = by_itself();
    run.wait_for_log("the REST API listens on http://127.0.0.1:6565");
    run.wait_for_log("msg=ran");
    // The commands find it there without being told.
    let status = Brunt::command("status").run().expect(0);
    assert!(status.stdout.contains("running"), "{}", status.stdout);
    Brunt::command("stop").run().expect(0);
    run.finish().expect(103);
}
