//! Measurements that wait on disk: a receiver that is away at the end, one that comes back, a process
//! that is killed meanwhile, and `brunt send`.

use std::path::{Path, PathBuf};

use brunt_testkit::{Otlp, RemoteWrite};

use crate::support::{Brunt, Finished, Started};

/// Adds one to a counter every 10 ms.
const SCRIPT: &str = "import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const counter = new Counter('my_counter');
export const options = { scenarios: { all: {
  executor: 'per-vu-iterations', iterations: Number(__ENV.ITERATIONS || 100), maxDuration: '5m',
} } };
export default function () { counter.add(1); sleep(0.01); }";

fn brunt(receiver: &RemoteWrite, spool: &str, flags: &[&str]) -> Brunt {
    let out = format!("mimir={},interval=100ms", receiver.write_url());
    Brunt::script(SCRIPT)
        .args(&["--out", &out, "--spool", spool])
        .args(flags)
}

fn wait_for_the_first_values(run: &Started, receiver: &RemoteWrite) {
    run.wait_until("the first values", || {
        receiver
            .sum("k6_my_counter_total", &[])
            .is_some_and(|sum| sum >= 1.0)
    });
}

/// The one spool below a folder, if there is any.
fn spool(base: &Path) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(base).ok()?;
    let only = entries.next()?.ok()?.path();
    assert!(entries.next().is_none(), "one spool for one output");
    Some(only)
}

fn send(spool: &Path, receiver: &RemoteWrite) -> Finished {
    let out = format!("mimir={},interval=100ms", receiver.write_url());
    Brunt::command("send")
        .args(&[spool.to_str().unwrap(), "--out", &out])
        .run()
}

#[test]
fn what_a_dead_receiver_left_waits_on_disk_and_is_sent_later() {
    let receiver = RemoteWrite::start().unwrap();
    let run = brunt(&receiver, "spools", &["--drain", "1s", "--require-outputs"]).start();
    wait_for_the_first_values(&run, &receiver);
    receiver.stop();
    let run = run.finish().expect(120);
    let folder = spool(&run.path("spools")).expect("a spool");
    let command = format!("brunt send {}", folder.display());
    assert!(
        run.stdout.contains("█ OUTPUTS") && run.stdout.contains("spooled="),
        "{}",
        run.stdout
    );
    let base = folder.file_name().unwrap().to_str().unwrap();
    assert!(
        run.stderr.contains("brunt send") && run.stderr.contains(base),
        "'{command}' is not in {}",
        run.stderr
    );

    receiver.restart().unwrap();
    let sent = send(&folder, &receiver).expect(0);
    assert!(sent.stderr.contains("points delivered"), "{}", sent.stderr);
    assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(100.0));
    assert_eq!(receiver.sum("k6_iterations_total", &[]), Some(100.0));
    assert!(receiver.all_stale("k6_my_counter_total", &[]));
    let violations = receiver.violations();
    assert!(violations.is_empty(), "{violations:?}");
    assert!(!folder.exists(), "nothing waits any more");
    send(&folder, &receiver).expect(255).one_error(&["spool"]);
}

#[test]
fn the_commands_that_a_run_names_deliver_what_each_of_two_outputs_left() {
    let receivers = [(); 2].map(|()| RemoteWrite::start().unwrap());
    let second = format!("mimir={},interval=100ms", receivers[1].write_url());
    let flags = ["--out", &second, "--drain", "1s"];
    // From wherever the commands are run.
    let base = tempfile::tempdir().unwrap();
    let run = brunt(&receivers[0], base.path().to_str().unwrap(), &flags).start();
    for receiver in &receivers {
        wait_for_the_first_values(&run, receiver);
        receiver.stop();
    }
    let run = run.finish().expect(0);
    let commands: Vec<Vec<&str>> = run
        .stderr
        .lines()
        .filter_map(|line| Some(line.split_once("deliver them with: brunt send ")?.1))
        .map(|rest| rest.trim_end_matches('"').split_whitespace().collect())
        .collect();
    assert_eq!(commands.len(), 2, "{}", run.stderr);
    for receiver in &receivers {
        receiver.restart().unwrap();
    }
    for command in commands {
        Brunt::command("send").args(&command).run().expect(0);
    }
    for receiver in &receivers {
        assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(100.0));
        assert!(receiver.violations().is_empty());
    }
}

#[test]
fn a_receiver_that_comes_back_in_time_gets_all_and_nothing_is_left_on_disk() {
    let receiver = RemoteWrite::start().unwrap();
    let run = brunt(&receiver, "spools", &["--require-outputs"]).start();
    wait_for_the_first_values(&run, &receiver);
    receiver.stop();
    run.wait_for_log("deliveries fail");
    receiver.restart().unwrap();
    let run = run.finish().expect(0);
    assert_eq!(receiver.sum("k6_my_counter_total", &[]), Some(100.0));
    assert!(receiver.violations().is_empty());
    assert_eq!(spool(&run.path("spools")), None);
    assert!(!run.stdout.contains("spooled="), "{}", run.stdout);
}

