//! The REST API and the commands that use it, against running tests.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{Brunt, Finished, Started};

const LOOPING: &str = "import { check, group, sleep } from 'k6';
import { Counter } from 'k6/metrics';
const counter = new Counter('my_counter');
export const options = {
  vus: 2, duration: '10m',
  thresholds: { my_counter: ['count<1'], 'checks{group:::outer::inner}': ['rate>=0'] },
};
export function setup() { console.log('setup'); return { at: 'first' }; }
export default function (data) {
  if (data.at !== 'first' && __VU === 1) console.log(`data ${data.at}`);
  group('outer', () => group('inner', () => check(1, { 'is one': (v) => v === 1 })));
  counter.add(1);
  sleep(0.02);
}
export function teardown(data) { console.log(`torn down ${data.at}`); }";

/// A test with its API on a free port.
pub(crate) struct Test {
    pub(crate) run: Started,
    address: String,
}

impl Test {
    pub(crate) fn start(run: Brunt) -> Self {
        let run = run.args(&["--address", "127.0.0.1:0"]).start();
        let mark = "the REST API listens on http://";
        run.wait_for_log(mark);
        let mut address = String::new();
        run.wait_until("the line is complete", || {
            let log = run.log_so_far();
            let after = log.split_once(mark).map(|(_, after)| after);
            let end = after.and_then(|after| after.split_once('"'));
            address = end.map_or_else(String::new, |(address, _)| address.to_owned());
            !address.is_empty()
        });
        Self { run, address }
    }

    /// Sends raw bytes; gives the whole answer, empty when there is none.
    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // A server that has answered already need not read the rest.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let answer = self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.unwrap_or(0), body.to_owned())
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn patch(&self, attributes: &Value) -> (u16, Value) {
        let body =
            json!({ "data": { "type": "status", "id": "default", "attributes": attributes } });
        let (status, body) = self.ask("PATCH", "/v1/status", &body.to_string());
        (status, serde_json::from_str(&body).unwrap())
    }

    pub(crate) fn status(&self) -> Value {
        self.get("/v1/status")["data"]["attributes"].clone()
    }

    pub(crate) fn wait_for_status(&self, key: &str, value: &Value) {
        let what = format!("{key} is {value}");
        self.run.wait_until(&what, || self.status()[key] == *value);
    }

    fn iterations(&self) -> f64 {
        let metrics = self.get("/v1/metrics");
        let all = metrics["data"].as_array().unwrap();
        let found = all.iter().find(|metric| metric["id"] == "iterations");
        found.map_or(0.0, |it| {
            it["attributes"]["sample"]["count"].as_f64().unwrap()
        })
    }

    /// A value of brunt's own metrics.
    fn own_metric(&self, name: &str) -> f64 {
        let (status, page) = self.ask("GET", "/metrics", "");
        assert_eq!(status, 200);
        let mut lines = page.lines();
        let line = lines.find(|line| line.split(' ').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {page}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Iterations that ended, counted as they do.
    fn completed(&self) -> f64 {
        self.own_metric("brunt_iterations_completed_total")
    }

    /// Runs a command against it.
    pub(crate) fn command(&self, args: &[&str]) -> Finished {
        let (name, rest) = args.split_first().unwrap();
        let command = Brunt::command(name).args(rest);
        command.args(&["--address", &self.address]).run()
    }

    pub(crate) fn stop(self) -> Finished {
        self.command(&["stop"]).expect(0);
        self.run.finish().expect(103)
    }
}

#[test]
fn commands_pause_resume_and_stop_a_running_test() {
    let test = Test::start(Brunt::script(LOOPING));
    test.wait_for_status("status", &json!(7));
    let shown = test.command(&["status"]).expect(0);
    assert!(shown.stdout.contains("status: running"), "{}", shown.stdout);

    let paused = test.command(&["pause"]).expect(0);
    assert!(paused.stdout.contains("paused"), "{}", paused.stdout);
    // Running iterations end; a command takes longer than one of them.
    let mut held = 0.0;
    test.run.wait_until("nothing goes on", || {
        held = test.completed();
        test.command(&["pause"]).expect(0);
        test.completed() == held
    });

    test.command(&["resume"]).expect(0);
    test.run
        .wait_until("iterations go on", || test.completed() > held);
    let json = test.command(&["status", "--json"]).expect(0).stdout;
    let status: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&status["paused"], &status["vus-max"]),
        (&json!(false), &json!(2))
    );

