//! What goes into one request, not encoded yet: so that it can be cut between its series and sent
//! again by another version of the protocol.

use std::sync::Arc;

use brunt_delivery::Split;

use crate::labels::Labels;
use crate::names::Column;
use crate::proto::{Histogram, Sample};

/// Series with what is new of each. All series of a group are in one load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Load {
    pub(crate) series: Vec<Series>,
    /// Points of the snapshot that it stands for.
    pub(crate) points: u64,
    /// Whether 1.0 sends the descriptions of its metrics too; 2.0 always does.
    pub(crate) metadata: bool,
    /// Whether the receiver refused its series before.
    pub(crate) suspect: bool,
}

/// What is new of a series.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// The group that it belongs to, by its place in the table.
    pub(crate) group: usize,
    /// How many points of the snapshot the group stands for.
    pub(crate) weight: u64,
    pub(crate) column: Arc<Column>,
    pub(crate) labels: Labels,
    pub(crate) points: Points,
}

/// Floats or histograms, never both.
#[derive(Debug, Clone)]
pub(crate) enum Points {
    Floats(Vec<Sample>),
    Histograms(Vec<Histogram>),
}

impl Series {
    /// About what it takes in a request.
    pub(crate) fn bytes(&self) -> usize {
        const FRAME: usize = 16;
        const SAMPLE: usize = 26;
        const EMPTY_HISTOGRAM: usize = 48;
        const BUCKET: usize = 4;
        let pair = |(name, value): &(Arc<str>, Arc<str>)| name.len() + value.len() + 6;
        let labels: usize = self.labels.iter().map(pair).sum();
        let points = match &self.points {
            Points::Floats(samples) => samples.len() * SAMPLE,
            Points::Histograms(all) => all
                .iter()
                .map(|histogram| {
                    let spans = histogram.positive_spans.len() + histogram.negative_spans.len();
                    let deltas = histogram.positive_deltas.len() + histogram.negative_deltas.len();
                    EMPTY_HISTOGRAM + (2 * spans + deltas) * BUCKET
                })
                .sum(),
        };
        FRAME + self.column.name.len() + labels + points
    }
}

impl Load {
    /// Cuts it between two groups near the middle; a single group between its series.
    pub(crate) fn split(mut self) -> Split<Self> {
        if self.series.len() < 2 {
            return Split::Whole(self);
        }
        let half = self.series.len() / 2;
        // Groups stand together, so the border is where the number changes.
        let border = |at: &usize| self.series[*at - 1].group != self.series[*at].group;
        let near = (1..=half).rev().find(border);
        let near = near.or_else(|| (half + 1..self.series.len()).find(border));
        let second = Self {
            series: self.series.split_off(near.unwrap_or(half)),
            points: 0,
            ..self
        };
        if near.is_none() {
            return Split::Within(self, second);
        }
        let points = second.weights();
        self.points = self.points.saturating_sub(points);
        Split::Apart(self, Self { points, ..second })
    }

    /// The points that its groups stand for.
    fn weights(&self) -> u64 {
        let mut last = None;
        let mut points = 0;
        for series in &self.series {
            if last.replace(series.group) != Some(series.group) {
                points += series.weight;
            }
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::What;

    fn load(groups: &[(usize, u64)]) -> Load {
        let column = Arc::new(Column::new("c".to_owned(), What::Last, "", ""));
        let series: Vec<Series> = groups
            .iter()
            .map(|&(group, weight)| Series {
                group,
                weight,
                column: Arc::clone(&column),
                labels: Arc::from([]),
                points: Points::Floats(vec![Sample::default()]),
            })
            .collect();
        let mut load = Load {
            series,
            ..Load::default()
        };
        load.points = load.weights();
        load
    }

    fn groups(load: &Load) -> Vec<usize> {
        load.series.iter().map(|series| series.group).collect()
    }

    #[test]
    fn a_load_is_cut_between_groups_and_the_points_with_it() {
        let whole = load(&[(0, 1), (0, 1), (1, 3), (1, 3), (1, 3), (2, 1)]);
        assert_eq!(whole.points, 5);
        let Split::Apart(first, second) = whole.split() else {
            panic!("two halves were expected");
        };
        assert_eq!((groups(&first), first.points), (vec![0, 0], 1));
        assert_eq!((groups(&second), second.points), (vec![1, 1, 1, 2], 4));
        let Split::Apart(first, second) = second.split() else {
            panic!("two halves were expected");
        };
        assert_eq!((groups(&first), first.points), (vec![1, 1, 1], 3));
        assert_eq!(second.points, 1);
        assert!(
            matches!(first.split(), Split::Within(a, b) if a.series.len() + b.series.len() == 3)
        );
        assert!(matches!(second.split(), Split::Whole(_)));
    }
}
