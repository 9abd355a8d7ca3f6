//! A small part of `PromQL`, so that the receiver can be asked as Prometheus would be.
//!
//! Only what tests and the demo ask for; anything else is refused with what is known, never
//! answered wrongly. The answer has the form of Prometheus' HTTP API (section Instant queries).

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Response;
use serde_json::{Value as Json, json};

use super::histogram::NativeHistogram;
use super::rules::is_label_name;
use super::store::{StoredSeries, Value};
use crate::client::QueryResult;
use crate::server::{Body, respond};

/// How far back an instant selector looks, as in Prometheus.
const LOOKBACK_MS: i64 = 5 * 60 * 1000;

/// How deep calls may be nested.
const MAX_DEPTH: usize = 16;

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    labels: BTreeMap<String, String>,
    value: Point,
}

#[derive(Debug, Clone, PartialEq)]
enum Point {
    Float(f64),
    Histogram(Arc<NativeHistogram>),
}

impl Element {
    pub(super) fn into_result(self, now: i64) -> QueryResult {
        let value = match &self.value {
            Point::Float(value) => *value,
            Point::Histogram(histogram) => histogram.count(),
        };
        QueryResult {
            labels: self.labels,
            time: now as f64 / 1e3,
            value,
        }
    }
}

/// The expression's value at `now` (milliseconds since 1970).
pub(super) fn evaluate(
    expression: &str,
    series: &[StoredSeries],
    now: i64,
) -> Result<Vec<Element>, String> {
    let mut parser = Parser {
        text: expression,
        at: 0,
        series,
        now,
    };
    let value = parser.expression(0)?;
    match parser.peek() {
        None => Ok(value),
        Some(other) => Err(parser.unexpected(other)),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    series: &'a [StoredSeries],
    now: i64,
}

struct Matcher {
    label: String,
    equal: bool,
    value: String,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        let rest = self.text.get(self.at..)?;
        self.at += rest.len() - rest.trim_start().len();
        self.text.get(self.at..)?.chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.eat(wanted) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(found) => format!("expected {wanted:?}, found {found:?} at byte {}", self.at),
            None => format!("expected {wanted:?}, found the end"),
        })
    }

    fn unexpected(&self, found: char) -> String {
        format!(
            "unexpected {found:?} at byte {} of {:?}",
            self.at, self.text
        )
    }

    fn word(&mut self, allowed: impl Fn(char) -> bool) -> String {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    fn expression(&mut self, depth: usize) -> Result<Vec<Element>, String> {
        if depth > MAX_DEPTH {
            return Err("too many nested calls".to_owned());
        }
        let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        if !self.eat('(') {
            let matchers = self.matchers(&name)?;
            return Ok(self.select(&matchers, LOOKBACK_MS, true));
        }
        let value = match name.as_str() {
            "last_over_time" => {
                let metric = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
                let matchers = self.matchers(&metric)?;
                let range = self.range()?;
                self.select(&matchers, range, false)
            }
            "histogram_quantile" => {
                let text = self.word(|c| c.is_ascii_digit() || ".eE+-".contains(c));
                let q = text
                    .parse()
                    .map_err(|_| format!("{text:?} is not a quantile"))?;
                self.expect(',')?;
                histograms(self.expression(depth + 1)?, |histogram| {
                    histogram.quantile(q)
                })
            }
            "histogram_count" => histograms(self.expression(depth + 1)?, NativeHistogram::count),
            "histogram_sum" => histograms(self.expression(depth + 1)?, NativeHistogram::sum),
            "sum" | "min" | "max" | "count" => aggregate(&name, &self.expression(depth + 1)?),
            other => {
                return Err(format!(
                    "the function {other:?} is not known here; known are sum, min, max, count, \
                     last_over_time, histogram_count, histogram_sum and histogram_quantile"
                ));
            }
        };
        self.expect(')')?;
        Ok(value)
    }

    fn matchers(&mut self, name: &str) -> Result<Vec<Matcher>, String> {
        let mut matchers = Vec::new();
        if !name.is_empty() {
            let (label, value) = ("__name__".to_owned(), name.to_owned());
            matchers.push(Matcher {
                label,
                equal: true,
                value,
            });
        }
        if self.eat('{') {
            while !self.eat('}') {
                let label = self.word(|c| c.is_ascii_alphanumeric() || c == '_');
                if !is_label_name(&label) {
                    return Err(format!("expected a label name at byte {}", self.at));
                }
                let equal = !self.eat('!');
                self.expect('=')?;
                if self.peek() == Some('~') {
                    return Err("only = and != are known here, no regular expressions".to_owned());
                }
                let value = self.quoted()?;
                matchers.push(Matcher {
                    label,
                    equal,
                    value,
                });
                if !self.eat(',') {
                    self.expect('}')?;
                    break;
                }
            }
        }
        if matchers.is_empty() {
            return Err(match self.peek() {
                Some(found) => self.unexpected(found),
                None => "a metric's name is missing".to_owned(),
            });
        }
        Ok(matchers)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let quote = if self.eat('\'') { '\'' } else { '"' };
        if quote == '"' {
            self.expect('"')?;
        }
        let mut value = String::new();
        let rest = self.text.get(self.at..).unwrap_or("");
        let mut characters = rest.char_indices();
        while let Some((at, c)) = characters.next() {
            if c == quote {
                self.at += at + c.len_utf8();
                return Ok(value);
            }
            value.push(match c {
                '\\' => match characters.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, 't')) => '\t',
                    Some((_, c @ ('\\' | '"' | '\''))) => c,
                    _ => return Err("unknown escape in a label value".to_owned()),
                },
                c => c,
            });
        }
        Err("a label value has no closing quote".to_owned())
    }

    fn range(&mut self) -> Result<i64, String> {
        self.expect('[')?;
        let digits = self.word(|c| c.is_ascii_digit());
        let unit = self.word(|c| c.is_ascii_alphabetic());
        self.expect(']')?;
        let factor = match unit.as_str() {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(format!("{unit:?} is not one of ms, s, m, h, d")),
        };
        let number: i64 = digits
            .parse()
            .map_err(|_| format!("{digits:?} is no number"))?;
        number
            .checked_mul(factor)
            .ok_or_else(|| "the range is too long".to_owned())
    }

    /// The last value of each series in the window; a stale marker ends it for instant selectors.
    fn select(&self, matchers: &[Matcher], window: i64, instant: bool) -> Vec<Element> {
        let since = self.now.saturating_sub(window);
        let fits = |series: &&StoredSeries| {
            matchers.iter().all(|matcher| {
                let value = series.labels.get(&matcher.label).map_or("", String::as_str);
                (value == matcher.value) == matcher.equal
            })
        };
        let last = |series: &StoredSeries| {
            let end = series
                .samples
                .partition_point(|(time, _)| *time <= self.now);
            let mut past = series.samples[..end].iter().rev();
            let (time, value) = if instant {
                past.next()
            } else {
                past.find(|(_, value)| *value != Value::Stale)
            }?;
            let value = match value {
                _ if *time <= since => return None,
                Value::Stale => return None,
                Value::Float(value) => Point::Float(*value),
                Value::Histogram(histogram) => Point::Histogram(Arc::clone(histogram)),
            };
            Some(Element {
                labels: series.labels.clone(),
                value,
            })
        };
        self.series.iter().filter(fits).filter_map(last).collect()
    }
}

