//! What happens to result files when things go wrong: killed, a full disk, a reader that stalls; and
//! `brunt repair`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Command;

use crate::support::{Brunt, Finished, Points, Rows};

/// Numbers without a gap from one virtual user, and a log line after each iteration's.
pub(crate) const STREAM: &str = "import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
const seq = new Trend('my_seq');
export const options = { vus: 1, duration: '10m' };
export default function () {
  for (let i = 0; i < 100; i++) seq.add(__ITER * 100 + i);
  console.log(`${__ITER} ${Date.now()}`);
  sleep(0.005);
}";

const FILES: [&str; 6] = [
    "o.json",
    "o.json.gz",
    "o.json.zst",
    "o.csv",
    "o.csv.gz",
    "o.csv.zst",
];

/// What ordinary tools make of a file, and whether they find it whole.
pub(crate) fn unpacked(path: &Path) -> (String, bool) {
    let ending = path.to_string_lossy().replace(".repaired", "");
    let tool = match ending.rsplit('.').next() {
        Some("gz") => "gzip -dc",
        Some("zst") => "zstd -dcq",
        _ => "cat",
    };
    let command = format!("{tool} < '{}'", path.display());
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_ne!(
        output.status.code(),
        Some(127),
        "{command}: scripts/setup-tests.sh installs it"
    );
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.success(),
    )
}

/// The values of `my_seq` and the newest time in nanoseconds, of text whose lines are whole.
pub(crate) fn sequence(name: &str, text: &str) -> (Vec<f64>, i64) {
    if text.is_empty() {
        return (Vec::new(), 0);
    }
    if name.contains(".csv") {
        let rows = Rows::parse(text);
        let newest = rows.0.iter().map(|row| row["timestamp"].parse().unwrap());
        return (rows.values("my_seq"), newest.max().unwrap_or_default());
    }
    let points = Points::parse(text);
    let times = points.points.iter().map(|(_, data)| {
        let time: jiff::Timestamp = data["time"].as_str().unwrap().parse().unwrap();
        i64::try_from(time.as_nanosecond()).unwrap()
    });
    (points.values("my_seq"), times.max().unwrap_or_default())
}

/// Up to the last end of a line.
fn whole_lines(text: &str) -> &str {
    &text[..text.rfind('\n').map_or(0, |at| at + 1)]
}

fn assert_no_gap(name: &str, values: &[f64]) {
    for (at, value) in values.iter().enumerate() {
        assert_eq!(*value, at as f64, "{name}");
    }
}

/// Kills a run after so many iterations and looks at what it left.
fn kill_after(iterations: usize) {
    let mut brunt = Brunt::script(STREAM);
    for name in FILES {
        let out = if name.contains(".csv") {
            format!("csv@{name}={name},timeFormat=unix_nano")
        } else {
            format!("json@{name}={name}")
        };
        brunt = brunt.args(&["--out", &out]);
    }
    let folder = brunt.folder().to_owned();
    let run = brunt.start();
    let begun = |name: &str| std::fs::metadata(folder.join(name)).is_ok_and(|file| file.len() > 0);
    run.wait_until("enough iterations, and something in each file", || {
        run.lines_with("source=console") >= iterations && FILES.iter().all(|name| begun(name))
    });
    run.signal("KILL");
    let folder_guard = run.killed();
    for name in FILES {
        let path = folder.join(name);
        let (text, _) = unpacked(&path);
        let (values, newest) = sequence(name, whole_lines(&text));
        assert_no_gap(name, &values);
        let repaired = repair(&folder, &[name]).expect(0);
        let written = folder.join(format!("{name}.repaired"));
        let path = if written.exists() { &written } else { &path };
        let (text, whole) = unpacked(path);
        assert!(whole && text.ends_with('\n'), "{name}: {}", repaired.stdout);
        // Tools that unpack in large blocks print less of a file that was cut.
        let (kept, until) = sequence(name, &text);
        assert_no_gap(name, &kept);
        assert!(kept.starts_with(&values) && until >= newest, "{name}");
    }
    drop(folder_guard);
}

pub(crate) fn repair(folder: &Path, args: &[&str]) -> Finished {
    let files: Vec<String> = args
        .iter()
        .map(|arg| {
            if arg.starts_with("--") {
                (*arg).to_owned()
            } else {
                folder.join(arg).display().to_string()
            }
        })
        .collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    Brunt::command("repair").args(&files).run()
}

#[test]
fn a_killed_run_leaves_whole_lines_up_to_the_last() {
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() as usize;
    for round in 1..=3 {
        kill_after(20 + seed / round % 150);
    }
}

