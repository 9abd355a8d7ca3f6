use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use brunt_arrow::{Decoder, FileMetadata};
use brunt_metrics::{
    Interner, MetaTable, MetricKind, Registry, Sample, Series, SeriesId, ValueType,
};
use brunt_output::kit::{Fixture, conform};
use brunt_output::{Account, Declaration, Item};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use proptest::prelude::*;

use super::*;
use crate::repair::{RepairError, repair};

/// A sample as anybody sees it: metric, kind, values, time, value, tags, metadata.
type Seen = (String, i64, u64, String, String);

fn config(target: PathBuf) -> Config {
    Config {
        target,
        place: None,
        row_group: 64 * 1024,
        roll_size: None,
        roll_interval: None,
        by_scenario: false,
        level: 1,
    }
}

fn see(batch: &SampleBatch, registry: &Registry, interner: &Interner) -> Vec<Seen> {
    let sample = |sample: &Sample| {
        let series = match sample.series.overflow_row() {
            Some(row) => batch.overflow[row].clone(),
            None => interner.resolve(sample.series).unwrap(),
        };
        let metric = registry.metric(series.metric);
        let metadata = batch.meta.get(sample.meta).cloned().unwrap_or_default();
        (
            format!("{} {} {}", metric.name, metric.kind, metric.contains),
            sample.time,
            sample.value.to_bits(),
            format!("{:?}", series.tags),
            format!("{metadata:?}"),
        )
    };
    batch.samples.iter().map(sample).collect()
}

fn read(path: &Path) -> Vec<Seen> {
    let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(1_000)));
    let decoder = Decoder::new(Arc::clone(&registry), Arc::clone(&interner));
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let reader = reader.with_batch_size(1_000).build().unwrap();
    let batches = reader.map(|batch| decoder.decode(&batch.unwrap()).unwrap());
    batches
        .flat_map(|batch| see(&batch, &registry, &interner))
        .collect()
}

/// Samples with and without tags that have no column, with metadata, some beyond the interner.
fn batch(fixture: &Fixture, count: usize) -> SampleBatch {
    let urls = ["/a", "/b", ""].map(|url| {
        let tags = [
            ("url", url),
            ("group", "::g"),
            ("scenario", "buy"),
            ("mine", url),
        ];
        fixture.series("http_req_duration", &tags)
    });
    let bare = fixture.series("data_sent", &[]);
    let mut meta = MetaTable::default();
    let rows: Vec<_> = (0..5)
        .map(|n| {
            let pairs = [("vu", n.to_string()), ("iter", (n * 7).to_string())];
            meta.add(&Arc::new(pairs.into_iter().collect()))
        })
        .collect();
    let http_reqs = fixture.context().registry.get("http_reqs").unwrap().id;
    let overflow = (0..3)
        .map(|n| Series {
            metric: http_reqs,
            tags: Arc::new([("url", format!("/unique/{n}"))].into_iter().collect()),
        })
        .collect();
    let samples = (0..count)
        .map(|at| Sample {
            series: match at % 7 {
                0 => bare,
                1 => SeriesId::overflow((at % 3) as u32),
                _ => urls[at % 3],
            },
            meta: if at % 4 == 0 {
                brunt_metrics::MetaId::NONE
            } else {
                rows[at % 5]
            },
            time: 1_795_345_141_150_490_939 + at as i64 * 1_003,
            value: (at as f64).sqrt(),
        })
        .collect();
    SampleBatch {
        samples,
        meta,
        overflow,
    }
}

fn items(batches: &[SampleBatch]) -> Vec<Item> {
    let item = |batch: &SampleBatch| Item::Samples(Arc::new(batch.clone()));
    batches.iter().map(item).collect()
}

fn expected(fixture: &Fixture, batches: &[SampleBatch]) -> Vec<Seen> {
    let context = fixture.context();
    let see = |batch: &SampleBatch| see(batch, &context.registry, &context.interner);
    batches.iter().flat_map(see).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_sample_is_in_the_file_in_its_order() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let path = folder.path().join("a.parquet");
    // Some row groups, and one that is not full.
    let batches = [
        batch(&fixture, 4_000),
        batch(&fixture, 1),
        batch(&fixture, 6_000),
    ];
    let make = || Box::new(ParquetOutput::new(config(path.clone()))) as Box<dyn Output>;
    let fed = conform(make, &items(&batches), fixture.context())
        .await
        .unwrap();
    assert_eq!(fed.counts.delivered, 10_001);
    assert_eq!(fed.counts.bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!(read(&path), expected(&fixture, &batches));
    let file = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    assert!(file.metadata().num_row_groups() > 1);
    assert_eq!(names(folder.path()), ["a.parquet"], "nothing else is left");
}

#[tokio::test]
async fn a_run_without_samples_leaves_a_file_without_rows() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let path = folder.path().join("a.parquet");
    let make = || Box::new(ParquetOutput::new(config(path.clone()))) as Box<dyn Output>;
    conform(make, &[], fixture.context()).await.unwrap();
    assert_eq!(read(&path), []);
}

