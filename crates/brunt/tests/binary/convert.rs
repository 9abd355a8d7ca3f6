//! `brunt convert`: what k6 and brunt wrote, through every format and back.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Brunt, Points};

fn golden(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../brunt-convert/tests/golden");
    tests.join(name)
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Runs `brunt convert` in a folder.
fn convert(folder: &Path, args: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_brunt");
    let mut command = Command::new(binary);
    let command = command.arg("convert").args(args).current_dir(folder);
    // The files tell the time zone.
    command.env("TZ", "Asia/Kathmandu").output().unwrap()
}

#[track_caller]
fn converted(folder: &Path, args: &[&str]) -> String {
    let output = convert(folder, args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {errors}");
    assert_eq!(left_over(folder), 0, "{args:?}");
    errors
}

/// Hidden files: those that were not whole.
fn left_over(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let hidden = |name: std::ffi::OsString| name.to_string_lossy().starts_with('.');
    entries
        .filter(|it| hidden(it.as_ref().unwrap().file_name()))
        .count()
}

fn read(folder: &Path, name: &str) -> Points {
    Points::parse(&std::fs::read_to_string(folder.join(name)).unwrap())
}

/// The points of each series, in their order.
fn by_series(points: &Points) -> BTreeMap<String, Vec<&Value>> {
    let mut series: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for (metric, data) in &points.points {
        let key = format!("{metric}{}", data["tags"]);
        series.entry(key).or_default().push(data);
    }
    series
}

#[track_caller]
fn assert_same(one: &Points, other: &Points) {
    assert_eq!(one.points.len(), other.points.len());
    assert_eq!(by_series(one), by_series(other));
}

#[test]
fn k6_json_goes_through_every_format_and_back_without_losing_anything() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let original = golden("run.json.gz");
    let name = original.to_str().unwrap();
    let outs = [
        "--out",
        "json=a.json",
        "--out",
        "parquet=b.parquet",
        "--out",
        "arrow=c.arrow",
    ];
    let escaped = ["--out", "csv=d.csv.zst,timeFormat=rfc3339_nano"];
    converted(folder, &[&[name], &outs[..], &escaped].concat());
    let k6 = Points::parse(&unpacked(&original));
    assert_eq!((k6.points.len(), k6.metrics.len()), (36_981, 22));
    let copy = read(folder, "a.json");
    assert_eq!(
        copy.metrics, k6.metrics,
        "kinds, thresholds and sub-metrics"
    );
    assert_eq!(
        copy.points, k6.points,
        "in the same order, in the same zone"
    );
    for from in ["b.parquet", "c.arrow"] {
        converted(folder, &[from, "--out", "json=back.json"]);
        let back = read(folder, "back.json");
        assert_eq!(back.metrics, k6.metrics, "{from}");
        assert_same(&back, &k6);
    }
    // Rows know no kinds.
    let kinds: Vec<String> = k6
        .metrics
        .iter()
        .map(|(name, data)| {
            let text = |key: &str| data[key].as_str().unwrap().to_owned();
            format!("{name}={}:{}", text("type"), text("contains"))
        })
        .collect();
    let kinds = kinds.iter().flat_map(|kind| ["--metric", kind.as_str()]);
    let args: Vec<&str> = ["d.csv.zst", "--out", "json=back.json"]
        .into_iter()
        .chain(kinds)
        .collect();
    converted(folder, &args);
    assert_same(&read(folder, "back.json"), &k6);
}

#[test]
fn k6_csv_has_the_points_of_k6_json_to_six_decimals_and_whole_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rounded = |points: &Points| {
        let point = |(metric, data): &(String, Value)| {
            let time: String = data["time"].as_str().unwrap().chars().take(19).collect();
            let value = format!("{:.6}", data["value"].as_f64().unwrap());
            let metadata = &data["metadata"];
            format!(
                "{metric} {time} {value} {} {metadata}",
                sorted(&data["tags"])
            )
        };
        let mut all: Vec<String> = points.points.iter().map(point).collect();
        all.sort();
        all
    };
    // The file has no zone; what was read is written in that of this process.
    let output = Command::new(env!("CARGO_BIN_EXE_brunt"))
        .arg("convert")
        .arg(golden("run.csv.gz"))
        .args(["--out", "json=utc.json"])
        .current_dir(folder)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(output.status.success());
    let csv = rounded(&read(folder, "utc.json"));
    let json = rounded(&Points::parse(&unpacked(&golden("run.json.gz"))));
    assert_eq!(csv.len(), json.len());
    for (csv, json) in csv.iter().zip(&json) {
        assert_eq!(csv, json);
    }
}

