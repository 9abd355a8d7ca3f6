//! `--out parquet` and `--out arrow`: what `DuckDB` and pyarrow find in their files, and what is left of
//! them after a crash.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use brunt_output_parquet::repair;
use brunt_testkit::process::test_venv;
use serde_json::{Value, json};

use crate::support::{Brunt, Finished, Points, skip};

pub(crate) const SCRIPT: &str = "import { check, group } from 'k6';
import exec from 'k6/execution';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const counter = new Counter('my_counter');
const gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate');
const trend = new Trend('my_trend', true);
export const options = {
  tags: { of: 'run', 'ü=&': 'a,\"b\"' },
  systemTags: ['scenario', 'group', 'check', 'name', 'vu', 'iter'],
  scenarios: {
    buy: { executor: 'per-vu-iterations', vus: 2, iterations: 50 },
    browse: { executor: 'shared-iterations', iterations: 30 },
  },
  thresholds: { my_trend: ['min<500'], 'my_trend{half:first}': ['max<500'] },
};
export default function () {
  exec.vu.metrics.metadata.who = 'me';
  counter.add(3, { k: 'v' });
  gauge.add(__ITER / 7);
  rate.add(__ITER % 2 === 0);
  trend.add(__ITER + 0.1, { half: __ITER < 5 ? 'first' : 'second', name: '' });
  trend.add(1e300); trend.add(-0.0000001);
  group('outer', () => check(1, { one: (v) => v === 1, 'a \"quoted\" name <&>': true }));
}";

/// Another program's view of a file: metric, kind, values, time, value, tags and metadata of each sample,
/// sorted. `None` where the program is not installed.
pub(crate) fn seen_by(how: &str, path: &Path) -> Option<Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/binary/support/samples.py");
    let read = python()?
        .args([script.as_os_str(), how.as_ref(), path.as_os_str()])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{how}: {errors}");
    let text = String::from_utf8(read.stdout).unwrap();
    let sample = |line: &str| serde_json::from_str(line).unwrap();
    Some(sorted(text.lines().map(sample)))
}

/// `None` where `DuckDB` and pyarrow are not installed.
pub(crate) fn python() -> Option<Command> {
    let program = test_venv().join("bin/python");
    let both = ["-c", "import duckdb, pyarrow"];
    let tried = Command::new(&program)
        .args(both)
        .stderr(Stdio::null())
        .status();
    if tried.is_ok_and(|status| status.success()) {
        return Some(Command::new(program));
    }
    skip(&"DuckDB and pyarrow are not installed: scripts/setup-tests.sh");
    None
}

fn ask(program: &str, arguments: &[&Path]) -> Option<String> {
    let answer = python()?
        .args(["-c", program])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{program}: {errors}");
    Some(String::from_utf8(answer.stdout).unwrap().trim().to_owned())
}

/// Samples in one form and order. Numbers are compared as the same double.
fn sorted(samples: impl Iterator<Item = Value>) -> Vec<String> {
    let normal = |sample: Value| {
        let bits = sample[4].as_f64().unwrap().to_bits();
        let map = |at: usize| {
            let pairs = sample[at].as_object().unwrap().iter();
            let mut pairs: Vec<String> =
                pairs.map(|(key, value)| format!("{key}={value}")).collect();
            pairs.sort();
            pairs
        };
        let [metric, kind, contains, time] = [0, 1, 2, 3].map(|at| sample[at].to_string());
        format!(
            "{metric} {kind} {contains} {time} {bits:x} {:?} {:?}",
            map(5),
            map(6)
        )
    };
    let mut samples: Vec<String> = samples.map(normal).collect();
    samples.sort();
    samples
}

