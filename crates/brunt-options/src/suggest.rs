//! "Did you mean …?", because most unknown keys are misspelt known ones.

/// The candidate that is closest to a word, if it is close enough to be meant.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A word much longer than any key is not a misspelt one, and comparing it would take long.
    if word.len() > 64 {
        return None;
    }
    let limit = 1.max(word.chars().count() / 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "…"?`, or nothing.
pub(crate) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, candidates).map_or(String::new(), |meant| {
        format!("; did you mean \"{meant}\"?")
    })
}

/// How many characters must be added, removed or changed (Levenshtein), case aside.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let change = diagonal + usize::from(from != *to);
            diagonal = *cell;
            left = change.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_are_recognised_and_others_are_not() {
        let keys = ["iterations", "vus", "duration", "maxDuration"];
        assert_eq!(closest("itterations", keys), Some("iterations"));
        assert_eq!(closest("VUs", keys), Some("vus"));
        assert_eq!(closest("maxduration", keys), Some("maxDuration"));
        assert_eq!(closest("colour", keys), None);
        assert_eq!(closest("stages", ["tags"]), None);
        assert_eq!(closest("", ["a long key"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