fn sorted(tags: &Value) -> String {
    let pairs: BTreeMap<_, _> = tags.as_object().unwrap().iter().collect();
    format!("{pairs:?}")
}

#[test]
fn what_brunt_wrote_comes_back_from_its_csv() {
    let run = Brunt::script(
        "import { Trend } from 'k6/metrics';
         import exec from 'k6/execution';
         const took = new Trend('took', true);
         export const options = { iterations: 20, tags: { 'ü=&': 'a,\"b\"%+' } };
         export default () => { exec.vu.metrics.metadata.who = 'a&b=\\nc'; took.add(__ITER * 4e-7, { q: 'x\\ny' }); };",
    )
    .args(&["--out", "json=run.json", "--out", "csv=run.csv,timeFormat=unix_nano"])
    .run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let file = run.path("run.csv");
    let folder = file.parent().unwrap();
    converted(
        folder,
        &[
            "run.csv",
            "--metric",
            "took=trend:time",
            "--out",
            "json=back.json",
        ],
    );
    let took = |name: &str| -> Vec<String> {
        let points = read(folder, name);
        let points = points.of("took");
        let point = |data: &&Value| {
            let mut tags = data["tags"].clone();
            tags.as_object_mut().unwrap().retain(|_, value| value != "");
            format!("{} {} {}", data["value"], tags, data["metadata"])
        };
        points.iter().map(point).collect()
    };
    assert_eq!(took("back.json"), took("run.json"));
    assert_eq!(took("run.json").len(), 20);
}

#[test]
fn several_inputs_a_folder_a_pattern_and_standard_input_are_one_result() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = unpacked(&golden("run.json.gz"));
    std::fs::create_dir(folder.join("in")).unwrap();
    let middle = text.lines().count() / 2;
    let half = |lines: Vec<&str>| lines.join("\n") + "\n";
    std::fs::write(
        folder.join("in/1"),
        half(text.lines().take(middle).collect()),
    )
    .unwrap();
    std::fs::write(
        folder.join("in/2"),
        half(text.lines().skip(middle).collect()),
    )
    .unwrap();
    std::fs::write(folder.join("in/readme.txt"), "nothing to see").unwrap();
    let k6 = Points::parse(&text);
    for inputs in [&["in"][..], &["in/1", "in/2"], &["in/?"]] {
        converted(folder, &[inputs, &["--out", "json=all.json"]].concat());
        assert_eq!(read(folder, "all.json").points, k6.points, "{inputs:?}");
    }
    let piped = Brunt::command("convert")
        .args(&["-", "--out", "json=all.json"])
        .stdin(&text)
        .run();
    assert_eq!(piped.code, 0, "{}", piped.stderr);
    assert_eq!(Points::parse(&piped.read("all.json")).points, k6.points);
}

