//! The known word nearest to a mistyped one, for "did you mean" in error messages.
//!
//! Own code instead of a crate: it is one small function, used for a handful of short words.

/// The candidate with the fewest edits, if it is near enough to be what was meant.
///
/// An edit adds, removes or changes one character, or swaps two neighbours. At most a third of the word may differ, and
/// always one character may.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (word.chars().count() / 3).max(1);
    let with_distance = candidates
        .into_iter()
        .map(|known| (distance(word, known), known));
    with_distance
        .filter(|(edits, _)| *edits <= bound)
        .min()
        .map(|(_, known)| known)
}

/// The optimal string alignment distance: two neighbours that changed places are one edit.
fn distance(left: &str, right: &str) -> usize {
    // A word from the command line may be long; no known name is.
    const LONGEST: usize = 64;
    let left: Vec<char> = left.chars().take(LONGEST).collect();
    let right: Vec<char> = right.chars().take(LONGEST).collect();
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (at, a) in left.iter().enumerate() {
        let mut row = vec![at + 1];
        for (column, b) in right.iter().enumerate() {
            let changed = above[column] + usize::from(a != b);
            let mut least = changed.min(above[column + 1] + 1).min(row[column] + 1);
            let swapped = at > 0 && column > 0 && *a == right[column - 1] && left[at - 1] == *b;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let known = ["tenant", "timeout", "interval"];
        assert_eq!(nearest("tennant", known), Some("tenant"));
        assert_eq!(nearest("timeuot", known), Some("timeout"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("mimri", ["json", "mimir"]), Some("mimir"));
        assert_eq!(nearest("ulr", ["url", "tenant"]), Some("url"));
    }
}
