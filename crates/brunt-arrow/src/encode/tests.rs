use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampNanosecondType};
use brunt_metrics::{MetaId, MetaTable, Sample, Series};
use brunt_output::kit::Fixture;

use super::*;

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(name).unwrap();
    let column = column.as_dictionary::<Int32Type>();
    let texts = column.values().as_string::<i32>();
    let text = |key: Option<usize>| key.map(|key| texts.value(key).to_owned());
    column.keys_iter().map(text).collect()
}

fn map(batch: &RecordBatch, name: &str, row: usize) -> String {
    let entries = batch.column_by_name(name).unwrap().as_map().value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    let (keys, values) = (keys.as_string::<i32>(), values.as_string::<i32>());
    let pair = |at: usize| format!("{}={}", keys.value(at), values.value(at));
    (0..entries.len()).map(pair).collect::<Vec<_>>().join(",")
}

#[test]
fn a_sample_is_a_row_of_the_schema() {
    let fixture = Fixture::new();
    let tags = [("url", "/a"), ("group", ""), ("mine", "1"), ("vu", "x")];
    let duration = fixture.series("http_req_duration", &tags);
    let sent = fixture.series("data_sent", &[]);
    let mut meta = MetaTable::default();
    let of_first = meta.add(&Arc::new(
        [("vu", "1"), ("iter", "7")].into_iter().collect(),
    ));
    let mut batch = fixture.batch(&[(duration, 5, 0.5), (sent, 6, 7.0), (duration, -1, 1e300)]);
    batch.samples[0].meta = of_first;
    batch.meta = meta;
    let mut encoder = Encoder::new(fixture.context());
    assert_eq!(encoder.push(&batch), 0);
    let batch = encoder.batch(0..usize::MAX).unwrap();
    let all = |text: &str| Some(text.to_owned());
    let duration = all("http_req_duration");
    assert_eq!(
        texts(&batch, "metric"),
        [duration.clone(), all("data_sent"), duration]
    );
    assert_eq!(
        texts(&batch, "type"),
        [all("trend"), all("counter"), all("trend")]
    );
    assert_eq!(texts(&batch, "unit"), [all("ms"), all("bytes"), all("ms")]);
    assert_eq!(texts(&batch, "url"), [all("/a"), None, all("/a")]);
    assert_eq!(texts(&batch, "group"), [all(""), None, all("")]);
    assert_eq!(texts(&batch, "method"), [None, None, None]);
    let time = batch.column_by_name("time").unwrap();
    assert_eq!(
        time.as_primitive::<TimestampNanosecondType>().values()[..],
        [5, 6, -1]
    );
    let value = batch.column_by_name("value").unwrap();
    assert_eq!(
        value.as_primitive::<Float64Type>().values()[..],
        [0.5, 7.0, 1e300]
    );
    let maps = |name: &str| [0, 1, 2].map(|row| map(&batch, name, row));
    assert_eq!(maps("tags"), ["mine=1,vu=x", "", "mine=1,vu=x"]);
    assert_eq!(maps("metadata"), ["iter=7,vu=1", "", ""]);
}

#[test]
fn dictionaries_stay_the_same_arrays_until_something_is_new() {
    let fixture = Fixture::new();
    let (one, other) = (
        fixture.series("vus", &[("url", "/1")]),
        fixture.series("vus", &[("url", "/2")]),
    );
    let mut encoder = Encoder::new(fixture.context());
    let mut urls = |series| {
        encoder.push(&fixture.batch(&[(series, 0, 0.0)]));
        let batch = encoder.batch(0..usize::MAX).unwrap();
        let column = batch
            .column_by_name("url")
            .unwrap()
            .as_dictionary::<Int32Type>();
        encoder.clear_rows();
        Arc::clone(column.values())
    };
    let first = urls(one);
    assert!(Arc::ptr_eq(&first, &urls(one)));
    assert_eq!(urls(other).len(), 2);
    encoder.clear();
    assert_eq!(encoder.table().row(one.0), None);
    encoder.push(&fixture.batch(&[(other, 0, 0.0)]));
    assert_eq!(
        texts(&encoder.batch(0..usize::MAX).unwrap(), "url"),
        [Some("/2".to_owned())]
    );
}

#[test]
fn what_belongs_to_nothing_is_left_out_and_told() {
    let fixture = Fixture::new();
    let known = fixture.series("vus", &[]);
    let unknown = [SeriesId(999), SeriesId::overflow(0), SeriesId::overflow(5)];
    let samples = unknown.map(|series| (series, 0, 0.0));
    let mut batch = fixture.batch(&[&samples[..], &[(known, 0, 1.0)]].concat());
    batch.overflow = vec![Series {
        metric: MetricId(u32::MAX),
        tags: Arc::default(),
    }];
    let mut encoder = Encoder::new(fixture.context());
    assert_eq!(encoder.push(&batch), 3);
    assert_eq!(encoder.batch(0..usize::MAX).unwrap().num_rows(), 1);
    let absent = Sample {
        series: known,
        meta: MetaId(7),
        time: 0,
        value: 0.0,
    };
    batch.samples = vec![absent];
    assert_eq!(
        encoder.push(&batch),
        0,
        "metadata that is not there is none"
    );
}

#[test]
fn a_batch_has_fewer_rows_where_maps_are_long() {
    let fixture = Fixture::new();
    let mut encoder = Encoder::new(fixture.context());
    assert_eq!(encoder.batch_rows(), BATCH_ROWS);
    let long = "x".repeat(1 << 20);
    let series = fixture.series("vus", &[("long", &long)]);
    encoder.push(&fixture.batch(&[(series, 0, 0.0); 40]));
    assert!((16..32).contains(&encoder.batch_rows()));
    let rows =
        |from: usize, encoder: &mut Encoder| encoder.batch(from..from + 31).unwrap().num_rows();
    assert_eq!((rows(0, &mut encoder), rows(31, &mut encoder)), (31, 9));
}
