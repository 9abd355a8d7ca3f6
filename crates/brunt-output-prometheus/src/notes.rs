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