    let run = test.stop();
    assert_eq!(run.console(), ["setup", "torn down first"]);
    run.one_error(&["REST API"]);
}

#[test]
fn a_test_that_waits_for_its_start_is_started() {
    let test = Test::start(Brunt::script(LOOPING).args(&["--paused"]));
    test.wait_for_status("status", &json!(4));
    assert_eq!(test.status()["running"], false);
    assert_eq!(test.run.lines_with("setup"), 0);
    assert_eq!(test.patch(&json!({ "paused": false })).0, 200);
    test.wait_for_status("status", &json!(7));
    test.stop();
}

#[test]
fn metrics_and_groups_are_those_of_the_moment() {
    let test = Test::start(Brunt::script(LOOPING));
    test.run
        .wait_until("iterations", || test.iterations() > 3.0);
    let one = |path: &str| test.get(path)["data"].clone();
    let duration = one("/v1/metrics/iteration_duration");
    assert_eq!(duration["type"], "metrics");
    assert_eq!(duration["attributes"]["type"], "trend");
    assert_eq!(duration["attributes"]["contains"], "time");
    assert_eq!(duration["attributes"]["tainted"], Value::Null);
    let sample = duration["attributes"]["sample"].as_object().unwrap();
    let mut keys: Vec<&str> = sample.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["avg", "max", "med", "min", "p(90)", "p(95)"]);
    assert!(sample["min"].as_f64().unwrap() >= 20.0);
    let part = one("/v1/metrics/checks%7Bgroup:::outer::inner%7D");
    assert_eq!(part["attributes"]["tainted"], false);
    assert_eq!(part["attributes"]["sample"]["rate"], 1.0);
    // Thresholds are judged every two seconds.
    test.run.wait_until("it is tainted", || {
        one("/v1/metrics/my_counter")["attributes"]["tainted"] == true
    });
    assert_eq!(test.status()["tainted"], true);

    let groups = test.get("/v1/groups");
    let paths: Vec<&Value> = groups["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| &group["attributes"]["path"])
        .collect();
    assert_eq!(paths, ["", "::outer", "::outer::inner"]);
    let inner = groups["data"][2].clone();
    let id = inner["id"].as_str().unwrap();
    let again = one(&format!("/v1/groups/{id}"));
    assert_eq!(again["attributes"]["checks"][0]["name"], "is one");
    assert_eq!(
        again["relationships"]["parent"]["data"]["id"],
        groups["data"][1]["id"]
    );
    test.stop();
}

