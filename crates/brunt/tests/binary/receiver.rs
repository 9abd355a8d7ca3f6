//! Faults of a remote write receiver, played by the testkit's strict one: what the user is told,
//! and what is lost or not.

use std::time::Duration;

use brunt_testkit::RemoteWrite;
use brunt_testkit::remote_write::{Config, Fault};

use crate::support::{Brunt, Finished, RawServer};

const SCRIPT: &str = "import { check, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
const counter = new Counter('my_counter'), trend = new Trend('my_trend', true);
export const options = { vus: 2, iterations: 40 };
export default function () {
  counter.add(1, { part: `${__ITER % 4}` }); trend.add(5 + __ITER); check(1, { one: true });
  sleep(0.01);
}";

fn run(receiver: &RemoteWrite, keys: &str) -> Finished {
    let out = format!("mimir={},interval=100ms{keys}", receiver.write_url());
    Brunt::script(SCRIPT)
        .args(&["--out", &out, "--summary-export", "s.json"])
        .run()
}

/// Fails unless everything arrived, by the rules.
fn complete(receiver: &RemoteWrite, run: &Finished) {
    let violations = receiver.violations();
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(
        receiver.sum("k6_my_counter_total", &[]),
        Some(40.0),
        "{}",
        run.stderr
    );
    assert_eq!(
        receiver.sum("k6_iterations_total", &[]),
        Some(40.0),
        "{}",
        run.stderr
    );
    assert_eq!(
        receiver
            .histogram("k6_my_trend_seconds", &[])
            .unwrap()
            .count(),
        40.0
    );
    assert_eq!(run.summary("s.json").value("my_counter", "count"), 40.0);
}

#[test]
fn the_strict_receiver_finds_nothing_wrong() {
    let receiver = RemoteWrite::start().unwrap();
    let run = run(&receiver, "").expect(0);
    complete(&receiver, &run);
    assert!(
        receiver.all_stale("k6_my_counter_total", &[]),
        "ended series are marked"
    );
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    let series = receiver.series(
        "k6_my_counter_total",
        &[("part", "1"), ("scenario", "default")],
    );
    assert_eq!(series.len(), 1);
}

#[test]
fn errors_of_the_server_are_tried_again_until_everything_is_there() {
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::status(429),
        Fault::Close,
        Fault::CloseAfterStore,
    ] {
        let receiver = RemoteWrite::start().unwrap();
        receiver.inject(fault.clone(), 3);
        let run = run(&receiver, ",check=false").expect(0);
        assert_eq!(receiver.faults_left(), 0, "{fault:?}");
        complete(&receiver, &run);
    }
}

#[test]
fn what_is_refused_is_counted_and_told_with_the_receivers_own_words() {
    let receiver = RemoteWrite::start().unwrap();
    let script = SCRIPT.replace("iterations: 40", "iterations: 4");
    let out = format!("mimir={},interval=1m,check=false", receiver.write_url());
    let refusal = Fault::Status {
        code: 400,
        retry_after: None,
        body: "per-user series limit exceeded\n".into(),
    };
    receiver.inject(refusal, 1_000_000);
    let run = Brunt::script(script).args(&["--out", &out]).run().expect(0);
    let run = run.says(&["per-user series limit exceeded", "400", "rejected"]);
    assert!(run.stdout.contains("TOTAL RESULTS"), "{}", run.stdout);
    assert_eq!(receiver.sum("k6_my_counter_total", &[]), None);
}

#[test]
fn tenant_and_credentials_are_sent_and_never_shown() {
    let config = Config {
        tenant: Some("team-a".into()),
        basic_auth: Some(("user".into(), "s3cret-word".into())),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let out = format!("mimir={},tenant=team-a,username=user", receiver.write_url());
    let run = Brunt::script(SCRIPT).variable("BRUNT_PROMETHEUS_PASSWORD", "s3cret-word");
    let run = run
        .args(&["-v", "--out", &out, "--summary-export", "s.json"])
        .run()
        .expect(0);
    complete(&receiver, &run);
    assert!(!run.stdout.contains("s3cret") && !run.stderr.contains("s3cret"));
    let wrong = Brunt::script(SCRIPT).variable("BRUNT_PROMETHEUS_PASSWORD", "other");
    let wrong = wrong.args(&["--out", &out]).run().expect(121);
    assert!(wrong.console().is_empty());
    wrong.one_error(&["mimir", "401"]);
}

#[test]
fn a_receiver_that_speaks_no_http_is_said_before_the_test() {
    let server = RawServer::answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"");
    let out = format!("mimir={}", server.url());
    let script = "export default function () { console.log('ran'); }";
    let run = Brunt::script(script)
        .args(&["--out", &out])
        .run()
        .expect(121);
    assert!(run.console().is_empty(), "{}", run.stderr);
    run.one_error(&["mimir", "127.0.0.1"]);
}