/// The same of a file of JSON lines.
pub(crate) fn of_json(points: &Points) -> Vec<String> {
    let sample = |(metric, data): &(String, Value)| {
        let declared = &points.metrics[metric];
        let time: jiff::Timestamp = data["time"].as_str().unwrap().parse().unwrap();
        let time = i64::try_from(time.as_nanosecond()).unwrap();
        let metadata = data.get("metadata").cloned().unwrap_or_else(|| json!({}));
        json!([
            metric,
            declared["type"],
            declared["contains"],
            time,
            data["value"],
            data["tags"],
            metadata
        ])
    };
    sorted(points.points.iter().map(sample))
}

pub(crate) fn assert_same(how: &str, found: &[String], expected: &[String]) {
    let different = found.iter().zip(expected).find(|(one, other)| one != other);
    assert!(
        found == expected,
        "{how}: {} samples, not {}; the first that differs: {different:#?}",
        found.len(),
        expected.len()
    );
}

#[test]
fn json_parquet_and_arrow_of_a_run_have_the_same_samples() {
    let outputs = [
        "--out",
        "json=o.json",
        "--out",
        "parquet=o.parquet",
        "--out",
        "arrow=o.arrows",
    ];
    let run = Brunt::script(SCRIPT).args(&outputs).run().expect(0);
    let points = run.points("o.json");
    assert_eq!(points.of("my_counter").len(), 130);
    assert!(
        run.read("o.json").contains(r#""who":"me""#),
        "metadata of the script's own"
    );
    let expected = of_json(&points);
    for (how, file) in [
        ("duckdb", "o.parquet"),
        ("pyarrow", "o.parquet"),
        ("stream", "o.arrows"),
    ] {
        if let Some(found) = seen_by(how, &run.path(file)) {
            assert_same(how, &found, &expected);
        }
    }
}

/// What a user would type.
#[test]
fn duckdb_finds_the_same_in_json_csv_parquet_and_arrow() {
    let outputs = [
        "--out",
        "json=o.json",
        "--out",
        "csv=o.csv,timeFormat=unix_nano",
        "--out",
        "parquet=o.parquet",
        "--out",
        "arrow=o.arrows",
    ];
    let run = Brunt::script(SCRIPT).args(&outputs).run().expect(0);
    let program = "import sys, duckdb, pyarrow as pa
json, csv, parquet, arrow = sys.argv[1:]
stream = pa.ipc.open_stream(pa.OSFile(arrow)).read_all()
for rows in [
  f'''select metric, data.value as value, data.tags.half as half,
      epoch_ns(cast(data.time as timestamp_ns)) as time from read_ndjson('{json}',
      columns = {{metric: 'varchar', type: 'varchar',
        data: 'struct(time varchar, value double, tags struct(half varchar))'}}) where type = 'Point' ''',
  f'''select metric_name as metric, metric_value as value, timestamp as time,
      nullif(regexp_extract(extra_tags, '(^|&)half=([^&]*)', 2), '') as half from read_csv('{csv}',
      types = {{metric_value: 'double', timestamp: 'bigint'}})''',
  f'''select metric, value, epoch_ns(time) as time, tags['half'] as half from '{parquet}' ''',
  '''select metric, value, epoch_ns(time) as time, tags['half'] as half from stream''',
]:
  print(duckdb.sql(f'''select metric, half, count(*), min(value), max(value), count(distinct value),
    min(time), max(time) from ({rows}) group by all order by all''').fetchall())";
    let files = ["o.json", "o.csv", "o.parquet", "o.arrows"].map(|name| run.path(name));
    let files = files.each_ref().map(PathBuf::as_path);
    let Some(answers) = ask(program, &files) else {
        return;
    };
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert!(
        answers[0].contains("('my_trend', 'first', "),
        "{}",
        answers[0]
    );
    for answer in &answers[1..] {
        assert_eq!(*answer, answers[0]);
    }
}

#[test]
fn the_stream_goes_to_stdout_and_its_reader_may_leave() {
    let args = ["--quiet", "--summary-mode", "disabled", "--out"];
    // Bytes that are no text must not pass through a test that reads text.
    let script = |out: &str| Brunt::script(SCRIPT).args(&args).args(&[out]);
    let run = script("arrow")
        .after_shell("exec > o.arrows")
        .run()
        .expect(0);
    if let Some(found) = seen_by("stream", &run.path("o.arrows")) {
        assert!(found.len() > 130 * 6, "{}", found.len());
    }
    let gone = script("arrow=-").without_stdout().run().expect(0);
    assert!(gone.messages("error").is_empty(), "{}", gone.stderr);
}

#[test]
fn declarations_come_along() {
    let outputs = ["--out", "parquet=o.parquet", "--out", "arrow=o.arrows"];
    let run = Brunt::script(SCRIPT).args(&outputs).run().expect(0);
    let program = "import sys, pyarrow as pa, pyarrow.parquet as pq
print(pq.read_metadata(sys.argv[1]).metadata[b'brunt.metrics'].decode())
print(pa.ipc.open_stream(pa.OSFile(sys.argv[2])).schema.metadata[b'brunt.metrics'].decode())
print(pq.read_metadata(sys.argv[1]).metadata[b'brunt.utc-offset'].decode())";
    let Some(answer) = ask(program, &[&run.path("o.parquet"), &run.path("o.arrows")]) else {
        return;
    };
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!((lines[0], lines[2]), (lines[1], "0"));
    let metrics: Value = serde_json::from_str(lines[0]).unwrap();
    let metrics = metrics.as_array().unwrap();
    let trend = metrics.iter().find(|metric| metric["name"] == "my_trend");
    let expected = json!({
        "name": "my_trend", "type": "trend", "contains": "time", "thresholds": ["min<500"],
        "submetrics": [{ "suffix": "half:first", "tags": { "half": "first" }, "thresholds": ["max<500"] }],
    });
    assert_eq!(trend, Some(&expected));
}

/// Many samples in little time.
pub(crate) const MANY: &str = "import { Trend } from 'k6/metrics';
const trend = new Trend('my_trend');
export const options = { vus: 2, iterations: 40 };
export default function () {
  for (let i = 0; i < 1000; i++) trend.add(Math.random(), { i: `${i % 100}` });
}";

fn row_groups(run: &Finished, file: &str) -> Option<usize> {
    let program =
        "import sys, pyarrow.parquet as pq; print(pq.ParquetFile(sys.argv[1]).num_row_groups)";
    Some(ask(program, &[&run.path(file)])?.parse().unwrap())
}

#[test]
fn the_size_of_row_groups_and_the_level_can_be_chosen() {
    let outputs = [
        "--out",
        "parquet=large.parquet,level=1",
        "--out",
        "parquet=small.parquet,row-group-size=128KiB",
        "--out",
        "parquet=dense.parquet,level=19",
    ];
    let run = Brunt::script(MANY).args(&outputs).run().expect(0);
    let size = |file: &str| std::fs::metadata(run.path(file)).unwrap().len();
    assert!(size("dense.parquet") < size("large.parquet"));
    if let Some(one) = row_groups(&run, "large.parquet") {
        assert_eq!(one, 1);
        assert!(row_groups(&run, "small.parquet").unwrap() > 3);
    }
}

#[test]
fn keys_come_from_variables_too_and_wrong_ones_are_told() {
    let run = Brunt::script(MANY).args(&["--out", "parquet=o.parquet"]);
    let run = run
        .variable("BRUNT_PARQUET_ROW_GROUP_SIZE", "128KiB")
        .run()
        .expect(0);
    if let Some(groups) = row_groups(&run, "o.parquet") {
        assert!(groups > 3);
    }
    for (out, what) in [
        ("parquet=-", "--out arrow=-"),
        ("parquet=a,level=99", "'level'"),
        ("parquet=a,partition=url", "'partition'"),
        ("exec", "which command"),
    ] {
        Brunt::script(MANY)
            .args(&["--out", out])
            .run()
            .expect(104)
            .one_error(&[what]);
    }
    let absent = ["--out", "parquet=absent/o.parquet"];
    Brunt::script(MANY)
        .args(&absent)
        .run()
        .expect(121)
        .one_error(&["absent/o.parquet", "No such file"]);
}

pub(crate) fn count(path: &Path) -> Option<u64> {
    let program = "import sys, duckdb
print(duckdb.execute('select count(*) from read_parquet(?) where metric = ?', [sys.argv[1], 'my_trend']).fetchone()[0])";
    Some(ask(program, &[path])?.parse().unwrap())
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "script.js")
        .collect();
    names.sort();
    names
}