#[test]
fn a_broken_line_is_told_with_its_place_and_a_half_written_one_is_a_notice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = unpacked(&golden("run.json.gz"));
    let lines: Vec<&str> = text.lines().take(100).collect();
    let broken = [&lines[..50], &["{\"metric\":garbage"][..], &lines[50..]]
        .concat()
        .join("\n");
    std::fs::write(folder.join("broken.json"), &broken).unwrap();
    let output = convert(folder, &["broken.json", "--out", "json=out.json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(123), "{errors}");
    let offset = lines[..50].iter().map(|line| line.len() + 1).sum::<usize>();
    let place = format!("broken.json, line 51 (byte {offset})");
    assert!(errors.contains(&place), "{place} in {errors}");
    let points = lines
        .iter()
        .filter(|line| line.contains("\"Point\""))
        .count();
    assert_eq!(read(folder, "out.json").points.len(), points);
    converted(
        folder,
        &["broken.json", "--skip-invalid", "--out", "json=out.json"],
    );

    std::fs::write(folder.join("cut.json"), &text.as_bytes()[..50_000]).unwrap();
    let errors = converted(folder, &["cut.json", "--out", "json=out.json"]);
    assert!(errors.contains("ends in the middle of a line"), "{errors}");
    let packed = std::fs::read(golden("run.json.gz")).unwrap();
    std::fs::write(folder.join("cut.json.gz"), &packed[..packed.len() / 2]).unwrap();
    let errors = converted(folder, &["cut.json.gz", "--out", "json=out.json"]);
    assert!(errors.contains("was cut off"), "{errors}");
    assert!(read(folder, "out.json").points.len() > 10_000);
}

#[test]
fn what_cannot_be_converted_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("a.txt"), "hello\nworld\n").unwrap();
    std::fs::write(folder.join("empty"), "").unwrap();
    std::fs::create_dir(folder.join("none")).unwrap();
    let (json, csv) = (golden("run.json.gz"), golden("run.csv.gz"));
    let (json, csv) = (json.to_str().unwrap(), csv.to_str().unwrap());
    let table: [(&[&str], i32, &str); 7] = [
        (&["a.txt"], 255, "a.txt is no result file"),
        (&["empty"], 255, "empty is empty"),
        (&["none"], 255, "no result file in the folder none"),
        (&["missing.json"], 255, "cannot read missing.json"),
        (&["*.json"], 255, "no file is named like *.json"),
        (&[json, csv], 255, "convert one kind of files at a time"),
        (&[json, "--out", "mimir=http://127.0.0.1:1"], 121, "mimir"),
    ];
    for (inputs, code, message) in table {
        let output = convert(folder, &[inputs, &["--out", "json=out.json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{inputs:?}: {errors}");
        assert!(errors.contains(message), "{inputs:?}: {errors}");
        assert!(!folder.join("out.json").exists(), "{inputs:?}");
        assert_eq!(left_over(folder), 0, "{inputs:?}");
    }
}

#[test]
fn a_killed_conversion_leaves_no_file_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("run.json"), unpacked(&golden("run.json.gz"))).unwrap();
    // A pipe that nobody reads holds the conversion up, so that it does not end before it is killed.
    assert!(
        Command::new("mkfifo")
            .arg(folder.join("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let outs = ["--out", "json=out.json", "--out", "json=pipe"];
    let mut running = Command::new(env!("CARGO_BIN_EXE_brunt"))
        .arg("convert")
        .arg("run.json")
        .args(outs)
        .current_dir(folder)
        .spawn()
        .unwrap();
    while left_over(folder) == 0 {
        assert_eq!(running.try_wait().unwrap(), None, "it was done already");
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(!folder.join("out.json").exists());
}

#[test]
fn an_interrupted_conversion_leaves_no_file_under_its_name() {
    let outs = ["--out", "parquet=out.parquet", "--out", "json=pipe"];
    let brunt = Brunt::command("convert")
        .file("run.json", unpacked(&golden("run.json.gz")))
        .args(&["run.json"])
        .args(&outs);
    let pipe = brunt.folder().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // Nobody reads on before the signal has come.
    let running = brunt.start();
    let mut reader = std::fs::File::open(&pipe).unwrap();
    reader.read_exact(&mut [0; 1]).unwrap();
    running.signal("INT");
    running.wait_for_log("interrupted: outputs are ended");
    std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    let finished = running.finish().expect(105);
    assert!(!finished.path("out.parquet").exists());
    assert_eq!(left_over(&finished.path("")), 0);
}

#[test]
fn a_second_interruption_ends_at_once_and_leaves_nothing_either() {
    let outs = [
        "--out",
        "parquet=out.parquet",
        "--out",
        "json=out.json",
        "--out",
        "json=pipe",
    ];
    let brunt = Brunt::command("convert")
        .file("run.json", unpacked(&golden("run.json.gz")))
        .args(&["run.json"])
        .args(&outs);
    let pipe = brunt.folder().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // Nobody reads on: without the second signal it would wait for ever.
    let running = brunt.start();
    let mut reader = std::fs::File::open(&pipe).unwrap();
    reader.read_exact(&mut [0; 1]).unwrap();
    let folder = running.path("");
    running.wait_until("files without a name", || left_over(&folder) > 0);
    running.signal("INT");
    running.wait_for_log("interrupted: outputs are ended");
    running.signal("INT");
    let finished = running.finish().expect(105);
    for name in ["out.parquet", "out.json"] {
        assert!(!finished.path(name).exists(), "{name}");
    }
    assert_eq!(left_over(&finished.path("")), 0);
}
