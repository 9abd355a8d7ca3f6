//! The summary's OUTPUTS block: what arrived where, and what did not.
//!
//! k6 says nothing when an output lost what it was given, and ends as if all were well. Here every
//! output has its line, whatever happened.

use crate::style::Style;
use crate::text::{dotted, section};
use crate::units;
use brunt_metrics::ValueType;

/// One output at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputLine {
    /// The instance's name.
    pub name: String,
    /// What is counted: `samples` or `points`.
    pub unit: &'static str,
    /// What it was given.
    pub accepted: u64,
    /// What arrived.
    pub delivered: u64,
    /// What the receiver refused or the format cannot express.
    pub rejected: u64,
    /// What was given up.
    pub dropped: u64,
    /// What waits on disk.
    pub spooled: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Bytes that were sent or written.
    pub bytes: u64,
    /// Sentences below the line.
    pub notes: Vec<String>,
}

/// The block, empty without outputs.
pub fn render(outputs: &[OutputLine], colour: bool) -> String {
    let style = Style::new(colour);
    let longest = outputs
        .iter()
        .map(|one| one.name.chars().count())
        .max()
        .unwrap_or_default();
    let block: Vec<String> = outputs
        .iter()
        .flat_map(|one| lines(one, longest, style))
        .collect();
    let mut out = String::new();
    if !block.is_empty() {
        section(&mut out, "OUTPUTS", &[block], &[], style);
    }
    out
}

fn lines(one: &OutputLine, longest: usize, style: Style) -> Vec<String> {
    let whole = one.delivered == one.accepted;
    let share = if whole {
        style.cyan(&format!("{} {} delivered", one.delivered, one.unit))
    } else {
        style.red(&format!(
            "{} of {} {} delivered",
            one.delivered, one.accepted, one.unit
        ))
    };
    let bytes = units::value(one.bytes as f64, ValueType::Data, None);
    let mut line = format!(
        "{} {share} {}",
        dotted(&one.name, longest, style),
        style.faint_cyan(&bytes)
    );
    let counts = [
        ("rejected", one.rejected),
        ("dropped", one.dropped),
        ("spooled", one.spooled),
        ("retries", one.retries),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        line.push(' ');
        line.push_str(&style.faint_cyan(&format!("{name}={count}")));
    }
    let notes = one
        .notes
        .iter()
        .map(|note| format!("  {} {note}", style.faint("↳")));
    std::iter::once(line).chain(notes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_output_has_a_line_and_losses_are_named() {
        let outputs = [
            OutputLine {
                name: "json".to_owned(),
                unit: "samples",
                accepted: 5_512,
                delivered: 5_512,
                bytes: 1_200_000,
                ..OutputLine::default()
            },
            OutputLine {
                name: "mimir-2".to_owned(),
                unit: "points",
                accepted: 412,
                delivered: 400,
                rejected: 3,
                spooled: 9,
                retries: 12,
                bytes: 96_000,
                notes: vec!["the receiver refused 3 points: out of order".to_owned()],
                ..OutputLine::default()
            },
        ];
        assert_eq!(
            render(&outputs, false),
            "
  █ OUTPUTS 

    json......: 5512 samples delivered 1.2 MB
    mimir-2...: 400 of 412 points delivered 96 kB rejected=3 spooled=9 retries=12
      ↳ the receiver refused 3 points: out of order

"
        );
        assert_eq!(render(&[], false), "");
    }
}
