//! What the summary says about a delivery.

use brunt_delivery::Stats;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::table::Table;

/// From this many series on a receiver suffers, and somebody should know why there are so many.
const MANY: usize = 100_000;

/// The sentences for the user.
pub(crate) fn notes(stats: &Stats, table: &Table, lost: u64) -> Vec<String> {
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
    if stats.retries > 0 {
        let reason = stats.last_error.as_deref().unwrap_or("unknown");
        notes.push(format!(
            "{} of {} requests had to be repeated; the last reason was: {reason}",
            stats.retries, stats.attempts
        ));
    }
    if let Some(reason) = &stats.first_rejection {
        notes.push(format!(
            "the receiver refused {} points: {reason}",
            stats.rejected
        ));
    }
    if stats.dropped > 0 {
        let reason = stats
            .last_error
            .as_deref()
            .unwrap_or("there was not enough time");
        notes.push(format!("{} points were given up: {reason}", stats.dropped));
    }
    if lost > 0 {
        notes.push(format!(
            "{lost} points were not numbers that remote write can carry"
        ));
    }
    notes.extend(table.conflicts.iter().cloned());
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
        let notes = notes(&Stats::default(), &table, 0);
        assert_eq!(notes[0], "100001 series were sent");
        assert!(notes[1].contains("the tag 'id' has 100001 values; leave it out with drop=id"));
    }

    #[test]
    fn what_was_lost_is_told_with_the_reason() {
        let fixture = Fixture::new();
        let table = Table::new(fixture.context(), &Shape::default());
        let stats = Stats {
            rejected: 3,
            dropped: 4,
            attempts: 9,
            retries: 5,
            last_error: Some("503 Service Unavailable".to_owned()),
            first_rejection: Some("400 Bad Request: out of order".to_owned()),
            ..Stats::default()
        };
        let notes = notes(&stats, &table, 2);
        let expected = [
            "0 series were sent",
            "5 of 9 requests had to be repeated; the last reason was: 503 Service Unavailable",
            "the receiver refused 3 points: 400 Bad Request: out of order",
            "4 points were given up: 503 Service Unavailable",
            "2 points were not numbers that remote write can carry",
        ];
        assert_eq!(notes, expected);
    }
}