#[tokio::test]
async fn the_file_says_what_the_run_declared() {
    let declaration = Declaration {
        thresholds: vec!["p(95)<500".to_owned()],
        submetrics: Vec::new(),
    };
    let declarations = [("http_req_duration".to_owned(), declaration)].into();
    let fixture = Fixture::new().with_declarations(declarations);
    let mine = fixture
        .context()
        .registry
        .register("mine", MetricKind::Rate, ValueType::Default);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let make = || Box::new(ParquetOutput::new(config(path.clone()))) as Box<dyn Output>;
    conform(make, &[], fixture.context()).await.unwrap();
    let file = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let pairs = file
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap();
    let map: HashMap<String, String> = pairs
        .iter()
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap()))
        .collect();
    let read = FileMetadata::from_map(&map);
    assert_eq!(read, FileMetadata::of(fixture.context()));
    assert_eq!(read.metrics.last().unwrap().name, *mine.unwrap().name);
}

#[tokio::test]
async fn files_are_rolled_by_size() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let mut config = config(folder.path().join("a.parquet"));
    config.roll_size = Some(1);
    let batches = [
        batch(&fixture, 4_000),
        batch(&fixture, 4_000),
        batch(&fixture, 10),
    ];
    let output = || Box::new(ParquetOutput::new(config.clone())) as Box<dyn Output>;
    conform(output, &items(&batches), fixture.context())
        .await
        .unwrap();
    let files = names(folder.path());
    assert_eq!(
        files,
        ["a-00000.parquet", "a-00001.parquet", "a-00002.parquet"]
    );
    let read: Vec<Seen> = files
        .iter()
        .flat_map(|name| read(&folder.path().join(name)))
        .collect();
    assert_eq!(read, expected(&fixture, &batches));
}

#[test]
fn a_file_that_is_old_enough_is_rolled_while_nothing_comes() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let mut config = config(folder.path().join("a.parquet"));
    config.roll_interval = Some(Duration::ZERO);
    let mut files = Files::new(config, fixture.context().clone(), None);
    files.tick().unwrap();
    files.samples(&batch(&fixture, 10)).unwrap();
    files.tick().unwrap();
    files.samples(&batch(&fixture, 10)).unwrap();
    files.finish().unwrap();
    assert_eq!(names(folder.path()), ["a-00000.parquet", "a-00001.parquet"]);
}

#[tokio::test]
async fn each_scenario_has_its_folder() {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), Fixture::new());
    let mut config = config(folder.path().join("out"));
    config.by_scenario = true;
    let batches = [batch(&fixture, 100)];
    let output = || Box::new(ParquetOutput::new(config.clone())) as Box<dyn Output>;
    conform(output, &items(&batches), fixture.context())
        .await
        .unwrap();
    let out = folder.path().join("out");
    let parts = ["scenario=__HIVE_DEFAULT_PARTITION__", "scenario=buy"];
    assert_eq!(names(&out), parts);
    let (mut read, mut expected): (Vec<Seen>, _) = (
        parts
            .iter()
            .flat_map(|part| read(&out.join(part).join("samples-00000.parquet")))
            .collect(),
        expected(&fixture, &batches),
    );
    read.sort();
    expected.sort();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_before_the_start() {
    let mut output = ParquetOutput::new(config(PathBuf::from("/nowhere/at/all.parquet")));
    let message = output.check().await.unwrap_err().to_string();
    assert!(message.contains("/nowhere/at/all.parquet"), "{message}");
}

/// A run that ends where it stands, as by `kill -9`: nothing is closed.
fn killed(fixture: &Fixture, path: &Path, batches: &[SampleBatch]) -> u64 {
    let account = Account::default();
    let context = OutputContext {
        account: account.clone(),
        ..fixture.context().clone()
    };
    let mut file = SampleFile::create(path, &config(path.to_owned()), &context).unwrap();
    for batch in batches {
        file.push(batch).unwrap();
    }
    file.flush().unwrap();
    // Dropping it would write what it holds back, which nobody does for a process that is killed.
    std::mem::forget(file);
    account.counts().delivered
}

