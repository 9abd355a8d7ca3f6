use std::path::Path;
use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use brunt_arrow::{Decoder, FileMetadata};
use brunt_metrics::{Interner, Registry, SeriesId};
use brunt_output::Item;
use brunt_output::kit::{Fixture, conform};

use super::*;
use crate::repair::{RepairError, repair};

/// Metric, tags, time and value.
type Row = (String, String, i64, f64);

fn read(path: &Path) -> Vec<Row> {
    let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(100_000)));
    let decoder = Decoder::new(Arc::clone(&registry), Arc::clone(&interner));
    let stream = StreamReader::try_new(File::open(path).unwrap(), None).unwrap();
    let mut rows = Vec::new();
    for batch in stream {
        let batch = decoder.decode(&batch.unwrap()).unwrap();
        for sample in &batch.samples {
            let series = interner.resolve(sample.series).unwrap();
            let metric = registry.metric(series.metric).name.to_string();
            let tags = format!("{:?}", series.tags);
            rows.push((metric, tags, sample.time, sample.value));
        }
    }
    rows
}

/// More different series than dictionaries may hold, so that they begin anew on the way.
fn many(fixture: &Fixture) -> (Vec<Item>, Vec<Row>) {
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for at in 0..4_i64 {
        let samples: Vec<(SeriesId, i64, f64)> = (0..40_000)
            .map(|n| {
                let url = format!("/item/{}", at * 20_000 + n / 2);
                (fixture.series("http_reqs", &[("url", &url)]), n, 0.5)
            })
            .collect();
        for (series, time, value) in &samples {
            let tags = fixture.context().interner.resolve(*series).unwrap().tags;
            rows.push(("http_reqs".to_owned(), format!("{tags:?}"), *time, *value));
        }
        items.push(Item::Samples(Arc::new(fixture.batch(&samples))));
    }
    (items, rows)
}

fn output(path: &Path) -> Box<dyn Output> {
    Box::new(ArrowOutput::new(path.to_str().unwrap()))
}

#[tokio::test]
async fn every_sample_is_in_the_stream_in_its_order() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let path = folder.path().join("a.arrows");
    let (items, rows) = many(&fixture);
    let fed = conform(|| output(&path), &items, fixture.context())
        .await
        .unwrap();
    assert_eq!(fed.counts.bytes, std::fs::metadata(&path).unwrap().len());
    let read = read(&path);
    assert!(read == rows, "{} rows of {}", read.len(), rows.len());
}

#[tokio::test]
async fn a_run_without_samples_leaves_a_stream_that_says_what_was_declared() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let path = folder.path().join("a.arrows");
    conform(|| output(&path), &[], fixture.context())
        .await
        .unwrap();
    let stream = StreamReader::try_new(File::open(&path).unwrap(), None).unwrap();
    let metadata = FileMetadata::from_map(stream.schema().metadata());
    assert_eq!(metadata, FileMetadata::of(fixture.context()));
    assert_eq!(stream.count(), 0);
}

#[tokio::test]
async fn a_stream_cut_anywhere_is_repaired_up_to_the_cut() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let [path, whole] = ["a.arrows", "b.arrows"].map(|name| folder.path().join(name));
    let (items, rows) = many(&fixture);
    conform(|| output(&path), &items, fixture.context())
        .await
        .unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for cut in (0..=bytes.len()).rev().step_by(bytes.len() / 15) {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        match repair(&path, &whole) {
            Ok(repaired) => {
                let read = read(&whole);
                assert_eq!(read.len() as u64, repaired.samples);
                assert_eq!(read[..], rows[..read.len()]);
                assert_eq!(repaired.cut, read.len() < rows.len());
            }
            Err(error) => {
                assert!(matches!(error, RepairError::Unreadable { .. }) && cut < 10_000);
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_the_rest_is_dropped() {
    let fixture = Fixture::new();
    let (items, rows) = many(&fixture);
    let mut full = ArrowOutput::new("/dev/full");
    full.check().await.unwrap();
    let (sender, inbox) = brunt_output::edge::edge(usize::MAX, fixture.context().account.clone());
    for item in items {
        sender.push(item);
    }
    sender.close();
    let ended = Box::new(full).run(inbox, fixture.context().clone()).await;
    let message = ended.unwrap_err().to_string();
    assert!(
        message.contains("/dev/full") && message.contains("No space left"),
        "{message}"
    );
    fixture.context().account.close();
    let counts = fixture.context().account.counts();
    assert_eq!((counts.delivered, counts.dropped), (0, rows.len() as u64));
}
