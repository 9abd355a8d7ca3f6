//! The known name nearest to a mistyped one, for "did you mean" in error messages.

/// The candidate with the fewest differences, if they look like a slip: at most a third of the name.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Comparing takes the product of both lengths, and no name that is meant is so long.
    if name.len() > 64 {
        return None;
    }
    let bound = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|known| known.len() <= 64)
        .map(|known| (distance(known, name), known))
        .filter(|(differences, _)| *differences <= bound)
        .min_by_key(|(differences, _)| *differences)
        .map(|(_, known)| known)
}

/// Levenshtein's distance: inserted, deleted and replaced characters.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
