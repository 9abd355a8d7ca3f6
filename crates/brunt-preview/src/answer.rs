//! Answers of Prometheus' API: series of numbers and of native histograms.
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats>

use std::collections::BTreeMap;

use serde_json::Value;

/// A bucket of a native histogram: lower and upper bound, and how many values.
pub(crate) type Bucket = (f64, f64, f64);

/// A series of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: BTreeMap<String, String>,
    /// Seconds since the epoch, and the value; of a histogram its count.
    pub(crate) points: Vec<(f64, f64)>,
    /// Of native histograms only.
    pub(crate) histograms: Vec<(f64, Vec<Bucket>)>,
}

/// The series of an answer's `data`; none where it has another form.
pub(crate) fn series(data: &Value) -> Option<Vec<Series>> {
    let result = data["result"].as_array()?;
    match data["resultType"].as_str()? {
        "scalar" => {
            let mut one = Series::default();
            one.points.extend(point(&data["result"]));
            Some(vec![one])
        }
        "vector" | "matrix" => Some(result.iter().map(one).collect()),
        // A text has no number.
        _ => Some(Vec::new()),
    }
}

fn one(json: &Value) -> Series {
    let labels = json["metric"].as_object().into_iter().flatten();
    let labels =
        labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let list = |key: &str| json[key].as_array().into_iter().flatten();
    let mut series = Series {
        labels: labels.collect(),
        points: list("values").filter_map(point).collect(),
        histograms: list("histograms").filter_map(histogram).collect(),
    };
    series.points.extend(point(&json["value"]));
    series.histograms.extend(histogram(&json["histogram"]));
    if series.points.is_empty() {
        let counts = series.histograms.iter();
        let counts = counts.map(|(time, buckets)| (*time, buckets.iter().map(|it| it.2).sum()));
        series.points = counts.collect();
    }
    series
}

/// A number as text, which also may be `NaN`, `+Inf` or `-Inf`.
fn number(json: &Value) -> Option<f64> {
    json.as_str()?.parse().ok()
}

fn point(json: &Value) -> Option<(f64, f64)> {
    Some((json.get(0)?.as_f64()?, number(json.get(1)?)?))
}

fn histogram(json: &Value) -> Option<(f64, Vec<Bucket>)> {
    let buckets = json.get(1)?["buckets"].as_array().into_iter().flatten();
    // Which of the bounds belong to it comes first.
    let bucket = |it: &Value| {
        Some((
            number(it.get(1)?)?,
            number(it.get(2)?)?,
            number(it.get(3)?)?,
        ))
    };
    Some((json.get(0)?.as_f64()?, buckets.filter_map(bucket).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_kinds_of_answers_are_read() {
        let vector = json!({ "resultType": "vector", "result": [
            { "metric": { "a": "b" }, "value": [5, "NaN"] },
            { "metric": {}, "histogram": [5.5, { "count": "3", "sum": "9", "buckets": [[0, "1", "2", "1"], [0, "2", "4", "2"]] }] },
        ]});
        let read = series(&vector).unwrap();
        assert_eq!(read[0].labels["a"], "b");
        assert!(read[0].points[0].1.is_nan());
        assert_eq!(read[1].points, [(5.5, 3.0)]);
        assert_eq!(read[1].histograms[0].1[1], (2.0, 4.0, 2.0));
        let matrix = json!({ "resultType": "matrix", "result": [{ "metric": {}, "values": [[1, "2"], [2, "3"]] }] });
        assert_eq!(series(&matrix).unwrap()[0].points.len(), 2);
        let scalar = json!({ "resultType": "scalar", "result": [1, "7"] });
        assert_eq!(series(&scalar).unwrap()[0].points, [(1.0, 7.0)]);
        for wrong in [
            json!(null),
            json!({ "resultType": "matrix" }),
            json!({ "result": [] }),
        ] {
            assert_eq!(series(&wrong), None, "{wrong}");
        }
    }
}
