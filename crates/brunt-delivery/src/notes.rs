//! What the summary says about every delivery to a receiver, whatever its protocol.

use brunt_output::Counts;

/// How many series went out, and how often a request had to be repeated. `attempts` counts requests,
/// repeated ones included; `trouble` is why the last one was repeated.
///
/// Series for which nothing arrived are not called sent.
pub fn notes(counts: &Counts, series: usize, attempts: u64, trouble: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    if counts.delivered > 0 || series == 0 {
        notes.push(format!("{series} series were sent"));
    } else {
        notes.push(format!("nothing of {series} series has arrived"));
    }
    if counts.retries > 0 {
        let reason = trouble.unwrap_or("unknown");
        notes.push(format!(
            "{} of {attempts} requests had to be repeated; the last reason was: {reason}",
            counts.retries
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(delivered: u64, retries: u64) -> Vec<String> {
        let counts = Counts {
            delivered,
            retries,
            ..Counts::default()
        };
        notes(&counts, 7, 9, Some("503 Service Unavailable"))
    }

    #[test]
    fn what_arrived_is_sent_and_nothing_else() {
        let repeated =
            "5 of 9 requests had to be repeated; the last reason was: 503 Service Unavailable";
        assert_eq!(of(100, 0), ["7 series were sent"]);
        assert_eq!(of(0, 5), ["nothing of 7 series has arrived", repeated]);
        assert_eq!(
            notes(&Counts::default(), 0, 0, None),
            ["0 series were sent"]
        );
    }
}