/// What bounds a loss: nothing waits for more to come, or for the end.
#[test]
fn what_was_measured_is_in_the_files_although_nothing_follows() {
    let script = STREAM.replace("sleep(0.005)", "sleep(__ITER < 2 ? 0.005 : 600)");
    let mut brunt = Brunt::script(script);
    for name in FILES {
        let kind = if name.contains(".csv") { "csv" } else { "json" };
        let format = if kind == "csv" {
            ",timeFormat=unix_nano"
        } else {
            ""
        };
        brunt = brunt.args(&["--out", &format!("{kind}@{name}={name}{format}")]);
    }
    let folder = brunt.folder().to_owned();
    let run = brunt.start();
    let whole = |name: &str| {
        let text = if folder.join(name).exists() {
            unpacked(&folder.join(name)).0
        } else {
            String::new()
        };
        sequence(name, whole_lines(&text)).0
    };
    for name in FILES {
        run.wait_until("all of three iterations", || whole(name).len() == 300);
    }
    run.signal("KILL");
    let _folder = run.killed();
    for name in FILES {
        let values = whole(name);
        assert_eq!(values.len(), 300, "{name}");
        assert_no_gap(name, &values);
    }
}

#[test]
fn readers_that_stop_for_a_while_get_everything_and_hold_up_nobody() {
    let plug = "exec@plug=echo $$ > pid; exec cat > plug.arrows";
    let brunt = Brunt::script(STREAM).args(&["--out", "json@pipe=pipe", "--out", plug]);
    let brunt = brunt.args(&["--out", "csv@good=good.csv"]);
    let folder = brunt.folder().to_owned();
    let tool = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .status();
        assert!(ran.unwrap().success(), "{program} {arguments:?}");
    };
    tool("mkfifo", &["pipe"]);
    let mut reader = Command::new("sh")
        .args(["-c", "exec cat pipe > piped.json"])
        .current_dir(&folder)
        .spawn()
        .unwrap();
    let run = brunt.start();
    let length = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |found| found.len());
    let iterations = || run.lines_with("source=console");
    run.wait_until("both read", || {
        length("piped.json").min(length("plug.arrows")) > 0
    });
    let pids = [
        reader.id().to_string(),
        std::fs::read_to_string(folder.join("pid"))
            .unwrap()
            .trim()
            .to_owned(),
    ];
    tool("kill", &["-STOP", &pids[0], &pids[1]]);
    let (until, good) = (iterations(), length("good.csv"));
    run.wait_until("the test goes on", || iterations() > until + 100);
    run.wait_until("another output goes on", || {
        length("good.csv") > good + 100_000
    });
    let stopped = (length("piped.json"), length("plug.arrows"));
    tool("kill", &["-CONT", &pids[0], &pids[1]]);
    run.wait_until("they go on", || {
        length("piped.json") > stopped.0 && length("plug.arrows") > stopped.1
    });
    run.signal("INT");
    let run = run.finish().expect(105);
    assert!(reader.wait().unwrap().success());
    let (delivered, accepted, dropped) = books(&run, "good");
    assert_eq!((delivered, dropped), (accepted, 0));
    for name in ["pipe", "plug"] {
        assert_eq!(books(&run, name), (accepted, accepted, 0), "{}", run.stdout);
    }
    let all = run.rows("good.csv").values("my_seq");
    assert_eq!(run.points("piped.json").values("my_seq"), all);
    run.one_error(&["aborted"]);
}

/// What the summary says of an output: delivered, accepted, dropped.
pub(crate) fn books(run: &Finished, name: &str) -> (u64, u64, u64) {
    let line = run
        .stdout
        .lines()
        .find(|line| line.trim().starts_with(&format!("{name}.")));
    let line = line.unwrap_or_else(|| panic!("no line of {name} in {}", run.stdout));
    let words: Vec<&str> = line
        .split_once(": ")
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    let accepted = if words[1] == "of" {
        number(2)
    } else {
        number(0)
    };
    let dropped = words.iter().find_map(|word| word.strip_prefix("dropped="));
    (
        number(0),
        accepted,
        dropped.map_or(0, |text| text.parse().unwrap()),
    )
}

/// Waits until a file ends with a line that contains this.
fn ends_with(path: &Path, text: &str) -> bool {
    let Ok(mut file) = std::fs::File::open(path) else {
        return false;
    };
    let length = file.metadata().unwrap().len();
    let _ = file.seek(SeekFrom::Start(length.saturating_sub(500)));
    let mut tail = String::new();
    file.read_to_string(&mut tail).is_ok() && tail.ends_with('\n') && tail.contains(text)
}

/// More samples than an edge holds, and one in the end.
const FLOOD: &str = "import { Counter } from 'k6/metrics';
const n = new Counter('n_'), last = new Counter('last_');
export const options = { vus: 2, iterations: 310, systemTags: [], noVUConnectionReuse: true };
export default function () { for (let i = 0; i < 10000; i++) n.add(i); }
export function teardown() { last.add(1); }";

