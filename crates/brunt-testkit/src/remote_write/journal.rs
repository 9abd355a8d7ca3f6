//! The journal: which requests came when, what became of them, which rules they broke.

use std::collections::VecDeque;
use std::time::Instant;

use super::rules::{Problems, Violation};

const MAX_ENTRIES: usize = 100_000;
const MAX_VIOLATIONS: usize = 10_000;

/// One request.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    /// Counts requests from 0.
    pub number: u64,
    /// When its head had arrived.
    pub arrived: Instant,
    /// The request's method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// Header names in lower case with their values, in the order of names.
    pub headers: Vec<(String, String)>,
    /// Bytes of the body as sent.
    pub body_bytes: usize,
    /// Bytes after decompression; 0 if it did not come to that.
    pub message_bytes: usize,
    /// How many series it carries.
    pub series: usize,
    /// How many floats and histograms it carries.
    pub samples: usize,
    /// The names of the series that it carries, in the order sent.
    pub names: Vec<String>,
    /// The protocol's version that its head names: `1.0`, `2.0`, or empty.
    pub version: &'static str,
    /// The status answered; 0 where the connection was closed without an answer.
    pub status: u16,
}

impl JournalEntry {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The newest entries and the first violations.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<JournalEntry>,
    violations: Vec<Violation>,
    count: u64,
}

impl Journal {
    pub(super) fn push(&mut self, mut entry: JournalEntry) -> u64 {
        entry.number = self.count;
        self.count += 1;
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.count - 1
    }

    pub(super) fn violate(&mut self, request: u64, problems: &Problems) {
        for (rule, detail) in &problems.listed {
            if self.violations.len() < MAX_VIOLATIONS {
                self.violations.push(Violation {
                    request,
                    rule: *rule,
                    detail: detail.clone(),
                });
            }
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn entries(&self) -> Vec<JournalEntry> {
        self.entries.iter().cloned().collect()
    }

    pub(super) fn violations(&self) -> &[Violation] {
        &self.violations
    }
}