fn histograms(elements: Vec<Element>, read: impl Fn(&NativeHistogram) -> f64) -> Vec<Element> {
    elements
        .into_iter()
        .filter_map(|mut element| {
            let Point::Histogram(histogram) = &element.value else {
                return None;
            };
            element.value = Point::Float(read(histogram));
            element.labels.remove("__name__");
            Some(element)
        })
        .collect()
}

fn aggregate(function: &str, elements: &[Element]) -> Vec<Element> {
    if elements.is_empty() {
        return Vec::new();
    }
    let floats = || {
        elements.iter().filter_map(|element| match &element.value {
            Point::Float(value) => Some(*value),
            Point::Histogram(_) => None,
        })
    };
    let merged = elements
        .iter()
        .filter_map(|element| match &element.value {
            Point::Histogram(histogram) => Some(NativeHistogram::clone(histogram)),
            Point::Float(_) => None,
        })
        .reduce(|sum, histogram| sum.merged(&histogram));
    let value = match function {
        "count" => Some(Point::Float(elements.len() as f64)),
        "min" => floats().reduce(f64::min).map(Point::Float),
        "max" => floats().reduce(f64::max).map(Point::Float),
        _ => match merged {
            // Prometheus drops a group that mixes floats and histograms.
            Some(_) if floats().next().is_some() => None,
            Some(histogram) => Some(Point::Histogram(Arc::new(histogram))),
            None => Some(Point::Float(floats().sum())),
        },
    };
    value
        .into_iter()
        .map(|value| Element {
            labels: BTreeMap::new(),
            value,
        })
        .collect()
}

/// The HTTP answer with a vector.
pub(super) fn respond_vector(elements: &[Element], now: i64) -> Response<Body> {
    let time = now as f64 / 1e3;
    let result: Vec<Json> = elements
        .iter()
        .map(|element| match &element.value {
            Point::Float(value) => {
                json!({ "metric": element.labels, "value": [time, number(*value)] })
            }
            Point::Histogram(histogram) => {
                let buckets: Vec<Json> = histogram
                    .bounds()
                    .into_iter()
                    .map(|(lower, upper, count)| {
                        let closed = match (lower < 0.0, upper > 0.0) {
                            (true, true) => 3,
                            (true, false) => 1,
                            _ => 0,
                        };
                        json!([closed, number(lower), number(upper), number(count)])
                    })
                    .collect();
                let (count, sum) = (number(histogram.count()), number(histogram.sum()));
                let value = json!({ "count": count, "sum": sum, "buckets": buckets });
                json!({ "metric": element.labels, "histogram": [time, value] })
            }
        })
        .collect();
    let data = json!({ "resultType": "vector", "result": result });
    respond(
        200,
        "application/json",
        json!({ "status": "success", "data": data }).to_string(),
    )
}

/// The HTTP answer to a query that cannot be evaluated.
pub(super) fn refuse(reason: &str) -> Response<Body> {
    let body = json!({ "status": "error", "errorType": "bad_data", "error": reason });
    respond(400, "application/json", body.to_string())
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}