#[test]
fn files_are_rolled_by_size() {
    let outputs = ["--out", "parquet=o.parquet,roll-size=100KiB"];
    let run = Brunt::script(MANY).args(&outputs).run().expect(0);
    let files = files(&run.path(""));
    assert!(
        files.len() > 2 && files[0] == "o-00000.parquet",
        "{files:?}"
    );
    assert!(
        files.iter().all(|name| name.ends_with(".parquet")),
        "{files:?}"
    );
    if let Some(samples) = count(&run.path("o-*.parquet")) {
        assert_eq!(samples, 40_000);
    }
}

#[test]
fn files_are_rolled_by_time() {
    let script = "import { sleep } from 'k6'; export const options = { duration: '2500ms' };
        export default () => sleep(0.05);";
    let outputs = ["--out", "parquet=o.parquet,roll-interval=1s"];
    let run = Brunt::script(script).args(&outputs).run().expect(0);
    let files = files(&run.path(""));
    assert!(
        files.len() >= 2 && files[1] == "o-00001.parquet",
        "{files:?}"
    );
}

#[test]
fn each_scenario_can_have_its_folder() {
    let outputs = [
        "--out",
        "json=o.json",
        "--out",
        "parquet=out,partition=scenario",
    ];
    let run = Brunt::script(SCRIPT).args(&outputs).run().expect(0);
    let parts = [
        "scenario=__HIVE_DEFAULT_PARTITION__",
        "scenario=browse",
        "scenario=buy",
    ];
    let folders = files(&run.path("out"));
    assert!(
        folders.iter().all(|name| parts.contains(&&**name)),
        "{folders:?}"
    );
    let expected = of_json(&run.points("o.json"));
    if let Some(found) = seen_by("duckdb", &run.path("out/*/*.parquet")) {
        assert_same("duckdb", &found, &expected);
        assert_same(
            "pyarrow",
            &seen_by("pyarrow", &run.path("out")).unwrap(),
            &expected,
        );
    }
}

