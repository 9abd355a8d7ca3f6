use std::io::Read as _;
use std::sync::Arc;

use brunt_output::kit::{self, Fixture};
use brunt_output::{Account, Item};

use super::*;

/// A line for each sample: its value.
struct Values;

impl Encode for Values {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"values\n");
    }

    fn encode(&mut self, batch: &SampleBatch, out: &mut Vec<u8>) -> u64 {
        for sample in &batch.samples {
            out.extend_from_slice(format!("{}\n", sample.value).as_bytes());
        }
        batch.samples.len() as u64
    }

    fn complaint(&self) -> String {
        String::new()
    }
}

fn output(target: &str) -> Box<dyn Output> {
    let make = |_: &OutputContext| -> Box<dyn Encode> { Box::new(Values) };
    Box::new(FileOutput::new("values", Target::parse(target), make))
}

/// Batches that come to several chunks, so that buffers are recycled.
fn items(fixture: &Fixture) -> Vec<Item> {
    let series = fixture.series("vus", &[]);
    let batch = |number: i64| {
        let sample = |at| (series, at, at as f64 / 7.0);
        let samples: Vec<_> = (number * 1_000..(number + 1) * 1_000).map(sample).collect();
        Item::Samples(Arc::new(fixture.batch(&samples)))
    };
    (0..100).map(batch).collect()
}

fn text() -> String {
    let lines = (0..100_000).map(|at| format!("{}\n", f64::from(at) / 7.0));
    std::iter::once("values\n".to_owned())
        .chain(lines)
        .collect()
}

#[tokio::test]
async fn every_packing_holds_everything_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "a.gz", "a.zst"] {
        let path = folder.path().join(name);
        let fixture = Fixture::new();
        let make = || output(path.to_str().unwrap());
        let fed = kit::conform(make, &items(&fixture), fixture.context())
            .await
            .unwrap();
        assert_eq!((fed.counts.delivered, fed.counts.lag), (100_000, 0));
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(fed.counts.bytes, bytes.len() as u64, "{name}");
        let mut read = String::new();
        match name {
            "a.gz" => {
                let mut from = flate2::read::GzDecoder::new(&bytes[..]);
                from.read_to_string(&mut read).unwrap();
            }
            "a.zst" => read = String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap(),
            _ => read = String::from_utf8(bytes).unwrap(),
        }
        assert!(read == text(), "{name}");
    }
}

#[tokio::test]
async fn a_file_that_another_writes_is_refused_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mut first = output(path.to_str().unwrap());
    first.check().await.unwrap();
    let error = output(path.to_str().unwrap()).check().await.unwrap_err();
    assert!(error.to_string().contains("another output"), "{error}");
}

#[tokio::test]
#[cfg(unix)]
async fn a_pipe_that_nobody_reads_is_given_up_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let fixture = Fixture::new().with_drain_timeout(Duration::from_millis(20));
    let mut output = output(path.to_str().unwrap());
    output.check().await.unwrap();
    let items = items(&fixture);
    let fed = kit::conform_stalled(output, &items, fixture.context());
    let fed = fed.await.unwrap();
    assert_eq!((fed.counts.delivered, fed.counts.dropped), (0, 100_000));
    assert!(fed.report.notes[0].contains("not written to its end"));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_full_disk_names_the_file_and_everything_is_accounted_for() {
    let fixture = Fixture::new();
    let account = Account::default();
    let (sender, inbox) = brunt_output::edge::edge(usize::MAX, account.clone());
    for item in items(&fixture) {
        sender.push(item);
    }
    sender.close();
    let context = OutputContext {
        account: account.clone(),
        ..fixture.context().clone()
    };
    let error = output("/dev/full").run(inbox, context).await.unwrap_err();
    let OutputError::Write { target, source } = error else {
        panic!("{error}")
    };
    assert_eq!(
        (target.as_str(), source.kind()),
        ("/dev/full", io::ErrorKind::StorageFull)
    );
    account.close();
    let counts = account.counts();
    assert_eq!((counts.accepted, counts.dropped), (100_000, 100_000));
}
