//! The columns of a sample.
//!
//! One column for each system tag that is switched on, because those are what people filter and group
//! by; everything else that a script tags is in a map, because its names are not known before the run.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use brunt_metrics::{SystemTag, SystemTags, ValueType};

/// The metric's name.
pub const METRIC: &str = "metric";
/// `counter`, `gauge`, `rate` or `trend`.
pub const TYPE: &str = "type";
/// What the value is in: see [`unit()`].
pub const UNIT: &str = "unit";
/// When it was measured.
pub const TIME: &str = "time";
/// What was measured.
pub const VALUE: &str = "value";
/// Tags that have no column of their own.
pub const TAGS: &str = "tags";
/// What does not identify a series, such as `vu` and `iter`.
pub const METADATA: &str = "metadata";

/// The version of the schema, as files carry it; a reader refuses what it does not know.
pub(crate) const VERSION: &str = "1";

/// The columns of samples in a run, depending on its system tags.
///
/// | column | type |
/// |---|---|
/// | `metric` | dictionary of text |
/// | `type` | dictionary of text: `counter`, `gauge`, `rate`, `trend` |
/// | `unit` | dictionary of text: `ms`, `bytes`, or null |
/// | `time` | nanoseconds, UTC |
/// | `value` | 64-bit float |
/// | each system tag, sorted | dictionary of text, null where a sample has no such tag |
/// | `tags` | map of text to text: all other tags |
/// | `metadata` | map of text to text |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSchema {
    tags: Vec<&'static str>,
    arrow: SchemaRef,
}

impl SampleSchema {
    /// The columns for these system tags. `vu` and `iter` never have one: they are metadata.
    pub fn new(system_tags: SystemTags) -> Self {
        let own = |tag: &SystemTag| !matches!(tag, SystemTag::Vu | SystemTag::Iter);
        let mut tags: Vec<&'static str> = system_tags
            .iter()
            .filter(own)
            .map(SystemTag::as_str)
            .collect();
        tags.sort_unstable();
        let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let mut fields = vec![
            Field::new(METRIC, text(), false),
            Field::new(TYPE, text(), false),
            Field::new(UNIT, text(), true),
            Field::new(TIME, time, false),
            Field::new(VALUE, DataType::Float64, false),
        ];
        fields.extend(tags.iter().map(|tag| Field::new(*tag, text(), true)));
        fields.push(Field::new(TAGS, map(), false));
        fields.push(Field::new(METADATA, map(), false));
        Self {
            tags,
            arrow: Arc::new(Schema::new(fields)),
        }
    }

    /// The system tags that have a column, sorted.
    pub fn tags(&self) -> &[&'static str] {
        &self.tags
    }

    /// As Arrow has it, without metadata.
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }
}

/// The text in the column `unit`: `ms`, `bytes`, or nothing for plain numbers.
pub fn unit(contains: ValueType) -> Option<&'static str> {
    match contains {
        ValueType::Default => None,
        ValueType::Time => Some("ms"),
        ValueType::Data => Some("bytes"),
    }
}

/// A column of texts that repeat.
fn text() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The names inside are Parquet's, so that both formats show the same.
fn map() -> DataType {
    DataType::Map(
        Arc::new(Field::new("key_value", DataType::Struct(entry()), false)),
        false,
    )
}

/// Key and value of a map's entry.
pub(crate) fn entry() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, false),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema as people read it, checked in.
    fn described(schema: &SampleSchema) -> serde_json::Value {
        let column = |field: &Arc<Field>| {
            let kind = match field.data_type() {
                DataType::Dictionary(..) => "dictionary<int32, utf8>".to_owned(),
                DataType::Timestamp(..) => "timestamp[ns, UTC]".to_owned(),
                DataType::Map(..) => "map<utf8, utf8>".to_owned(),
                other => other.to_string().to_lowercase(),
            };
            serde_json::json!({ "name": field.name(), "type": kind, "nullable": field.is_nullable() })
        };
        let columns: Vec<_> = schema.arrow().fields().iter().map(column).collect();
        serde_json::json!({
            "title": "Samples as Parquet and Arrow, with the default system tags",
            "version": VERSION,
            "columns": columns,
        })
    }

    /// Set `BRUNT_WRITE_SCHEMAS=1` to write the file again after a change that is meant.
    #[test]
    fn the_schema_is_the_one_that_is_checked_in() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../schemas/samples-arrow-1.json"
        );
        let described = described(&SampleSchema::new(SystemTags::default()));
        let text = format!("{}\n", serde_json::to_string_pretty(&described).unwrap());
        if std::env::var_os("BRUNT_WRITE_SCHEMAS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    }

    #[test]
    fn only_enabled_tags_have_a_column_and_metadata_never() {
        let tags = [SystemTag::Vu, SystemTag::Url, SystemTag::Ip];
        let schema = SampleSchema::new(tags.into_iter().collect());
        assert_eq!(schema.tags(), ["ip", "url"]);
        assert_eq!(schema.arrow().fields().len(), 9);
    }
}
