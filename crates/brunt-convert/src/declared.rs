//! What files say beside their samples: kinds of metrics, thresholds, sub-metrics, the time zone.
//!
//! Read in a pass of its own before the samples, because outputs have to know it when they begin a file, and
//! a metric's line may stand anywhere, just before its first sample.

mod lines;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader};

use arrow_ipc::reader::StreamReader;
use brunt_arrow::FileMetadata;
use brunt_metrics::{MetricKind, Registry, ValueType};
use brunt_output::{Declaration, DeclaredSubmetric};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde::Deserialize;

use self::lines::Found;
use crate::block::Blocks;
use crate::format::Format;
use crate::input::{Input, Inputs};
use crate::pipeline::ReadError;
use crate::time::Times;
use crate::{gatling, locust};

/// What the files say about the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Thresholds and sub-metrics by metric.
    pub declarations: BTreeMap<String, Declaration>,
    /// Seconds that the clock that wrote the first file was ahead of UTC.
    pub utc_offset: Option<i32>,
    /// The generator, if the files tell it.
    pub instance: Option<String>,
}

#[derive(Deserialize)]
struct MetricLine {
    data: MetricData,
}

#[derive(Deserialize)]
struct MetricData {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    contains: String,
    #[serde(default)]
    thresholds: Option<Vec<String>>,
    #[serde(default)]
    submetrics: Option<Vec<Submetric>>,
}

#[derive(Deserialize)]
struct Submetric {
    suffix: String,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    thresholds: Option<Vec<String>>,
}

/// Reads what the files declare; their metrics are in the registry then.
pub fn declared(inputs: &Inputs, registry: &Registry) -> Result<Declared, ReadError> {
    use MetricKind::{Counter, Gauge};
    use ValueType::{Default, Time};
    let mut declared = Declared::default();
    if inputs.format() == Format::Json {
        for (name, found) in lines::find(inputs)? {
            let added = declared.lines(found, registry);
            added.map_err(|source| ReadError::of(name, source))?;
        }
        return Ok(declared);
    }
    for input in &inputs.files {
        let read = match inputs.format() {
            // A row has a name only.
            Format::Csv => of_csv(input, &mut declared),
            Format::Parquet => of_parquet(input).and_then(|it| declared.add(it, registry)),
            Format::Arrow => of_arrow(input).and_then(|it| declared.add(it, registry)),
            // k6's JSON was read above, all files at a time; JMeter declares nothing.
            Format::Json | Format::JmeterCsv | Format::JmeterXml => Ok(()),
            Format::Gatling => declare_all([gatling::ERRORS], Counter, Default, registry),
            Format::Locust => declare_all(locust::gauges(), Gauge, Time, registry),
        };
        read.map_err(|source| ReadError::of(&input.name, source))?;
    }
    Ok(declared)
}

fn of_csv(input: &Input, declared: &mut Declared) -> io::Result<()> {
    if declared.utc_offset.is_some() {
        return Ok(());
    }
    let first = Blocks::new(input.open()?, Some(b',')).next();
    let bytes = first.ok().flatten().unwrap_or_default().bytes;
    let row = bytes.split(|byte| *byte == b'\n').nth(1);
    let time = row.and_then(|row| row.split(|byte| *byte == b',').nth(1));
    let time = time.and_then(|time| Times::default().any(time));
    declared.utc_offset = time.and_then(|time| time.offset);
    Ok(())
}

fn of_parquet(input: &Input) -> io::Result<FileMetadata> {
    let reader = SerializedFileReader::new(input.file()?).map_err(io::Error::other)?;
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    let pairs = pairs.into_iter().flatten();
    let map = pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)));
    Ok(FileMetadata::from_map(&map.collect::<HashMap<_, _>>()))
}

fn of_arrow(input: &Input) -> io::Result<FileMetadata> {
    let reader = StreamReader::try_new(BufReader::new(input.open()?), None);
    let reader = reader.map_err(io::Error::other)?;
    Ok(FileMetadata::from_map(reader.schema().metadata()))
}

/// Metrics that files of other programs have beside k6's.
fn declare_all(
    names: impl IntoIterator<Item = &'static str>,
    kind: MetricKind,
    contains: ValueType,
    registry: &Registry,
) -> io::Result<()> {
    for name in names {
        let made = registry.register(name, kind, contains);
        made.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    }
    Ok(())
}

impl Declared {
    fn lines(&mut self, found: Found, registry: &Registry) -> io::Result<()> {
        self.utc_offset = self.utc_offset.or(found.utc_offset);
        let mut metrics = found.metrics.into_iter();
        metrics.try_for_each(|metric| self.metric(metric, registry))
    }

    fn metric(&mut self, data: MetricData, registry: &Registry) -> io::Result<()> {
        let (Some(kind), Some(contains)) = (kind(&data.kind), contains(&data.contains)) else {
            return Ok(());
        };
        let submetrics = data.submetrics.unwrap_or_default().into_iter();
        let declaration = Declaration {
            thresholds: data.thresholds.unwrap_or_default(),
            submetrics: submetrics
                .map(|it| DeclaredSubmetric {
                    suffix: it.suffix,
                    tags: it.tags.unwrap_or_default(),
                    thresholds: it.thresholds.unwrap_or_default(),
                })
                .collect(),
        };
        self.declare(&data.name, kind, contains, declaration, registry)
    }

    fn add(&mut self, of: FileMetadata, registry: &Registry) -> io::Result<()> {
        self.instance.get_or_insert(of.instance);
        self.utc_offset.get_or_insert(of.utc_offset);
        for metric in of.metrics {
            let declaration = Declaration {
                thresholds: metric.thresholds,
                submetrics: metric.submetrics,
            };
            self.declare(
                &metric.name,
                metric.kind,
                metric.contains,
                declaration,
                registry,
            )?;
        }
        Ok(())
    }

    fn declare(
        &mut self,
        name: &str,
        kind: MetricKind,
        contains: ValueType,
        declaration: Declaration,
        registry: &Registry,
    ) -> io::Result<()> {
        registry
            .register(name, kind, contains)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if declaration == Declaration::default() {
            return Ok(());
        }
        let known = self.declarations.entry(name.to_owned()).or_default();
        join(&mut known.thresholds, declaration.thresholds);
        for submetric in declaration.submetrics {
            let mut of = known.submetrics.iter_mut();
            match of.find(|it| it.suffix == submetric.suffix) {
                Some(it) => join(&mut it.thresholds, submetric.thresholds),
                None => known.submetrics.push(submetric),
            }
        }
        Ok(())
    }
}

/// Adds those that are not known yet.
fn join(known: &mut Vec<String>, more: Vec<String>) {
    for text in more {
        if !known.contains(&text) {
            known.push(text);
        }
    }
}

fn kind(text: &str) -> Option<MetricKind> {
    use MetricKind::{Counter, Gauge, Rate, Trend};
    [Counter, Gauge, Rate, Trend]
        .into_iter()
        .find(|kind| kind.as_str() == text)
}

fn contains(text: &str) -> Option<ValueType> {
    use ValueType::{Data, Default, Time};
    [Default, Time, Data]
        .into_iter()
        .find(|contains| contains.as_str() == text)
}