#[test]
fn everything_that_was_flushed_survives_the_end_of_the_process() {
    let fixture = Fixture::new();
    for sizes in [
        &[0_usize][..],
        &[10],
        &[5_000],
        &[5_000, 7],
        &[3_000, 3_000, 3_000],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let batches: Vec<_> = sizes.iter().map(|size| batch(&fixture, *size)).collect();
        let delivered = killed(&fixture, &path, &batches);
        let repaired = repair(&path).unwrap();
        assert_eq!((&repaired.path, repaired.samples), (&path, delivered));
        assert!(!repaired.cut);
        assert_eq!(read(&path), expected(&fixture, &batches), "{sizes:?}");
        assert_eq!(names(folder.path()), ["a.parquet"]);
        assert!(matches!(repair(&path), Err(RepairError::Whole(_))));
    }
}

#[test]
fn a_side_file_cut_anywhere_gives_what_stands_before_the_cut() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let batches = [batch(&fixture, 5_000), batch(&fixture, 50)];
    killed(&fixture, &path, &batches);
    let side = std::fs::read(side::path_of(&path)).unwrap();
    let temporary = std::fs::read(side::temporary_of(&path)).unwrap();
    let all = expected(&fixture, &batches);
    for cut in (0..side.len()).step_by(side.len() / 40).skip(1) {
        std::fs::write(side::path_of(&path), &side[..cut]).unwrap();
        // The Parquet file may be longer than the side file says: a row group under way.
        std::fs::write(
            side::temporary_of(&path),
            [&temporary[..], b"more"].concat(),
        )
        .unwrap();
        match repair(&path) {
            Ok(repaired) => {
                let read = read(&repaired.path);
                assert_eq!(read[..], all[..read.len()]);
                assert!(read.len() == 5_000 || read.len() == 5_050, "{}", read.len());
                std::fs::remove_file(&repaired.path).unwrap();
            }
            // Before the end of the schema there is nothing.
            Err(error) => assert!(matches!(error, RepairError::Unreadable { .. }), "{error}"),
        }
    }
}

#[test]
fn a_repair_does_not_touch_a_file_of_the_same_name() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    killed(&fixture, &path, &[batch(&fixture, 10)]);
    std::fs::write(&path, "an earlier run").unwrap();
    let repaired = repair(&side::temporary_of(&path)).unwrap();
    assert_eq!(repaired.path, folder.path().join("a.repaired.parquet"));
    assert_eq!(std::fs::read(&path).unwrap(), b"an earlier run");
}

#[test]
fn what_cannot_be_repaired_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    assert!(matches!(repair(&path), Err(RepairError::Nothing { .. })));
    std::fs::write(side::path_of(&path), "no stream").unwrap();
    std::fs::write(side::temporary_of(&path), "PAR1").unwrap();
    assert!(matches!(repair(&path), Err(RepairError::Unreadable { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn columns_of_any_shape_come_back(
        samples in prop::collection::vec((0_usize..40, 0_usize..6, any::<i64>(), prop::num::f64::ANY), 0..600),
        repeat in 1_usize..12,
    ) {
        let fixture = Fixture::new();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let series: Vec<SeriesId> = (0..40_usize).map(|n| {
            let mut tags = vec![("url", format!("/{}", n % 17))];
            if n % 3 == 0 { tags.push(("status", format!("{}", 200 + n % 2))); }
            for extra in 0..n % 4 { tags.push((["x", "y", "z"][extra], format!("{n}"))); }
            let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (*key, &**value)).collect();
            fixture.series(if n % 2 == 0 { "http_reqs" } else { "http_req_waiting" }, &tags)
        }).collect();
        let mut batch = SampleBatch::default();
        for (of, meta, time, value) in samples {
            let pairs = (0..meta % 3).map(|n| (["vu", "iter"][n], meta.to_string()));
            let meta = batch.meta.add(&Arc::new(pairs.collect()));
            for _ in 0..repeat {
                batch.samples.push(Sample { series: series[of], meta, time, value });
            }
        }
        let mut file = SampleFile::create(&path, &config(path.clone()), fixture.context()).unwrap();
        file.push(&batch).unwrap();
        file.finish().unwrap();
        prop_assert_eq!(read(&path), expected(&fixture, &[batch]));
    }
}