/// Each virtual user counts; what it counted is in its samples.
const COUNTING: &str = "import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
const seen = new Trend('seen');
export const options = { vus: 4, duration: '10m' };
export default function () {
  for (let i = 0; i < 50; i++) seen.add(__ITER * 50 + i, { of: `${__VU}` });
  sleep(__ITER + 1 === Number(__ENV.PAUSE) ? 600 : 0.01);
}";

/// How far each virtual user counted, as a repair of what is there now shows it: in the Parquet file, then
/// in the stream. Nothing where one of them cannot be repaired, as while they are written.
fn repaired(folder: &Path) -> Vec<Vec<u64>> {
    let copy = tempfile::tempdir().unwrap();
    for name in ["o.parquet.tmp", "o.parquet.tmp.arrows", "o.arrows"] {
        let _ = std::fs::copy(folder.join(name), copy.path().join(name));
    }
    let stream = copy.path().join("whole.arrows");
    let (Ok(parquet), Ok(_)) = (
        repair(&copy.path().join("o.parquet")),
        brunt_output_arrow::repair(&copy.path().join("o.arrows"), &stream),
    ) else {
        return Vec::new();
    };
    let program = "import sys, json, pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute
for t in [pq.read_table(sys.argv[1]), pa.ipc.open_stream(pa.OSFile(sys.argv[2])).read_all()]:
    t = t.filter(pa.compute.equal(t['metric'], 'seen'))
    rows = zip(t['tags'].to_pylist(), t['value'].to_pylist())
    print(json.dumps([[dict(tags)['of'], int(value)] for tags, value in rows]))";
    let answer = ask(program, &[&parquet.path, &stream]).unwrap_or_default();
    answer.lines().map(counted).collect()
}

