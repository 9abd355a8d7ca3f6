//! Requests by name and method, and failed ones by what went wrong.
//!
//! A test without good names has as many as it has URLs, so the tables hold so many rows and one for all others.

use std::sync::Arc;

use brunt_metrics::{
    Interner, MetricId, Sample, SampleBatch, TagSet, TrendSink, ValueType, builtin,
};
use rustc_hash::FxHashMap;

use crate::failures::Failures;

/// Rows of each table; more names count together.
const MOST: usize = 200;

/// The name of the row for all others.
pub(crate) const OTHERS: &str = "(others)";

/// Requests that are being counted.
#[derive(Debug)]
pub struct Requests {
    interner: Arc<Interner>,
    names: Table<Named>,
    errors: Table<u64>,
    failures: Failures,
    /// By the series' number.
    places: Vec<Option<Place>>,
}

/// What is known of the requests of a name.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) durations: TrendSink,
    pub(crate) failed: u64,
}

/// Rows by their key.
#[derive(Debug)]
struct Table<T> {
    rows: Vec<(Vec<String>, T)>,
    known: FxHashMap<Vec<String>, usize>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Duration(usize),
    /// Row of the name, and of the error.
    Failed(usize, usize),
    None,
}

impl<T> Table<T> {
    fn row(&mut self, key: Vec<String>, empty: impl FnOnce() -> T) -> usize {
        if let Some(at) = self.known.get(&key) {
            return *at;
        }
        let key = if self.rows.len() < MOST {
            key
        } else {
            let others = vec![OTHERS.to_owned(); 1];
            if let Some(at) = self.known.get(&others) {
                return *at;
            }
            others
        };
        self.rows.push((key.clone(), empty()));
        self.known.insert(key, self.rows.len() - 1);
        self.rows.len() - 1
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            known: FxHashMap::default(),
        }
    }
}

impl Requests {
    /// None yet. The interner is that of the batches.
    pub fn new(interner: Arc<Interner>) -> Self {
        Self {
            interner,
            names: Table::default(),
            errors: Table::default(),
            failures: Failures::default(),
            places: Vec::new(),
        }
    }

    /// Counts the requests of a batch.
    pub fn add(&mut self, batch: &SampleBatch) {
        let mut beyond: Vec<Option<Place>> = vec![None; batch.overflow.len()];
        for sample in &batch.samples {
            let place = match sample.series.overflow_row() {
                None => self.of_series(sample),
                Some(row) => match (beyond.get_mut(row), batch.overflow.get(row)) {
                    (Some(Some(place)), _) => *place,
                    (Some(place), Some(series)) => {
                        *place.insert(self.place(series.metric, &series.tags))
                    }
                    _ => Place::None,
                },
            };
            self.count(place, sample.time, sample.value);
        }
    }

    fn count(&mut self, place: Place, time: i64, value: f64) {
        match place {
            Place::Duration(at) if value.is_finite() => {
                if let Some((_, named)) = self.names.rows.get_mut(at) {
                    named.durations.add(value);
                }
            }
            Place::Failed(name, error) if value != 0.0 => {
                if let Some((_, named)) = self.names.rows.get_mut(name) {
                    named.failed += 1;
                }
                if let Some((_, count)) = self.errors.rows.get_mut(error) {
                    *count += 1;
                }
                self.failures.add(error, time);
            }
            _ => {}
        }
    }

    fn of_series(&mut self, sample: &Sample) -> Place {
        let at = sample.series.0 as usize;
        if let Some(Some(place)) = self.places.get(at) {
            return *place;
        }
        let Some(series) = self.interner.resolve(sample.series) else {
            return Place::None;
        };
        let place = self.place(series.metric, &series.tags);
        if at >= self.places.len() {
            self.places.resize(at + 1, None);
        }
        self.places[at] = Some(place);
        place
    }

