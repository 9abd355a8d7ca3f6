use std::io::Read as _;
use std::sync::Arc;

use brunt_output::kit::{self, Fixture};
use brunt_output::{Catalogue, Environment, Item, OutputError};

use super::*;

/// `--out json=TARGET`.
fn output(target: &str) -> Box<dyn Output> {
    let settings = Settings {
        target: target.to_owned(),
        ..Settings::default()
    };
    Json.configure(&settings).unwrap()
}

/// Batches that come to several chunks, so that buffers are recycled.
fn items(fixture: &Fixture, batches: i64) -> Vec<Item> {
    let series = fixture.series("http_req_duration", &[("name", "x"), ("status", "200")]);
    let batch = |number: i64| {
        let sample = |at: i64| (series, number * 1_000_000 + at, at as f64 / 7.0);
        Item::Samples(Arc::new(
            fixture.batch(&(0..1_000).map(sample).collect::<Vec<_>>()),
        ))
    };
    (0..batches).map(batch).collect()
}

fn lines(text: &str) -> usize {
    text.lines()
        .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        .count()
}

#[tokio::test]
async fn a_file_holds_every_sample() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    let target = path.to_str().unwrap();
    let fixture = Fixture::new();
    let make = || output(target);
    let fed = kit::conform(make, &items(&fixture, 10), fixture.context())
        .await
        .unwrap();
    assert_eq!(fed.counts.delivered, 10_000);
    assert_eq!(
        fed.counts.bytes,
        std::fs::metadata(&path).unwrap().len(),
        "bytes that were written"
    );
    assert!(fed.report.notes.is_empty());
    assert_eq!(lines(&std::fs::read_to_string(&path).unwrap()), 10_001);
}

#[tokio::test]
async fn a_compressed_file_is_complete_and_readable_when_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json.gz");
    let fixture = Fixture::new();
    let to = output(path.to_str().unwrap());
    let fed = kit::feed(to, &items(&fixture, 10), fixture.context())
        .await
        .unwrap();
    assert_eq!(fed.counts.delivered, 10_000);
    let whole = std::fs::read(&path).unwrap();
    let unpack = |bytes: &[u8]| {
        let mut text = Vec::new();
        // The end of a file that was cut off is an error; what was read before it counts.
        let _ = flate2::read::GzDecoder::new(bytes).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    assert_eq!(lines(&unpack(&whole)), 10_001);
    let cut = lines(&unpack(&whole[..whole.len() - 30]));
    assert!(cut > 5_000, "{cut} lines of a file that was cut off");
}

#[tokio::test]
async fn what_json_cannot_hold_is_rejected_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    let fixture = Fixture::new();
    let series = fixture.series("vus", &[]);
    let batch = fixture.batch(&[(series, 1, f64::INFINITY), (series, 2, 1.0)]);
    let items = [Item::Samples(Arc::new(batch))];
    let make = || output(path.to_str().unwrap());
    let fed = kit::conform(make, &items, fixture.context()).await.unwrap();
    assert_eq!((fed.counts.delivered, fed.counts.rejected), (1, 1));
    let reason = fed.counts.first_rejection.unwrap();
    assert!(reason.contains("metric 'vus'"), "{reason}");
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_an_error_before_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("run.json");
    let message = output(path.to_str().unwrap())
        .check()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with(&format!("cannot write {}", path.display())),
        "{message}"
    );
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_full_disk_is_an_error_that_names_the_file() {
    let fixture = Fixture::new();
    let to = output("/dev/full");
    let error = kit::feed(to, &items(&fixture, 10), fixture.context())
        .await
        .unwrap_err();
    let OutputError::Write { target, source } = error else {
        panic!("{error}")
    };
    assert_eq!(
        (target.as_str(), source.kind()),
        ("/dev/full", std::io::ErrorKind::StorageFull)
    );
}

#[tokio::test]
async fn the_catalogue_makes_it() {
    let catalogue = Catalogue::new().with(crate::Json);
    let describe = |argument: &str| {
        let outputs = catalogue
            .configure(&[argument.to_owned()], &Environment::new())
            .unwrap();
        outputs[0].output.describe()
    };
    assert_eq!(describe("json=a.json"), "json (a.json)");
    assert_eq!(describe("json"), "json (stdout)");
    assert_eq!(describe("json=-"), "json (stdout)");
}
