use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_schema::{Field, Schema};
use brunt_metrics::builtin;
use brunt_output::OutputContext;
use brunt_output::kit::Fixture;
use proptest::prelude::*;

use super::*;
use crate::encode::Encoder;

/// A sample as anybody sees it.
type Seen = (
    String,
    i64,
    u64,
    Vec<(String, String)>,
    Vec<(String, String)>,
);

fn pairs(tags: &TagSet) -> Vec<(String, String)> {
    tags.iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn seen(batch: &SampleBatch, registry: &Registry, interner: &Interner) -> Vec<Seen> {
    let sample = |sample: &Sample| {
        let series = match sample.series.overflow_row() {
            Some(row) => batch.overflow[row].clone(),
            None => interner.resolve(sample.series).unwrap(),
        };
        let metric = registry.metric(series.metric);
        let metadata = batch.meta.get(sample.meta).map(pairs).unwrap_or_default();
        let name = format!("{} {} {}", metric.name, metric.kind, metric.contains);
        (
            name,
            sample.time,
            sample.value.to_bits(),
            pairs(&series.tags),
            metadata,
        )
    };
    batch.samples.iter().map(sample).collect()
}

fn tag_set() -> impl Strategy<Value = TagSet> {
    let key = prop_oneof![
        Just("url"),
        Just("group"),
        Just("status"),
        Just("vu"),
        Just("ü"),
        Just("")
    ];
    prop::collection::vec((key, "[a-cß]{0,3}"), 0..5).prop_map(|pairs| pairs.into_iter().collect())
}

/// Batches of a run, some of their series beyond the interner's bound.
fn batches(context: OutputContext) -> impl Strategy<Value = (OutputContext, Vec<SampleBatch>)> {
    let sample = (
        0..builtin::ALL.len(),
        tag_set(),
        tag_set(),
        any::<i64>(),
        prop::num::f64::ANY,
    );
    let batch = prop::collection::vec(sample, 0..30);
    prop::collection::vec(batch, 1..4).prop_map(move |batches| {
        let make = |samples: Vec<(usize, TagSet, TagSet, i64, f64)>| {
            let mut batch = SampleBatch::default();
            for (metric, tags, meta, time, value) in samples {
                let metric = builtin::ALL[metric].0;
                let set = context.interner.tag_set(&tags);
                let series = set.and_then(|set| context.interner.series(metric, set));
                let series = series.unwrap_or_else(|| {
                    let tags = Arc::new(tags);
                    batch.overflow.push(Series { metric, tags });
                    SeriesId::overflow(batch.overflow.len() as u32 - 1)
                });
                let meta = batch.meta.add(&Arc::new(meta));
                batch.samples.push(Sample {
                    series,
                    meta,
                    time,
                    value,
                });
            }
            batch
        };
        (context.clone(), batches.into_iter().map(make).collect())
    })
}

proptest! {
    #[test]
    fn samples_come_back_as_they_went(
        (context, batches) in (0_usize..40).prop_flat_map(|max_series| {
            let mut context = Fixture::new().context().clone();
            context.interner = Arc::new(Interner::new(max_series));
            batches(context)
        }),
        at_once in any::<bool>(),
    ) {
        let mut encoder = Encoder::new(&context);
        let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(10)));
        let decoder = Decoder::new(Arc::clone(&registry), Arc::clone(&interner));
        let (mut expected, mut read) = (Vec::new(), Vec::new());
        for batch in &batches {
            expected.extend(seen(batch, &context.registry, &context.interner));
            prop_assert_eq!(encoder.push(batch), 0);
            if !at_once {
                let batch = decoder.decode(&encoder.batch(0..usize::MAX).unwrap()).unwrap();
                read.extend(seen(&batch, &registry, &interner));
                encoder.clear_rows();
            }
        }
        let batch = decoder.decode(&encoder.batch(0..usize::MAX).unwrap()).unwrap();
        read.extend(seen(&batch, &registry, &interner));
        prop_assert_eq!(read, expected);
    }
}

/// As another program writes it: plain texts, milliseconds, no maps, a column of its own.
fn plain(of_type: &str) -> RecordBatch {
    let text = |text: &str| {
        let mut column = StringBuilder::new();
        column.append_value(text);
        column.append_option(Some(text).filter(|_| text != "team-a"));
        Arc::new(column.finish()) as ArrayRef
    };
    let mut times = TimestampMillisecondBuilder::new();
    times.append_slice(&[1_500, 1_501]);
    let mut values = Float64Builder::new();
    values.append_slice(&[1.0, 2.0]);
    let columns: [(&str, ArrayRef); 5] = [
        ("metric", text("orders")),
        ("type", text(of_type)),
        ("time", Arc::new(times.finish())),
        ("value", Arc::new(values.finish())),
        ("team", text("team-a")),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

#[test]
fn files_of_other_programs_are_read() {
    let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(10)));
    let decoder = Decoder::new(Arc::clone(&registry), Arc::clone(&interner));
    let batch = decoder.decode(&plain("counter")).unwrap();
    let seen = seen(&batch, &registry, &interner);
    let team = vec![("team".to_owned(), "team-a".to_owned())];
    let name = "orders counter default".to_owned();
    assert_eq!(
        seen[0],
        (name.clone(), 1_500_000_000, 1.0_f64.to_bits(), team, vec![])
    );
    assert_eq!(
        seen[1],
        (name, 1_501_000_000, 2.0_f64.to_bits(), vec![], vec![])
    );
}

#[test]
fn what_is_no_file_of_samples_is_told() {
    let decoder = Decoder::new(Arc::new(Registry::new()), Arc::new(Interner::new(10)));
    let tell = |batch: &RecordBatch| decoder.decode(batch).unwrap_err().to_string();
    let message = tell(&plain("histogram"));
    assert!(
        message.contains("row 0") && message.contains("'type'"),
        "{message}"
    );
    let without = plain("counter").project(&[0, 1, 2]).unwrap();
    assert_eq!(tell(&without), "there is no column 'value'");
    let times = plain("counter");
    let columns = [0, 1, 3, 3].map(|at| Arc::clone(times.column(at)));
    let fields: Vec<Field> = ["metric", "type", "time", "value"]
        .iter()
        .zip(&columns)
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.to_vec()).unwrap();
    assert!(tell(&batch).contains("'time' is of the type Float64"));
}