    fn place(&mut self, metric: MetricId, tags: &TagSet) -> Place {
        let tag = |name: &str| tags.get(name).unwrap_or_default().to_owned();
        if metric != builtin::HTTP_REQ_DURATION && metric != builtin::HTTP_REQ_FAILED {
            return Place::None;
        }
        let name = if tag("name").is_empty() {
            tag("url")
        } else {
            tag("name")
        };
        let named = self.names.row(vec![name, tag("method")], || Named {
            durations: TrendSink::for_section(ValueType::Time),
            failed: 0,
        });
        if metric == builtin::HTTP_REQ_DURATION {
            return Place::Duration(named);
        }
        let error = vec![tag("error_code"), tag("error"), tag("status")];
        Place::Failed(named, self.errors.row(error, || 0))
    }

    /// Name, method and what is known, those with the most time in all first.
    pub(crate) fn names(&self) -> Vec<(&str, &str, &Named)> {
        let mut rows: Vec<_> = self
            .names
            .rows
            .iter()
            .map(|(key, named)| (text(key, 0), text(key, 1), named))
            .collect();
        let time = |named: &Named| named.durations.histogram.sum();
        rows.sort_by(|a, b| time(b.2).total_cmp(&time(a.2)));
        rows
    }

    /// What went wrong and how often, the most frequent first.
    pub(crate) fn errors(&self) -> Vec<Failed<'_>> {
        let rows = self.errors.rows.iter().enumerate();
        let mut rows: Vec<_> = rows
            .filter(|(_, (_, count))| *count > 0)
            .map(|(row, (key, count))| Failed {
                row,
                code: text(key, 0),
                error: text(key, 1),
                status: text(key, 2),
                count: *count,
            })
            .collect();
        rows.sort_by_key(|error| std::cmp::Reverse(error.count));
        rows
    }

    /// How often each row of the errors came, over time.
    pub(crate) fn failures(&self) -> &Failures {
        &self.failures
    }
}

/// What went wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed<'a> {
    /// Its number over time.
    pub(crate) row: usize,
    pub(crate) code: &'a str,
    pub(crate) error: &'a str,
    pub(crate) status: &'a str,
    pub(crate) count: u64,
}

impl Failed<'_> {
    /// In words.
    pub(crate) fn what(&self) -> String {
        match (self.error, self.status) {
            ("", _) if self.code == OTHERS => OTHERS.to_owned(),
            ("", "" | "0") => "no answer".to_owned(),
            ("", status) => format!("status {status}"),
            (error, _) => error.to_owned(),
        }
    }
}

fn text(key: &[String], at: usize) -> &str {
    key.get(at).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use brunt_metrics::{MetaId, SeriesId};

    use super::*;

    #[test]
    fn names_without_end_take_two_hundred_rows_and_one() {
        let interner = Arc::new(Interner::new(10_000));
        let mut requests = Requests::new(Arc::clone(&interner));
        let sample = |metric, number: usize, value: f64| {
            let url = format!("http://x/{number}");
            let tags: TagSet = [
                ("name", url.as_str()),
                ("method", "GET"),
                ("error_code", "1404"),
            ]
            .into_iter()
            .collect();
            let series = interner
                .series(metric, interner.tag_set(&tags).unwrap())
                .unwrap();
            Sample {
                series,
                meta: MetaId::NONE,
                time: 0,
                value,
            }
        };
        let mut samples = Vec::new();
        for number in 0..500 {
            samples.push(sample(builtin::HTTP_REQ_DURATION, number, 2.0));
            samples.push(sample(
                builtin::HTTP_REQ_FAILED,
                number,
                f64::from(u8::from(number % 2 == 0)),
            ));
        }
        samples.push(Sample {
            series: SeriesId(1 << 20),
            meta: MetaId::NONE,
            time: 0,
            value: 1.0,
        });
        requests.add(&SampleBatch {
            samples,
            ..SampleBatch::default()
        });
        let names = requests.names();
        assert_eq!(names.len(), MOST + 1);
        assert_eq!(names[0].0, OTHERS, "most of the time");
        let counts = names.iter().map(|it| it.2.durations.histogram.count());
        assert_eq!(counts.sum::<u64>(), 500);
        assert_eq!(names.iter().map(|it| it.2.failed).sum::<u64>(), 250);
        let errors = requests.errors();
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].code, errors[0].count), ("1404", 250));
        assert_eq!(
            requests.failures().within(errors[0].row, 0, 1_000_000_000),
            250
        );
    }
}