#[test]
fn setup_data_can_be_read_replaced_and_made_again() {
    let test = Test::start(Brunt::script(LOOPING));
    test.wait_for_status("status", &json!(7));
    let data = |body: &str| {
        let answer: Value = serde_json::from_str(body).unwrap();
        assert_eq!(answer["data"]["type"], "setupData");
        answer["data"]["attributes"]["data"].clone()
    };
    assert_eq!(
        data(&test.ask("GET", "/v1/setup", "").1),
        json!({ "at": "first" })
    );
    let (status, body) = test.ask("PUT", "/v1/setup", r#"{"at":"put"}"#);
    assert_eq!((status, data(&body)), (200, json!({ "at": "put" })));
    test.run.wait_for_log("data put");
    let (status, body) = test.ask("PUT", "/v1/setup", "{at");
    assert_eq!(status, 400, "{body}");
    let (status, body) = test.ask("POST", "/v1/setup", "");
    assert_eq!((status, data(&body)), (200, json!({ "at": "first" })));
    let (status, body) = test.ask("PUT", "/v1/setup", r#"{"at":"last"}"#);
    assert_eq!(status, 200, "{body}");
    let (status, body) = test.ask("POST", "/v1/teardown", "");
    assert_eq!(status, 200, "{body}");
    let run = test.stop();
    let console = run.console();
    assert_eq!(console.iter().filter(|line| *line == "setup").count(), 2);
    assert_eq!(
        console
            .iter()
            .filter(|line| *line == "torn down last")
            .count(),
        2
    );
}

#[test]
fn what_cannot_be_done_is_an_error_with_its_reason() {
    let test = Test::start(Brunt::script(LOOPING));
    test.wait_for_status("status", &json!(7));
    let (status, answer) = test.patch(&json!({ "vus": 5 }));
    let error = &answer["errors"][0];
    assert_eq!((status, &error["status"]), (500, &json!("500")));
    assert_eq!(error["title"], "Execution config error");
    let scale = test.command(&["scale", "--vus", "5"]).expect(255);
    scale.one_error(&["externally-controlled"]);
    let scale = test.command(&["scale", "--vus", "5", "--scenario", "absent"]);
    scale.expect(255).one_error(&["'absent'", "default"]);
    let (status, answer) = test.patch(&json!({ "paused": "yes" }));
    assert_eq!(status, 400);
    assert!(
        answer["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("paused")
    );
    assert_eq!(test.ask("PATCH", "/v1/status", "[1,2").0, 400);
    assert_eq!(test.ask("DELETE", "/v1/status", "").0, 405);
    assert_eq!(test.ask("GET", "/v1/metrics/absent", "").0, 404);
    assert_eq!(test.ask("GET", "/v1/groups/absent", "").0, 404);
    let (status, body) = test.ask("GET", "/v2/anything", "");
    assert_eq!((status, body.contains("errors")), (404, false));
    test.stop();
}

#[test]
fn the_generators_own_state_is_there_for_prometheus() {
    let test = Test::start(Brunt::script(LOOPING).args(&["--out", "json=o.json"]));
    test.run
        .wait_until("iterations", || test.iterations() > 1.0);
    for path in ["/", "/ping"] {
        assert_eq!(test.ask("GET", path, ""), (200, "ok".to_owned()));
    }
    let (status, page) = test.ask("GET", "/metrics", "");
    assert_eq!(status, 200);
    let value = |name: &str| test.own_metric(name);
    assert!(value("brunt_iterations_completed_total") >= 1.0);
    assert_eq!(value("brunt_vus_initialized"), 2.0);
    assert!(value("brunt_output_accepted_total{output=\"json\"}") >= 1.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") > 3.0);
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        assert!(
            line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(),
            "{line}"
        );
    }
    test.stop();
}

#[test]
fn hostile_clients_are_turned_away_and_the_test_goes_on() {
    let test = Test::start(Brunt::script(LOOPING));
    test.wait_for_status("status", &json!(7));
    // As many as are served at a time, all of them silent: they are closed, others get their turn.
    let silent: Vec<TcpStream> = (0..32)
        .map(|_| TcpStream::connect(&test.address).unwrap())
        .collect();
    assert_eq!(test.status()["stopped"], false);
    drop(silent);
    let head = "PUT /v1/setup HTTP/1.1\r\nHost: x\r\n";
    let answer = test.raw(&format!("{head}Content-Length: 99999999999\r\n\r\nabc"));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let page = "PATCH /v1/status HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.test\r\n";
    let stop = r#"{"data":{"attributes":{"stopped":true}}}"#;
    let answer = test.raw(&format!(
        "{page}Content-Length: {}\r\n\r\n{stop}",
        stop.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let endless = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!(!test.raw(&endless).starts_with("HTTP/1.1 200"));
    test.raw("\0\u{1}\u{2} rubbish\r\n\r\n");
    assert_eq!(test.status()["stopped"], false);
    test.stop();
}

#[test]
fn a_test_that_lingers_is_there_until_it_is_stopped() {
    let script = "export default function () {}";
    let once = || Brunt::script(script).args(&["--linger", "-i", "3"]);
    let test = Test::start(once());
    test.run.wait_for_log("--linger");
    assert_eq!(test.iterations(), 3.0);
    assert_eq!(test.status()["status"], 9);
    assert_eq!(test.patch(&json!({ "paused": true })).0, 409);
    test.command(&["stop"]).expect(0);
    test.run.finish().expect(0);
    // Without an API it is Ctrl-C that ends it.
    let run = once().start();
    run.wait_for_log("--linger");
    run.signal("INT");
    run.finish().expect(0);
}

#[test]
fn an_api_that_cannot_listen_is_106_before_anything_runs() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for (address, words) in [(taken.as_str(), "in use"), ("nonsense", "HOST:PORT")] {
        let run = Brunt::script("export default function () { console.log('ran'); }")
            .args(&["--address", address])
            .run()
            .expect(106);
        assert!(run.console().is_empty());
        run.one_error(&[address, words]);
    }
}

#[test]
fn a_command_without_a_test_says_what_to_do() {
    for command in ["pause", "resume", "status", "stop"] {
        let run = Brunt::command(command).args(&["-a", "127.0.0.1:1"]).run();
        run.expect(255).one_error(&["127.0.0.1:1", "--address"]);
    }
    let run = Brunt::command("scale").run().expect(255);
    assert!(run.stderr.contains("--vus <N>|--max <N>"), "{}", run.stderr);
}