#[test]
fn a_receiver_that_is_gone_for_a_while_misses_nothing() {
    let receiver = RemoteWrite::start().unwrap();
    let out = format!("mimir={},interval=100ms", receiver.write_url());
    let script = SCRIPT
        .replace("vus: 2, iterations: 40", "vus: 2, duration: '10m'")
        .replace("sleep(0.01)", "console.log('done'); sleep(0.01)");
    let run = Brunt::script(script)
        .args(&["--out", &out, "--summary-export", "s.json"])
        .start();
    let arrived = |receiver: &RemoteWrite| receiver.sum("k6_my_counter_total", &[]).unwrap_or(0.0);
    assert!(receiver.wait_until(Duration::from_secs(30), |it| arrived(it) > 0.0));
    receiver.stop();
    let before = run.lines_with("done");
    run.wait_until("the load goes on", || run.lines_with("done") > before + 60);
    receiver.restart().unwrap();
    let before = arrived(&receiver);
    assert!(receiver.wait_until(Duration::from_secs(30), |it| arrived(it) > before));
    run.signal("INT");
    let run = run.finish().expect(105);
    let violations = receiver.violations();
    assert!(violations.is_empty(), "{violations:?}");
    let total = run.summary("s.json").value("my_counter", "count");
    assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(total));
}

#[test]
fn an_outage_is_told_while_it_lasts_and_when_it_is_over() {
    let receiver = RemoteWrite::start().unwrap();
    let out = format!("mimir={},interval=100ms", receiver.write_url());
    let script = SCRIPT.replace("iterations: 40", "duration: '10m'");
    let run = Brunt::script(script).args(&["--out", &out]).start();
    run.wait_until("something arrived", || receiver.samples() > 0);
    receiver.stop();
    run.wait_for_log("output mimir: deliveries fail");
    run.wait_for_output("output mimir: deliveries fail: ");
    receiver.restart().unwrap();
    run.wait_for_log("output mimir: deliveries work again");
    run.signal("INT");
    let run = run.finish().expect(105);
    let told = |level: &str, text: &str| {
        let messages = run.messages(level);
        messages.iter().filter(|it| it.contains(text)).count()
    };
    assert_eq!(told("warning", "deliveries fail"), 1, "{}", run.stderr);
    assert_eq!(told("info", "deliveries work again"), 1, "{}", run.stderr);
    assert!(receiver.violations().is_empty());
}

#[test]
fn too_many_series_are_told_while_the_test_runs_with_the_tag_that_makes_them() {
    let receiver = RemoteWrite::start().unwrap();
    let script = "import { sleep } from 'k6';
        import { Counter } from 'k6/metrics';
        const counter = new Counter('my_counter');
        export default function () {
          for (let i = 0; i <= 100000; i++) counter.add(1, { id: `${i}`, half: `${i % 2}` });
          sleep(600);
        }";
    let other = RemoteWrite::start().unwrap();
    let out = |to: &RemoteWrite, keys| format!("mimir={},interval=100ms{keys}", to.write_url());
    let run = Brunt::script(script)
        .args(&["--out", &out(&receiver, "")])
        .start();
    run.wait_for_log("the tag 'id' has 100001 values; leave it out with drop=id");
    run.signal("INT");
    let run = run.finish().expect(105);
    assert_eq!(
        run.stderr.matches("are a burden").count(),
        1,
        "{}",
        run.stderr
    );

    let script = script.replace("sleep(600)", "sleep(0.3)");
    let run = Brunt::script(script)
        .args(&["--out", &out(&other, ",drop=id")])
        .run();
    let run = run.expect(0);
    assert!(!run.stderr.contains("are a burden"), "{}", run.stderr);
    assert_eq!(
        other.sum("k6_my_counter_total", &[("half", "1")]),
        Some(50_000.0)
    );
}
