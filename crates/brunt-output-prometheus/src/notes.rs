//! What the summary says about a delivery.

use brunt_output::Counts;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::table::Table;

/// From this many series on a receiver suffers, and somebody should know why there are so many.
const MANY: usize = 100_000;

/// How the sending went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sending {
    /// Requests, repeated ones included.
    pub(crate) attempts: u64,
    /// Why the last one was repeated.
    pub(crate) trouble: Option<String>,
    /// Another version of the protocol than wished, in words.
    pub(crate) fallback: Option<String>,
}

/// The sentences for the user. What was rejected or given up, and why, is in the books.
pub(crate) fn notes(counts: &Counts, sending: &Sending, table: &Table) -> Vec<String> {
    let series = table.series();
    let mut notes = vec![format!("{series} series were sent")];
    if series > MANY {
        let responsible = responsible(table).map_or_else(String::new, |(label, values)| {
            format!(
                ": the tag '{label}' has {values} values; leave it out with drop={label}, or group \
                 requests by the tag 'name'"
            )
        });
        notes.push(format!(
            "more than {MANY} series are a burden for the receiver{responsible}"
        ));
    }
    notes.extend(sending.fallback.clone());
    if counts.retries > 0 {
        let reason = sending.trouble.as_deref().unwrap_or("unknown");
        notes.push(format!(
            "{} of {} requests had to be repeated; the last reason was: {reason}",
            counts.retries, sending.attempts
        ));
    }
    notes.extend(table.conflicts.iter().cloned());
    notes.extend(table.labeller.crowded.clone());
    notes
}

/// The label with the most values.
fn responsible(table: &Table) -> Option<(&str, usize)> {
    let mut values: FxHashMap<&str, FxHashSet<u64>> = FxHashMap::default();
    for group in &table.groups {
        for (name, value) in &*group.labels {
            let hash = std::hash::BuildHasher::hash_one(&FxBuildHasher, value);
            values.entry(name).or_default().insert(hash);
        }
    }
    values
        .into_iter()
        .map(|(name, values)| (name, values.len()))
        .max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use brunt_aggregate::{SeriesPoint, SeriesValue, Snapshot};
    use brunt_output::kit::Fixture;

    use super::*;
    use crate::config::Shape;

    #[test]
    fn too_many_series_are_told_with_the_tag_that_makes_them() {
        let fixture = Fixture::new();
        let point = |at: usize| SeriesPoint {
            id: fixture.series("vus", &[("id", &at.to_string()), ("kind", "a")]),
            first: 0,
            newest: 0,
            value: SeriesValue::Gauge {
                last: 1.0,
                min: 1.0,
                max: 1.0,
            },
        };
        let mut table = Table::new(fixture.context(), &Shape::default());
        let series = (0..=MANY).map(point).collect();
        table.absorb(&Snapshot {
            time: 0,
            last: true,
            own: Vec::new(),
            series,
        });
        let notes = notes(&Counts::default(), &Sending::default(), &table);
        assert_eq!(notes[0], "100001 series were sent");
        assert!(notes[1].contains("the tag 'id' has 100001 values; leave it out with drop=id"));
    }

    #[test]
    fn what_went_another_way_is_told_with_the_reason() {
        let fixture = Fixture::new();
        let table = Table::new(fixture.context(), &Shape::default());
        let counts = Counts {
            retries: 5,
            ..Counts::default()
        };
        let sending = Sending {
            attempts: 9,
            trouble: Some("503 Service Unavailable".to_owned()),
            fallback: Some("1.0 was spoken".to_owned()),
        };
        let notes = notes(&counts, &sending, &table);
        let expected = [
            "0 series were sent",
            "1.0 was spoken",
            "5 of 9 requests had to be repeated; the last reason was: 503 Service Unavailable",
        ];
        assert_eq!(notes, expected);
    }
}
