//! Ten million samples beside outputs that take nothing: memory stays within its bound, each loss is
//! counted, and another output misses nothing.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::file_outputs::books;
use crate::memory::resident;
use crate::support::Brunt;

const SAMPLES: u64 = 10_000_000;

/// In KiB: both edges of samples (64 MiB each, see `docs/architecture.md`), the process itself, and what the
/// allocator keeps of pages that are partly free (25 MiB at most were seen). All the samples would take
/// 240 MB more than the process.
const MOST: u64 = 220 << 10;

const SCRIPT: &str = "import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const n = new Counter('n_'), last = new Counter('last_');
export const options = { vus: 1, iterations: 1001, systemTags: [] };
export default function () {
  if (__ITER === 1000) {
    last.add(1);
    for (;;) sleep(0.1);
  }
  for (let i = 0; i < 10000; i++) n.add(i);
  if (__ITER % 200 === 199) console.log(`after ${__ITER}.`);
}";

#[test]
fn ten_million_samples_beside_outputs_that_stall() {
    // It takes connections, by its queue, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let remote = format!("mimir@silent=http://{address},check=false,interval=1s");
    let brunt = Brunt::script(SCRIPT)
        .args(&["--spool", "off", "--drain", "200ms"])
        .args(&["--out", &remote])
        .args(&["--out", "csv@stalled=pipe", "--out", "csv@good=good.csv"]);
    let folder = brunt.folder().to_owned();
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status();
    assert!(made.unwrap().success());
    let run = brunt.start();
    for part in 1..=5 {
        run.wait_for_log(&format!("after {}.", part * 200 - 1));
    }
    let good = folder.join("good.csv");
    run.wait_until("all in the good file", || has_the_last(&good));
    let most = resident(&run, "VmHWM").unwrap();
    run.signal("INT");
    let run = run.finish().expect(105);
    assert!(most < MOST, "{most} KiB at most");

    let lines = BufReader::new(std::fs::File::open(good).unwrap()).lines();
    let lines = lines.filter(|line| line.as_ref().unwrap().starts_with("n_,"));
    assert_eq!(lines.count() as u64, SAMPLES);
    let (delivered, accepted, dropped) = books(&run, "good");
    assert!(accepted > SAMPLES, "{}", run.stdout);
    assert_eq!((delivered, dropped), (accepted, 0));
    assert_eq!(books(&run, "stalled"), (0, accepted, accepted));
    let (delivered, accepted, dropped) = books(&run, "silent");
    assert!(accepted > 0, "{}", run.stdout);
    assert_eq!((delivered, dropped), (0, accepted));
    run.says(&[&format!("output silent: 0 of {accepted} points delivered")]);
}

/// Whether the file's end has the last sample of the script. Samples of other metrics may follow it.
fn has_the_last(path: &Path) -> bool {
    let Ok(mut file) = std::fs::File::open(path) else {
        return false;
    };
    let length = file.metadata().unwrap().len();
    let _ = file.seek(SeekFrom::Start(length.saturating_sub(4096)));
    let mut tail = String::new();
    file.read_to_string(&mut tail).is_ok() && tail.contains("\nlast_,")
}