/// How far each one counted, without a gap.
fn counted(samples: &str) -> Vec<u64> {
    let samples: Vec<(String, u64)> = serde_json::from_str(samples).unwrap();
    let mut next = std::collections::BTreeMap::new();
    for (of, number) in samples {
        let next = next.entry(of.clone()).or_insert(0);
        assert_eq!(number, *next, "a gap in what virtual user {of} counted");
        *next += 1;
    }
    next.into_values().collect()
}

/// Starts to count, into row groups of this size.
fn counting(size: &str, pause: &str) -> crate::support::Started {
    let out = format!("parquet=o.parquet,row-group-size={size}");
    let run = Brunt::script(COUNTING).args(&["--out", &out, "--out", "arrow=o.arrows"]);
    run.env_flag("PAUSE", pause).start()
}

#[test]
fn a_killed_run_leaves_no_gap() {
    if python().is_none() {
        return;
    }
    // Within the first row group, between, and after some of them.
    for (size, length) in [
        ("32MiB", 900_000),
        ("256KiB", 300_000),
        ("256KiB", 1_100_000),
        ("64KiB", 700_000),
    ] {
        let mut started = counting(size, "never");
        let folder = started.path("");
        let stream = folder.join("o.arrows");
        started.wait_until("the stream grows", || {
            std::fs::metadata(&stream).is_ok_and(|it| it.len() > length)
        });
        started.kill();
        assert!(!folder.join("o.parquet").exists());
        // Looking at them has found no gap.
        assert_eq!(repaired(&folder).len(), 2, "both can be repaired");
    }
}

/// What bounds a loss: nothing waits for more to come, or for the end.
#[test]
fn what_was_measured_is_on_disk_although_nothing_follows() {
    if python().is_none() {
        return;
    }
    for size in ["32MiB", "64KiB"] {
        let mut started = counting(size, "40");
        let folder = started.path("");
        let all = vec![vec![2_000; 4]; 2];
        started.wait_until("all is on disk", || repaired(&folder) == all);
        started.kill();
        assert_eq!(repaired(&folder), all);
    }
}

#[test]
fn what_a_killed_run_has_left_is_not_written_over() {
    let mut first = counting("32MiB", "never");
    let folder = first.path("");
    let side = folder.join("o.parquet.tmp.arrows");
    first.wait_until("the side file grows", || {
        std::fs::metadata(&side).is_ok_and(|it| it.len() > 10_000)
    });
    first.kill();
    let left = std::fs::read(&side).unwrap();
    let target = folder.join("o.parquet").display().to_string();
    let out = format!("parquet={target}");
    let again = || Brunt::script(MANY).args(&["--out", &out]).run();
    again()
        .expect(121)
        .one_error(&["o.parquet.tmp", &format!("brunt repair {target}")]);
    assert_eq!(std::fs::read(&side).unwrap(), left);
    Brunt::command("repair").args(&[&target]).run().expect(0);
    again().expect(0);
}

#[test]
fn a_full_disk_is_one_error_and_what_was_written_is_saved() {
    // A limit instead of a disk: writing beyond it fails in the same way.
    let outputs = [
        "--out",
        "parquet=o.parquet,row-group-size=64KiB",
        "--summary-export",
        "s.json",
    ];
    let run = Brunt::script(MANY).args(&outputs);
    let run = run
        .after_shell("trap '' XFSZ; ulimit -f 100")
        .run()
        .expect(0);
    assert_eq!(run.summary("s.json").value("iterations", "count"), 40.0);
    let repaired = repair(&run.path("o.parquet")).unwrap();
    assert!(repaired.samples > 1_000, "{repaired:?}");
    if let Some(samples) = count(&repaired.path) {
        assert!(samples > 1_000);
    }
    run.one_error(&["parquet", "File too large", "brunt repair"]);
}
