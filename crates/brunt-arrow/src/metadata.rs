//! What a file says about the run beside its samples, so that nothing is lost on the way back to JSON.
//!
//! Everything is text under keys that begin with `brunt.`, because that is all that both Parquet and
//! Arrow can carry.

use std::collections::HashMap;

use brunt_metrics::{MetricKind, ValueType};
use brunt_output::{DeclaredSubmetric, OutputContext};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::schema::VERSION;

const SCHEMA: &str = "brunt.schema";
const INSTANCE: &str = "brunt.instance";
const UTC_OFFSET: &str = "brunt.utc-offset";
const METRICS: &str = "brunt.metrics";

/// A metric as k6's JSON lines declare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricDeclaration {
    /// Its name.
    pub name: String,
    /// How its samples add up.
    pub kind: MetricKind,
    /// What its values are.
    pub contains: ValueType,
    /// Threshold expressions, as the user wrote them.
    pub thresholds: Vec<String>,
    /// Sub-metrics.
    pub submetrics: Vec<DeclaredSubmetric>,
}

/// The run that the samples come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileMetadata {
    /// The generator: host and process nonce.
    pub instance: String,
    /// Seconds that its local time was ahead of UTC; JSON and CSV show local times.
    pub utc_offset: i32,
    /// Its metrics, those without a sample too.
    pub metrics: Vec<MetricDeclaration>,
}

impl FileMetadata {
    /// Of the run at hand.
    pub fn of(context: &OutputContext) -> Self {
        let metric = |metric: &std::sync::Arc<brunt_metrics::Metric>| {
            let declared = context.declarations.get(&*metric.name);
            let declared = declared.cloned().unwrap_or_default();
            MetricDeclaration {
                name: metric.name.to_string(),
                kind: metric.kind,
                contains: metric.contains,
                thresholds: declared.thresholds,
                submetrics: declared.submetrics,
            }
        };
        let system = || TimeZone::system().to_offset(Timestamp::now()).seconds();
        Self {
            instance: context.instance.to_string(),
            utc_offset: context.utc_offset.unwrap_or_else(system),
            metrics: context.registry.all().iter().map(metric).collect(),
        }
    }

    /// As keys and values of a file.
    pub fn to_map(&self) -> HashMap<String, String> {
        let metric = |metric: &MetricDeclaration| {
            let submetric = |it: &DeclaredSubmetric| {
                let mut of = json!({ "suffix": it.suffix, "tags": it.tags });
                if !it.thresholds.is_empty() {
                    of["thresholds"] = json!(it.thresholds);
                }
                of
            };
            let submetrics: Vec<Value> = metric.submetrics.iter().map(submetric).collect();
            json!({
                "name": metric.name,
                "type": metric.kind.as_str(),
                "contains": metric.contains.as_str(),
                "thresholds": metric.thresholds,
                "submetrics": submetrics,
            })
        };
        let metrics: Vec<Value> = self.metrics.iter().map(metric).collect();
        [
            (SCHEMA, VERSION.to_owned()),
            (INSTANCE, self.instance.clone()),
            (UTC_OFFSET, self.utc_offset.to_string()),
            (METRICS, Value::from(metrics).to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// Read back; what is missing or not understood is left out, because samples can be read
    /// without it.
    pub fn from_map(map: &HashMap<String, String>) -> Self {
        let text = |key: &str| map.get(key).map_or("", String::as_str);
        let metrics: Vec<Value> = serde_json::from_str(text(METRICS)).unwrap_or_default();
        Self {
            instance: text(INSTANCE).to_owned(),
            utc_offset: text(UTC_OFFSET).parse().unwrap_or_default(),
            metrics: metrics.iter().filter_map(declaration).collect(),
        }
    }
}

fn declaration(of: &Value) -> Option<MetricDeclaration> {
    let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let texts = |of: &Value| -> Vec<String> {
        let texts = list(of);
        let texts = texts.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let submetric = |of: &Value| {
        let tags = of["tags"].as_object()?.iter();
        let tags = tags.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        Some(DeclaredSubmetric {
            suffix: of["suffix"].as_str()?.to_owned(),
            tags: tags.collect::<Option<_>>()?,
            thresholds: texts(&of["thresholds"]),
        })
    };
    Some(MetricDeclaration {
        name: of["name"].as_str()?.to_owned(),
        kind: kind(of["type"].as_str()?)?,
        contains: contains(of["contains"].as_str()?)?,
        thresholds: texts(&of["thresholds"]),
        submetrics: list(&of["submetrics"])
            .iter()
            .filter_map(submetric)
            .collect(),
    })
}

/// The kind of this name.
pub(crate) fn kind(text: &str) -> Option<MetricKind> {
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

#[cfg(test)]
mod tests {
    use brunt_output::Declaration;
    use brunt_output::kit::Fixture;

    use super::*;

    #[test]
    fn declarations_come_back_as_they_were() {
        let tags = [("a".to_owned(), "b, \"c\"".to_owned())].into();
        let declaration = Declaration {
            thresholds: vec!["p(95)<500".to_owned()],
            submetrics: vec![DeclaredSubmetric {
                suffix: "a:b".to_owned(),
                tags,
                thresholds: vec!["max<1".to_owned()],
            }],
        };
        let declarations = [("http_req_duration".to_owned(), declaration.clone())].into();
        let fixture = Fixture::new().with_declarations(declarations);
        let written = FileMetadata::of(fixture.context());
        let read = FileMetadata::from_map(&written.to_map());
        assert_eq!(read, written);
        let duration = read
            .metrics
            .iter()
            .find(|it| it.name == "http_req_duration");
        let duration = duration.unwrap();
        assert_eq!(duration.submetrics, declaration.submetrics);
        assert_eq!(duration.contains, ValueType::Time);
        assert_eq!(
            FileMetadata::from_map(&HashMap::new()),
            FileMetadata::default()
        );
    }
}
