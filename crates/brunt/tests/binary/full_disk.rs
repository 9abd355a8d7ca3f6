//! A disk that is full: a real one, of a few hundred kilobytes of memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::columnar::python;
use crate::file_outputs::{STREAM, books, repair, sequence, unpacked};
use crate::support::{Brunt, Finished, skip};

/// A file system of its own, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` where mounting is not permitted.
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={size},mode=0777");
        match tool(
            "mount",
            &["-t", "tmpfs", "-o", &options, "brunt-test"],
            folder,
        ) {
            Ok(()) => Some(Self(folder.to_owned())),
            Err(error) => {
                skip(&format!("a small disk cannot be mounted here: {error}"));
                None
            }
        }
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        tool("mount", &["-o", &options], &self.0).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = tool("umount", &["-l"], &self.0);
    }
}

fn tool(program: &str, arguments: &[&str], folder: &Path) -> Result<(), String> {
    let ran = Command::new(program).args(arguments).arg(folder).output();
    let ran = ran.map_err(|error| error.to_string())?;
    if ran.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned())
}

/// What was counted, of any file that can be read; the last in the order of the file.
fn values(run: &Finished, name: &str) -> Option<Vec<f64>> {
    let path = run.path(name);
    if !name.ends_with(".parquet") && !name.ends_with(".arrows") {
        // Of a file that is cut off, zstd's own tool keeps the last block to itself where that did not
        // fit into its buffer.
        let ending = path.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some("zst" | "gz")) {
            repair(&run.path(""), &["--in-place", name]).expect(0);
        }
        let (text, whole) = unpacked(&path);
        assert!(whole, "{name}");
        assert!(text.ends_with('\n'), "{name}");
        return Some(sequence(name, &once_declared(&text)).0);
    }
    let repaired = if name.ends_with(".arrows") {
        repair(&run.path(""), &["--in-place", name])
    } else {
        repair(&run.path(""), &[name])
    };
    repaired.expect(0);
    let program = "import sys, json, pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute
path = sys.argv[1]
t = pq.read_table(path) if path.endswith('parquet') else pa.ipc.open_stream(pa.OSFile(path)).read_all()
t = t.filter(pa.compute.equal(t['metric'], 'my_seq'))
print(json.dumps(t['value'].to_pylist()))";
    let read = python()?.args(["-c", program]).arg(&path).output().unwrap();
    let errors = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{name}: {errors}");
    Some(serde_json::from_slice(&read.stdout).unwrap())
}

/// What was declared before a gap is declared again behind it.
fn once_declared(text: &str) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let is_new =
        |line: &&str| !line.contains(r#""type":"Metric""#) || seen.insert((*line).to_owned());
    let lines = text.split_inclusive('\n').filter(is_new);
    lines.collect()
}

#[test]
fn a_full_disk_is_one_error_and_what_was_written_can_be_read() {
    let script = STREAM.replace("duration: '10m'", "iterations: 300");
    for (kind, file, size) in [
        ("json", "o.json", "600k"),
        ("csv", "o.csv", "600k"),
        ("json", "o.json.gz", "64k"),
        ("json", "o.json.zst", "64k"),
        ("parquet", "o.parquet", "1m"),
        ("arrow", "o.arrows", "1m"),
    ] {
        let name = format!("disk/{file}");
        let out = format!("{kind}@limited={name}");
        let outputs = ["--out", &out, "--out", "csv@good=good.csv"];
        let brunt = Brunt::script(&script).args(&outputs);
        let brunt = brunt.args(&["--log-output", "stderr"]);
        let Some(disk) = Disk::mount(&brunt.folder().join("disk"), size) else {
            return;
        };
        let run = brunt.run().expect(0);
        let (delivered, accepted, dropped) = books(&run, "limited");
        assert!(dropped > 0 && delivered > 0, "{name}: {}", run.stdout);
        assert_eq!(delivered + dropped, accepted, "{name}");
        assert_eq!(books(&run, "good"), (accepted, accepted, 0));
        assert_eq!(run.rows("good.csv").values("my_seq").len(), 30_000);
        disk.resize("64m");
        if let Some(values) = values(&run, &name) {
            assert!(!values.is_empty(), "{name}");
            // Lines that are short enough may find space yet.
            let in_order = values.windows(2).all(|two| two[0] < two[1]);
            let plain = matches!(file, "o.json" | "o.csv");
            assert!(in_order && (plain || values[0] == 0.0), "{name}");
            let gap = values[values.len() - 1] as usize + 1 > values.len();
            assert!(plain || !gap, "{name}");
        }
        // Before the folder goes.
        drop(disk);
        run.one_error(&["limited", file, "No space left"]);
    }
}

#[test]
fn lines_are_written_again_when_there_is_space_again() {
    let outputs = [
        "--out",
        "json=disk/o.json",
        "--out",
        "csv=disk/o.csv",
        "--out",
        "csv@good=good.csv",
    ];
    let brunt = Brunt::script(STREAM).args(&outputs);
    let Some(disk) = Disk::mount(&brunt.folder().join("disk"), "512k") else {
        return;
    };
    let run = brunt.start();
    run.wait_until("both files are told of", || {
        run.lines_with("No space left") >= 2
    });
    disk.resize("64m");
    run.wait_until("both files go on", || {
        run.lines_with("there is space again; ") >= 2
    });
    let iterations = run.lines_with("source=console");
    run.wait_until("some more", || {
        run.lines_with("source=console") > iterations + 50
    });
    run.signal("INT");
    let run = run.finish().expect(105);
    let all = run.rows("good.csv").values("my_seq");
    for (output, file) in [("json", "disk/o.json"), ("csv", "disk/o.csv")] {
        let (delivered, accepted, dropped) = books(&run, output);
        assert!(dropped > 0, "{}", run.stdout);
        assert_eq!(delivered + dropped, accepted);
        let text = run.read(file);
        assert!(text.ends_with('\n'), "{file}");
        let (values, _) = sequence(file, &once_declared(&text));
        assert_eq!(values.last(), all.last(), "{file} goes on to the end");
        // One gap at least, everything else in order.
        assert!(values.len() < all.len());
        assert!(values.windows(2).all(|two| two[0] < two[1]), "{file}");
        assert_eq!(values[0], 0.0);
    }
    drop(disk);
    let errors = run.messages("error");
    let told = errors.iter().filter(|it| it.contains("No space left"));
    assert_eq!(told.count(), 2, "{errors:?}");
}

#[test]
fn a_conversion_ends_with_the_disk_and_leaves_no_file_with_gaps() {
    let line = |at: usize| {
        format!(
            "{{\"metric\":\"iterations\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-22T10:00:00Z\",\"value\":{at},\"tags\":{{}}}}}}\n"
        )
    };
    let file: String = (0..50_000).map(line).collect();
    for (kind, name) in [("json", "o.json"), ("csv", "o.csv")] {
        let out = format!("{kind}=disk/{name}");
        let brunt = Brunt::command("convert").file("run.json", &file);
        let brunt = brunt.args(&["run.json", "--out", &out]);
        let Some(disk) = Disk::mount(&brunt.folder().join("disk"), "64k") else {
            return;
        };
        let run = brunt.run().expect(120);
        let left = std::fs::read_dir(run.path("disk")).unwrap().count();
        drop(disk);
        assert_eq!(left, 0, "{name}");
        assert!(run.stderr.contains("No space left"), "{}", run.stderr);
        assert!(!run.stderr.contains("test goes on"), "{}", run.stderr);
    }
}
