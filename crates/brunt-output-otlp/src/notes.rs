//! What the summary says about an export, beside the numbers of the books.

use brunt_output::Counts;

use crate::output::Exporter;
use crate::stream::Temporality;

/// The sentences for the user.
pub(crate) fn of(exporter: &Exporter, counts: &Counts) -> Vec<String> {
    let client = exporter.deliverer.transport();
    let facts = Facts {
        series: exporter.table.series(),
        attempts: exporter.deliverer.attempts(),
        trouble: exporter.deliverer.last_trouble(),
        warning: client.warning(),
        // A cumulative value that arrives twice is the same value.
        doubtful: if client.config().shape.temporality == Temporality::Delta {
            client.doubtful()
        } else {
            0
        },
        inexpressible: exporter.inexpressible,
    };
    sentences(&facts, counts)
}

#[derive(Debug, Default)]
struct Facts {
    series: usize,
    attempts: u64,
    trouble: Option<String>,
    warning: Option<String>,
    doubtful: u64,
    inexpressible: u64,
}

fn sentences(facts: &Facts, counts: &Counts) -> Vec<String> {
    let trouble = facts.trouble.as_deref();
    let mut notes = brunt_delivery::notes(counts, facts.series, facts.attempts, trouble);
    if facts.doubtful > 0 {
        notes.push(format!(
            "{} points may have been counted twice: they were sent again because nobody knows \
             whether they had arrived",
            facts.doubtful
        ));
    }
    if let Some(reason) = counts
        .first_rejection
        .as_ref()
        .filter(|_| counts.rejected > facts.inexpressible)
    {
        let hint = if reason.contains("temporality") {
            "; this receiver wants temporality=cumulative"
        } else {
            ""
        };
        notes.push(format!(
            "the receiver refused {} points: {reason}{hint}",
            counts.rejected - facts.inexpressible
        ));
    }
    if facts.inexpressible > 0 {
        notes.push(format!(
            "{} points are of a kind that OTLP has no data for",
            facts.inexpressible
        ));
    }
    if let Some(warning) = &facts.warning {
        notes.push(format!("the receiver says: {warning}"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_with_the_reason() {
        let facts = Facts {
            series: 100_001,
            attempts: 9,
            trouble: Some("503 Service Unavailable".to_owned()),
            warning: Some("use less".to_owned()),
            doubtful: 4,
            inexpressible: 1,
        };
        let counts = Counts {
            delivered: 8,
            rejected: 3,
            retries: 5,
            first_rejection: Some("400 Bad Request: invalid temporality".to_owned()),
            ..Counts::default()
        };
        let expected = [
            "100001 series were sent",
            "5 of 9 requests had to be repeated; the last reason was: 503 Service Unavailable",
            "4 points may have been counted twice: they were sent again because nobody knows \
             whether they had arrived",
            "the receiver refused 2 points: 400 Bad Request: invalid temporality; this receiver \
             wants temporality=cumulative",
            "1 points are of a kind that OTLP has no data for",
            "the receiver says: use less",
        ];
        assert_eq!(sentences(&facts, &counts), expected);
    }
}
