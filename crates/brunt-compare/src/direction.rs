//! Which way a metric gets worse. k6's names tell it for its own metrics, and times are worse when they are longer; of
//! a metric of the script only its author knows.

use std::collections::BTreeMap;

use brunt_metrics::{Metric, MetricKind, ValueType};

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Less of it.
    Lower,
    /// More of it.
    Higher,
    /// Neither, as far as is known.
    Unknown,
}

/// Directions of metrics by name, before those that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directions {
    given: BTreeMap<String, Direction>,
}

impl Directions {
    /// Says it of a metric.
    pub fn set(&mut self, metric: &str, direction: Direction) {
        self.given.insert(metric.to_owned(), direction);
    }

    /// The direction of a metric.
    pub fn of(&self, metric: &Metric) -> Direction {
        if let Some(direction) = self.given.get(&*metric.name) {
            return *direction;
        }
        match &*metric.name {
            "http_req_failed" | "dropped_iterations" => Direction::Lower,
            "checks" | "http_reqs" | "iterations" => Direction::Higher,
            _ if metric.kind == MetricKind::Trend && metric.contains == ValueType::Time => {
                Direction::Lower
            }
            _ => Direction::Unknown,
        }
    }

    /// The metrics of which something was said.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }
}
