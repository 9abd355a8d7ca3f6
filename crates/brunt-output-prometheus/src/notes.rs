//! What the summary says about a delivery.

use brunt_output::Counts;

use crate::table::Table;

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
    let trouble = sending.trouble.as_deref();
    let mut notes = brunt_delivery::notes(counts, table.series(), sending.attempts, trouble);
    notes.extend(sending.fallback.clone());
    notes.extend(table.conflicts.iter().cloned());
    notes.extend(table.labeller.crowded.clone());
    notes
}

#[cfg(test)]
mod tests {
    use brunt_output::kit::Fixture;

    use super::*;
    use crate::config::Shape;

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
            "5 of 9 requests had to be repeated; the last reason was: 503 Service Unavailable",
            "1.0 was spoken",
        ];
        assert_eq!(notes, expected);
    }
}
