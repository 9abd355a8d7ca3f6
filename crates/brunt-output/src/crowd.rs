//! Telling the user, once and while there is still time, that a receiver gets too many series, and which
//! tag makes them.

use std::hash::BuildHasher as _;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::log::Log;

/// From this many series on a receiver suffers, and somebody should know why there are so many.
const MANY: usize = 100_000;

/// Watches how many series an output sends.
#[derive(Debug, Default)]
pub struct Crowd {
    told: bool,
}

impl Crowd {
    /// Has a look at the number of series, and warns at the first time that there are too many. `labels`
    /// are names and values of all series.
    pub fn look<'a, L>(&mut self, series: usize, labels: impl FnOnce() -> L, log: &Log)
    where
        L: IntoIterator<Item = (&'a str, &'a str)>,
    {
        if self.told || series <= MANY {
            return;
        }
        self.told = true;
        let responsible = widest(labels()).map_or_else(String::new, |(tag, values)| {
            format!(
                ": the tag '{tag}' has {values} values; leave it out with drop={tag}, or group \
                 requests by the tag 'name'"
            )
        });
        log.warn(&format!(
            "more than {MANY} series are a burden for the receiver{responsible}"
        ));
    }
}

/// The label with the most values.
fn widest<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<(&'a str, usize)> {
    let mut values: FxHashMap<&str, FxHashSet<u64>> = FxHashMap::default();
    for (name, value) in labels {
        let hash = FxBuildHasher.hash_one(value);
        values.entry(name).or_default().insert(hash);
    }
    values
        .into_iter()
        .map(|(name, values)| (name, values.len()))
        .max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn too_many_series_are_told_once_with_the_tag_that_makes_them() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        let log = Log::new(move |_, line| heard.lock().unwrap().push(line.to_owned()));
        let values: Vec<String> = (0..=MANY).map(|at| at.to_string()).collect();
        let labels = || {
            values
                .iter()
                .flat_map(|value| [("id", value.as_str()), ("kind", "a")])
        };
        let mut crowd = Crowd::default();
        crowd.look(MANY, labels, &log);
        assert!(lines.lock().unwrap().is_empty());
        for _ in 0..2 {
            crowd.look(MANY + 1, labels, &log);
        }
        let expected = "more than 100000 series are a burden for the receiver: the tag 'id' has 100001 \
                        values; leave it out with drop=id, or group requests by the tag 'name'";
        assert_eq!(*lines.lock().unwrap(), [expected]);
    }
}