#[test]
fn what_lay_on_disk_survives_a_kill() {
    let receiver = RemoteWrite::start().unwrap();
    let run = brunt(&receiver, "spools", &["-e", "ITERATIONS=100000"]).start();
    wait_for_the_first_values(&run, &receiver);
    receiver.stop();
    let base = run.path("spools");
    run.wait_until("a spool", || {
        spool(&base).is_some_and(|folder| {
            std::fs::metadata(folder.join("00000001.seg")).is_ok_and(|file| file.len() > 20_000)
        })
    });
    let before = receiver.sum("k6_my_counter_total", &[]).unwrap();
    run.signal("KILL");
    let folder = spool(&base).unwrap();
    receiver.restart().unwrap();
    let sent = send(&folder, &receiver).expect(0);
    let after = receiver.sum("k6_my_counter_total", &[]).unwrap();
    assert!(
        after > before + 10.0,
        "{before} and {after}: {}",
        sent.stderr
    );
    assert!(receiver.violations().is_empty());
    assert!(!folder.exists());
}

/// A run with deltas whose receiver goes away; `end` ends it, then what is left is sent.
fn left_of_deltas(receiver: &Otlp, flags: &[&str], end: impl FnOnce(Started) -> PathBuf) -> f64 {
    let out = |receiver: &Otlp| format!("newrelic={},api-key=x,interval=100ms", receiver.url());
    let run = Brunt::script(SCRIPT)
        .args(&["--out", &out(receiver), "--spool", "spools"])
        .args(flags)
        .start();
    let value = || receiver.value("k6.my_counter", &[]);
    run.wait_until("the first values", || {
        value().is_some_and(|value| value > 2.0)
    });
    receiver.stop();
    let before = value().unwrap();
    let folder = end(run);
    receiver.restart().unwrap();
    let sent = Brunt::command("send")
        .args(&[folder.to_str().unwrap(), "--out", &out(receiver)])
        .run()
        .expect(0);
    assert!(sent.stderr.contains("points delivered"), "{}", sent.stderr);
    // Neither a gap nor an overlap of their intervals.
    assert_eq!(receiver.problems(), [""; 0]);
    assert!(!folder.exists(), "nothing waits any more");
    let after = value().unwrap();
    assert!(after > before, "{after} after {before}");
    after
}

#[test]
fn deltas_go_on_where_they_had_arrived() {
    let receiver = Otlp::start().unwrap();
    let flags = ["--drain", "1s", "--require-outputs"];
    let mut whole = None;
    let after = left_of_deltas(&receiver, &flags, |run| {
        let run = run.finish().expect(120);
        let folder = spool(&run.path("spools")).expect("a spool");
        whole = Some(run);
        folder
    });
    assert_eq!(after, 100.0);
}

#[test]
fn deltas_survive_a_kill() {
    let receiver = Otlp::start().unwrap();
    let mut whole = None;
    left_of_deltas(&receiver, &["-e", "ITERATIONS=100000"], |run| {
        let base = run.path("spools");
        run.wait_until("a spool", || {
            spool(&base).is_some_and(|folder| {
                std::fs::metadata(folder.join("00000001.seg")).is_ok_and(|it| it.len() > 20_000)
            })
        });
        run.signal("KILL");
        whole = Some(run.killed());
        spool(&base).unwrap()
    });
}

#[test]
fn without_a_spool_the_rest_is_lost_and_said() {
    let receiver = RemoteWrite::start().unwrap();
    let flags = ["--drain", "500ms", "--require-outputs"];
    let run = brunt(&receiver, "off", &flags).start();
    wait_for_the_first_values(&run, &receiver);
    receiver.stop();
    let run = run.finish().expect(120);
    assert!(run.stdout.contains("dropped="), "{}", run.stdout);
    assert_eq!(spool(&run.path("spools")), None);
}

#[test]
fn a_folder_that_cannot_be_made_is_said_and_the_run_goes_on() {
    let receiver = RemoteWrite::start().unwrap();
    let run = brunt(&receiver, "/dev/null/spools", &["--drain", "500ms"]).start();
    wait_for_the_first_values(&run, &receiver);
    receiver.stop();
    let run = run.finish().expect(0);
    assert!(
        run.stderr.contains("cannot use the spool /dev/null/spools"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_cannot_be_sent_is_said() {
    let receiver = RemoteWrite::start().unwrap();
    let nothing = tempfile::tempdir().unwrap();
    send(nothing.path(), &receiver)
        .expect(255)
        .one_error(&["there is no spool in", "no segment"]);
    send(&nothing.path().join("missing"), &receiver)
        .expect(255)
        .one_error(&["cannot use the spool", "missing"]);
}
