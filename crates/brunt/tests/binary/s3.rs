//! `--out parquet=s3://…` against moto's S3: what is in the bucket after a run, and what stays on disk when
//! the bucket cannot be reached.

use std::path::{Path, PathBuf};
use std::process::Command;

use brunt_testkit::process::{ProcessError, Running, free_port, test_venv};

use crate::columnar::{MANY, SCRIPT, assert_same, count, files, of_json, seen_by};
use crate::file_outputs::books;
use crate::support::{Brunt, Finished, skip};

/// An S3 with the bucket `results`.
struct Bucket {
    running: Running,
    log: PathBuf,
    folder: tempfile::TempDir,
}

fn python() -> Option<Command> {
    let program = test_venv().join("bin/python");
    let tried = Command::new(&program)
        .args(["-c", "import moto.server"])
        .output();
    if tried.is_ok_and(|tried| tried.status.success()) {
        return Some(Command::new(program));
    }
    skip(&"moto is not installed: scripts/setup-tests.sh");
    None
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/binary/support/bucket.py")
}

impl Bucket {
    /// So many requests that put something fail at first.
    fn start(faults: usize) -> Option<Self> {
        let mut command = python()?;
        let folder = tempfile::tempdir().unwrap();
        let (port, log) = (free_port().unwrap(), folder.path().join("requests"));
        command.arg(program()).args(["serve", &port.to_string()]);
        command.arg(&log).arg(faults.to_string());
        match Running::start(command, port, &folder.path().join("log")) {
            Ok(running) => Some(Self {
                running,
                log,
                folder,
            }),
            Err(error @ ProcessError::Missing(_)) => {
                skip(&error);
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn port(&self) -> String {
        self.running.address().port().to_string()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// All objects, in a folder.
    fn fetched(&self) -> PathBuf {
        let folder = self.folder.path().join("objects");
        std::fs::create_dir_all(&folder).unwrap();
        let mut fetch = python().unwrap();
        fetch
            .arg(program())
            .args(["fetch", &self.port()])
            .arg(&folder);
        let fetched = fetch.output().unwrap();
        let errors = String::from_utf8_lossy(&fetched.stderr);
        assert!(fetched.status.success(), "{errors}");
        folder
    }

    fn requests(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// A run that may write to it.
    fn run(&self, script: &str, out: &str) -> Brunt {
        signed(Brunt::script(script))
            .variable("AWS_ENDPOINT_URL", &self.url())
            .args(&["--out", out])
    }
}

fn signed(run: Brunt) -> Brunt {
    run.variable("AWS_ACCESS_KEY_ID", "me")
        .variable("AWS_SECRET_ACCESS_KEY", "secret")
}

fn staged(run: &Finished) -> Vec<String> {
    let folder = run.path("state/brunt/spool");
    if folder.exists() {
        files(&folder)
    } else {
        Vec::new()
    }
}

#[test]
fn a_file_is_in_the_bucket_when_it_is_whole() {
    let Some(bucket) = Bucket::start(0) else {
        return;
    };
    let run = bucket.run(SCRIPT, "parquet=s3://results/2026/o.parquet");
    let run = run.args(&["--out", "json=o.json"]).run().expect(0);
    assert!(
        run.stdout.contains("s3://results/2026/o.parquet"),
        "{}",
        run.stdout
    );
    let (delivered, accepted, dropped) = books(&run, "parquet");
    assert_eq!((delivered, dropped), (accepted, 0));
    assert_eq!(staged(&run), [""; 0]);
    let found = bucket.fetched();
    assert_eq!(files(&found.join("2026")), ["o.parquet"]);
    let expected = of_json(&run.points("o.json"));
    for how in ["duckdb", "pyarrow"] {
        if let Some(samples) = seen_by(how, &found.join("2026/o.parquet")) {
            assert_same(how, &samples, &expected);
        }
    }
}

#[test]
fn endpoint_region_and_staging_are_keys() {
    let Some(bucket) = Bucket::start(0) else {
        return;
    };
    // What the keys say counts more than what the environment says.
    let out = format!(
        "parquet=s3://results/o.parquet,endpoint={},region=eu-north-1,staging=mine,roll-size=100KiB",
        bucket.url()
    );
    let run = signed(Brunt::script(MANY))
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .variable("AWS_REGION", "us-west-2")
        .args(&["--out", &out]);
    let staging = run.folder().join("mine");
    let started = run.start();
    started.wait_until("staging", || staging.exists());
    let run = started.finish().expect(0);
    assert!(bucket.requests().contains("/eu-north-1/s3/aws4_request"));
    assert_eq!(books(&run, "parquet").2, 0);
    assert_eq!(files(&staging), [""; 0]);
}

#[test]
fn rolled_files_and_partitions_are_sent_too_and_no_run_takes_anothers_place() {
    let Some(bucket) = Bucket::start(0) else {
        return;
    };
    let mut known = 0;
    for samples in [40_000, 80_000] {
        let out = "parquet=s3://results/rolled/o.parquet,roll-size=100KiB";
        bucket.run(MANY, out).run().expect(0);
        let found = bucket.fetched().join("rolled");
        assert!(files(&found).len() > known + 2, "{:?}", files(&found));
        known = files(&found).len();
        if let Some(counted) = count(&found.join("*.parquet")) {
            assert_eq!(counted, samples);
        }
    }
    let run = bucket.run(SCRIPT, "parquet=s3://results/parted,partition=scenario");
    let run = run.args(&["--out", "json=o.json"]).run().expect(0);
    assert_eq!(staged(&run), [""; 0]);
    let found = bucket.fetched().join("parted");
    assert!(
        files(&found).contains(&"scenario=buy".to_owned()),
        "{:?}",
        files(&found)
    );
    if let Some(samples) = seen_by("duckdb", &found.join("*/*.parquet")) {
        assert_same("duckdb", &samples, &of_json(&run.points("o.json")));
    }
}

#[test]
fn a_request_that_fails_is_repeated() {
    let Some(bucket) = Bucket::start(3) else {
        return;
    };
    let run = bucket.run(MANY, "parquet=s3://results/o.parquet");
    let run = run.args(&["--require-outputs"]).run().expect(0);
    let (delivered, accepted, _) = books(&run, "parquet");
    assert_eq!(delivered, accepted);
    assert!(run.stdout.contains("retries=3"), "{}", run.stdout);
    let run = run.says(&[
        "deliveries fail and are repeated",
        "503",
        "deliveries work again",
    ]);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    if let Some(samples) = count(&bucket.fetched().join("o.parquet")) {
        assert_eq!(samples, 40_000);
    }
}

#[test]
fn a_large_file_goes_in_parts() {
    let Some(bucket) = Bucket::start(2) else {
        return;
    };
    // Numbers without any order need nearly eight bytes each.
    let script = "import { Trend } from 'k6/metrics'; const trend = new Trend('my_trend');
export const options = { vus: 2, iterations: 140 };
export default function () { for (let i = 0; i < 10000; i++) trend.add(Math.random()); }";
    let run = bucket
        .run(script, "parquet=s3://results/o.parquet")
        .run()
        .expect(0);
    assert_eq!(books(&run, "parquet").2, 0);
    let requests = bucket.requests();
    assert!(requests.contains("partNumber=2"), "{requests}");
    assert!(run.stdout.contains("retries=2"), "{}", run.stdout);
    if let Some(samples) = count(&bucket.fetched().join("o.parquet")) {
        assert_eq!(samples, 1_400_000);
    }
}

#[test]
fn what_cannot_be_sent_stays_on_disk_with_the_command_that_sends_it() {
    let Some(mut bucket) = Bucket::start(0) else {
        return;
    };
    let script = "import { Counter } from 'k6/metrics'; import { sleep } from 'k6';
const counter = new Counter('my_trend'); export const options = { iterations: 1 };
export default function () { console.log('started'); sleep(1); counter.add(1); }";
    for (required, code) in [(&[][..], 0), (&["--require-outputs"], 120)] {
        let run = bucket.run(script, "parquet=s3://results/a/o.parquet");
        let started = run.args(&["--drain", "400ms"]).args(required).start();
        started.wait_for_log("started");
        bucket.running.kill();
        let run = started.finish().expect(code);
        let spool = run.path("state/brunt/spool");
        let folder = &files(&spool)[0];
        let file = spool.join(folder).join("o.parquet");
        let command = format!("aws s3 cp {} s3://results/a/o.parquet", file.display());
        assert!(
            run.stdout.contains(&command),
            "no {command} in {}",
            run.stdout
        );
        let (delivered, accepted, dropped) = books(&run, "parquet");
        assert_eq!((delivered, dropped), (0, 0));
        assert!(
            run.stdout.contains(&format!("spooled={accepted}")),
            "{}",
            run.stdout
        );
        if let Some(samples) = count(&file) {
            assert_eq!(samples, 1);
        }
        let Some(next) = Bucket::start(0) else { return };
        bucket = next;
    }
}

#[test]
fn a_bucket_that_may_not_be_written_is_told_before_the_start() {
    let Some(bucket) = Bucket::start(0) else {
        return;
    };
    let run = bucket
        .run(MANY, "parquet=s3://absent/o.parquet")
        .run()
        .expect(121);
    run.one_error(&["s3://absent/o.parquet", "NoSuchBucket"]);
    let run = signed(Brunt::script(MANY));
    let dead = "parquet=s3://results/o.parquet,endpoint=http://127.0.0.1:9";
    let run = run.args(&["--out", dead]).run().expect(121);
    run.one_error(&["s3://results/o.parquet", "127.0.0.1:9"]);
    for (out, what) in [
        ("parquet=s3://results", "s3://BUCKET/KEY"),
        ("parquet=s3://results/o,endpoint=here", "'endpoint'"),
        ("parquet=o.parquet,region=here", "'region'"),
    ] {
        let run = Brunt::script(MANY).args(&["--out", out]).run().expect(104);
        run.one_error(&[what]);
    }
}

#[test]
fn what_is_in_a_bucket_is_converted_as_a_folder_is() {
    let Some(bucket) = Bucket::start(0) else {
        return;
    };
    let run = bucket.run(SCRIPT, "parquet=s3://results/2026/a/o.parquet");
    let run = run.args(&["--out", "json=o.json"]).run().expect(0);
    let expected = of_json(&run.points("o.json"));
    let convert = |input: &str| {
        let convert = signed(Brunt::command("convert")).variable("AWS_ENDPOINT_URL", &bucket.url());
        convert.args(&[input, "--out", "json=back.json"]).run()
    };
    for input in [
        "s3://results/2026/a/o.parquet",
        "s3://results/2026",
        "s3://results",
    ] {
        let converted = convert(input).expect(0);
        assert_same(input, &of_json(&converted.points("back.json")), &expected);
    }
    bucket
        .run(SCRIPT, "parquet=s3://results/2026/b.parquet")
        .run()
        .expect(0);
    let both = of_json(&convert("s3://results/2026/").expect(0).points("back.json"));
    assert_eq!(both.len(), 2 * expected.len());
    for (input, text) in [
        (
            "s3://results/2027",
            "there is no result file in the folder s3://results/2027",
        ),
        ("s3://absent/o", "cannot read s3://absent/o"),
        ("s3://", "s3://BUCKET/KEY"),
    ] {
        let refused = convert(input).expect(255);
        assert!(!refused.path("back.json").exists());
        refused.one_error(&[text]);
    }
}