#[test]
fn a_pipe_that_nobody_reads_fills_its_own_edge_only() {
    let brunt =
        Brunt::script(FLOOD).args(&["--out", "csv@stalled=pipe", "--out", "csv@good=good.csv"]);
    let folder = brunt.folder().to_owned();
    let pipe = folder.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let run = brunt.start();
    run.wait_until("all in the good file", || {
        ends_with(&folder.join("good.csv"), "last_,")
    });
    // Now somebody reads: what the edge held comes, the newest sample last.
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(std::fs::File::open(pipe).unwrap()).lines();
        let is_last = lines.map(|line| line.unwrap().starts_with("last_,"));
        // Below the header.
        let is_last: Vec<bool> = is_last.skip(1).collect();
        (is_last.len() as u64, is_last.contains(&true))
    });
    let run = run.finish().expect(0);
    let (rows, has_last) = reader.join().unwrap();
    let (delivered, accepted, dropped) = books(&run, "stalled");
    assert!(dropped > 0, "{}", run.stdout);
    assert_eq!((delivered, delivered + dropped), (rows, accepted));
    assert!(has_last, "the newest sample is worth the most");
    let good = std::fs::read_to_string(folder.join("good.csv")).unwrap();
    let numbers = good.lines().filter(|line| line.starts_with("n_,")).count();
    assert_eq!(numbers, 3_100_000);
    assert_eq!(books(&run, "good"), (accepted, accepted, 0));
}

#[test]
fn a_disk_that_fills_up_ends_the_file_at_a_whole_line_and_nothing_else() {
    let script = STREAM.replace("duration: '10m'", "iterations: 150");
    for name in ["o.json", "o.csv", "o.json.gz"] {
        let kind = if name.contains("csv") { "csv" } else { "json" };
        // In units of 512 bytes: more than the first chunk, less than all.
        let limit = if name.ends_with("gz") { 100 } else { 1200 };
        let out = format!("{kind}@limited={name}");
        let run = Brunt::script(&script)
            // The process would be killed by a signal that is not ignored.
            .after_shell(&format!("trap '' XFSZ && ulimit -f {limit}"))
            .args(&[
                "--out",
                &out,
                "--out",
                "csv@good=-",
                "--log-output",
                "stderr",
            ])
            .run()
            .expect(0);
        let (text, _) = unpacked(&run.path(name));
        assert!(text.ends_with('\n'), "{name}");
        let (values, _) = sequence(name, &text);
        assert_no_gap(name, &values);
        let (delivered, accepted, dropped) = books(&run, "limited");
        assert!(dropped > 0 && delivered > 0, "{}", run.stdout);
        assert_eq!(delivered + dropped, accepted);
        let lines = text
            .lines()
            .filter(|line| !line.contains(r#""type":"Metric""#))
            .count();
        assert_eq!(lines as u64 - u64::from(kind == "csv"), delivered, "{name}");
        assert_eq!(books(&run, "good"), (accepted, accepted, 0));
        let numbers = run
            .stdout
            .lines()
            .filter(|line| line.starts_with("my_seq,"));
        assert_eq!(numbers.count(), 15_000);
        run.one_error(&["limited", name, "too large"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_one_error_told_while_the_test_runs() {
    for name in ["full", "full.gz", "full.zst"] {
        let out = format!("json@full={name}");
        let brunt = Brunt::script(STREAM).args(&["--out", &out, "--out", "json=o.json"]);
        std::os::unix::fs::symlink("/dev/full", brunt.folder().join(name)).unwrap();
        let run = brunt.start();
        run.wait_for_log("No space left");
        run.signal("INT");
        let run = run.finish().expect(105);
        let (delivered, accepted, dropped) = books(&run, "full");
        assert_eq!((delivered, dropped), (0, accepted));
        assert_eq!(books(&run, "json"), (accepted, accepted, 0));
        let errors = run.messages("error");
        let told = errors.iter().filter(|it| it.contains("No space left"));
        assert_eq!(told.count(), 1, "{errors:?}");
    }
}

#[test]
fn two_outputs_to_one_file_are_refused() {
    let args = ["--out", "json@a=o.json", "--out", "json@b=o.json"];
    let run = Brunt::script(STREAM).args(&args).run().expect(121);
    run.one_error(&["--out b", "o.json", "another output"]);
}

const LINE: &str = r#"{"metric":"a_","type":"Point","data":{}}"#;

#[test]
fn repair_tells_what_it_did_and_keeps_the_original_unless_asked() {
    let header = "metric_name,timestamp,metric_value\n";
    let files = BTreeMap::from([
        ("cut.json", format!("{LINE}\n{LINE}\n{{\"metr")),
        ("cut.csv", format!("{header}a,1,\"x\ny\"\nb,2,\"3\n")),
        ("whole.json", format!("{LINE}\n")),
        ("other.txt", "hello\n".to_owned()),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let names: Vec<&str> = files.keys().copied().collect();
    let run = repair(folder.path(), &names).expect(255);
    run.one_error(&["other.txt", "no file that brunt writes"]);
    for (name, text) in &files {
        assert_eq!(read(name), *text, "{name}");
    }
    assert_eq!(read("cut.json.repaired"), format!("{LINE}\n{LINE}\n"));
    assert_eq!(read("cut.csv.repaired"), format!("{header}a,1,\"x\ny\"\n"));
    assert!(!folder.path().join("whole.json.repaired").exists());
    let run = repair(folder.path(), &["--in-place", "cut.json", "whole.json"]).expect(0);
    assert!(
        run.stdout.contains("2 lines kept, 6 bytes"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("whole, 1 lines"), "{}", run.stdout);
    assert_eq!(read("cut.json"), format!("{LINE}\n{LINE}\n"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6);
}
