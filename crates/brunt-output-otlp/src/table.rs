//! The series as they are sent: what a snapshot holds, added up by metric and attributes.
//!
//! It lives as long as the test, because it also remembers of each series what the receiver has
//! acknowledged: the difference to that is what is sent under delta temporality, and under cumulative
//! temporality what has not changed since then need not be sent again. There are never more series
//! here than in the largest snapshot.

use std::sync::Arc;

use brunt_aggregate::Snapshot;
use brunt_metrics::{Interner, MetricId, Registry, SeriesId};
use brunt_output::{Choice, Mark, Merged, OutputContext};
use rustc_hash::FxHashMap;

use crate::attributes::{Attributer, Attributes};
use crate::config::Shape;
use crate::point;
use crate::request::Part;
use crate::stream::{Data, Stream, Temporality};

/// Series that do not change are sent again after this, in nanoseconds, so that no receiver takes them
/// for ended (Prometheus looks back five minutes) and gaps stay small.
const RESEND: i64 = 15_000_000_000;

/// A snapshot may come a little early.
const SLACK: i64 = 500_000_000;

/// A series that was refused so often on its own is not sent any more, but with the last snapshot.
const MOST_REFUSALS: u8 = 3;

/// All series of a run.
#[derive(Debug)]
pub(crate) struct Table {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
    attributer: Attributer,
    shape: Shape,
    streams: Vec<Streamed>,
    groups: Vec<Group>,
    /// `None` for series of a metric that is left out.
    by_series: FxHashMap<SeriesId, Option<u32>>,
    by_attributes: FxHashMap<(u32, Attributes), u32>,
    by_metric: FxHashMap<MetricId, Option<u32>>,
    by_own_name: FxHashMap<Arc<str>, u32>,
}

/// Where a series belongs.
#[derive(Debug, Clone, Copy)]
enum Place {
    Group(u32),
    /// Its metric is left out.
    LeftOut,
    /// Nobody knows it.
    Unknown,
}

/// Points of a snapshot that belong to no group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ungrouped {
    /// Their metric is left out.
    pub(crate) left_out: u64,
    /// Nobody knows their series.
    pub(crate) unknown: u64,
}

/// A metric and its groups.
#[derive(Debug)]
struct Streamed {
    stream: Arc<Stream>,
    groups: Vec<u32>,
}

/// Series of one metric with the same attributes.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) attributes: Attributes,
    pub(crate) value: Merged,
    /// The merged histogram of a trend.
    pub(crate) histogram: Option<Arc<brunt_metrics::histogram::ExpHistogram>>,
    /// The first sample of all its series, in nanoseconds since the Unix epoch.
    pub(crate) first: i64,
    /// How many points of the snapshot it stands for.
    points: u64,
    pub(crate) known: Option<Known>,
    refusals: u8,
}

/// What the receiver has of a series.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Where its values begin to count: fixed when it is sent for the first time.
    pub(crate) start: i64,
    /// The time of the newest point that the receiver has.
    pub(crate) time: i64,
    mark: Mark,
    /// What the receiver has added up to, under delta temporality.
    pub(crate) value: Merged,
    pub(crate) histogram: Option<Arc<brunt_metrics::histogram::ExpHistogram>>,
}

/// What there is to send of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// What has changed, and what was not sent for a while.
    Changed,
    /// Everything: the snapshot is the last one.
    All,
}

impl Table {
    pub(crate) fn new(context: &OutputContext, shape: &Shape) -> Self {
        let testid = shape.testid.as_deref().unwrap_or(&context.instance);
        Self {
            registry: Arc::clone(&context.registry),
            interner: Arc::clone(&context.interner),
            attributer: Attributer::new(shape.tags.clone(), &shape.labels, testid),
            shape: shape.clone(),
            streams: Vec::new(),
            groups: Vec::new(),
            by_series: FxHashMap::default(),
            by_attributes: FxHashMap::default(),
            by_metric: FxHashMap::default(),
            by_own_name: FxHashMap::default(),
        }
    }

    /// Puts the values of a snapshot in the place of those before.
    pub(crate) fn absorb(&mut self, snapshot: &Snapshot) -> Ungrouped {
        for group in &mut self.groups {
            group.value = Merged::Nothing;
            group.points = 0;
        }
        let mut ungrouped = Ungrouped::default();
        for point in &snapshot.series {
            let at = match self.group(point.id, point.first) {
                Place::Group(at) => at,
                Place::LeftOut => {
                    ungrouped.left_out += 1;
                    continue;
                }
                Place::Unknown => {
                    ungrouped.unknown += 1;
                    continue;
                }
            };
            let group = &mut self.groups[at as usize];
            group.value.add(&point.value, point.newest);
            group.first = group.first.min(point.first);
            group.points += 1;
        }
        for point in &snapshot.own {
            let data = match &point.value {
                brunt_aggregate::SeriesValue::Counter(_) => Data::Sum,
                brunt_aggregate::SeriesValue::Gauge { .. } => Data::Gauge,
                // Nothing of brunt's own is of another kind.
                _ => continue,
            };
            let run = !point.name.starts_with("brunt_output_")
                && !point.name.starts_with("brunt_engine_");
            let wanted = if run {
                self.shape.summary
            } else {
                self.shape.telemetry
            };
            if !wanted {
                continue;
            }
            let stream = self.own_stream(&point.name, &point.help, data);
            let attributes = self.attributer.own(&point.labels);
            let at = self.group_of(stream, attributes, snapshot.time);
            self.groups[at as usize]
                .value
                .add(&point.value, snapshot.time);
        }
        for group in &mut self.groups {
            group.histogram = group.value.histogram();
        }
        ungrouped
    }

    /// How many series the receiver sees.
    pub(crate) fn series(&self) -> usize {
        self.groups.len()
    }

    /// What is to be sent of the snapshot that was absorbed last, in the order of the metrics, and
    /// for each group that has nothing to send how many points it stands for.
    pub(crate) fn parts(
        &self,
        time: i64,
        turn: Turn,
    ) -> impl Iterator<Item = Result<Part, Unsent>> + '_ {
        self.streams.iter().flat_map(move |streamed| {
            streamed.groups.iter().filter_map(move |at| {
                let group = &self.groups[*at as usize];
                let mark = group.value.mark();
                if mark == Mark::Nothing {
                    return None;
                }
                Some(self.part(streamed, *at, group, time, turn))
            })
        })
    }

    fn part(
        &self,
        streamed: &Streamed,
        at: u32,
        group: &Group,
        time: i64,
        turn: Turn,
    ) -> Result<Part, Unsent> {
        let points = group.points;
        if group.refusals >= MOST_REFUSALS && turn == Turn::Changed {
            return Err(Unsent::Refused(points));
        }
        if let Some(known) = &group.known
            && known.mark == group.value.mark()
            && self.rests(streamed.stream.data, known, time, turn)
        {
            return Err(Unsent::Unchanged(points));
        }
        let mut bytes = Vec::new();
        point::write(
            &mut bytes,
            &streamed.stream,
            self.shape.temporality,
            group,
            time,
        );
        if bytes.is_empty() {
            return Err(Unsent::Inexpressible(points));
        }
        Ok(Part {
            stream: Arc::clone(&streamed.stream),
            group: at,
            points,
            bytes,
        })
    }

    /// Whether an unchanged value need not be sent now.
    fn rests(&self, data: Data, known: &Known, time: i64, turn: Turn) -> bool {
        // A difference of nothing says nothing; a gauge is no difference.
        if self.shape.temporality == Temporality::Delta && data != Data::Gauge {
            return true;
        }
        turn == Turn::Changed && time - known.time + SLACK < RESEND
    }

    /// The receiver has what the newest snapshot, which was taken at `time`, held of these groups.
    pub(crate) fn acknowledge(&mut self, groups: impl IntoIterator<Item = u32>, time: i64) {
        for at in groups {
            let Some(group) = self.groups.get_mut(at as usize) else {
                continue;
            };
            group.refusals = 0;
            // Only differences need to know what they are to.
            let (value, histogram) = match self.shape.temporality {
                Temporality::Cumulative => (Merged::Nothing, None),
                Temporality::Delta => (group.value.clone(), group.histogram.clone()),
            };
            group.known = Some(Known {
                start: point::start(group, time),
                time: point::time(group, time),
                mark: group.value.mark(),
                value,
                histogram,
            });
        }
    }

    /// The receiver refused this group on its own.
    pub(crate) fn refused(&mut self, group: u32) {
        if let Some(group) = self.groups.get_mut(group as usize) {
            group.refusals = group.refusals.saturating_add(1);
        }
    }

    /// Name and value of each attribute of each series.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.groups.iter().flat_map(|group| group.attributes.iter());
        all.map(|(name, value)| (&**name, &**value))
    }

    /// Where a series belongs.
    fn group(&mut self, id: SeriesId, first: i64) -> Place {
        if let Some(at) = self.by_series.get(&id) {
            return at.map_or(Place::LeftOut, Place::Group);
        }
        let Some(series) = self.interner.resolve(id) else {
            return Place::Unknown;
        };
        let at = self.stream(series.metric).map(|stream| {
            let attributes = self.attributer.of(&series.tags);
            self.group_of(stream, attributes, first)
        });
        self.by_series.insert(id, at);
        at.map_or(Place::LeftOut, Place::Group)
    }

    fn group_of(&mut self, stream: u32, attributes: Attributes, first: i64) -> u32 {
        let next = self.groups.len() as u32;
        let at = *self
            .by_attributes
            .entry((stream, Arc::clone(&attributes)))
            .or_insert(next);
        if at == next {
            self.groups.push(Group {
                attributes,
                value: Merged::Nothing,
                histogram: None,
                first,
                points: 0,
                known: None,
                refusals: 0,
            });
            self.streams[stream as usize].groups.push(at);
        }
        at
    }

    fn stream(&mut self, id: MetricId) -> Option<u32> {
        if let Some(at) = self.by_metric.get(&id) {
            return *at;
        }
        if id.0 as usize >= self.registry.len() {
            return None;
        }
        let metric = self.registry.metric(id);
        let metrics: &Choice = &self.shape.metrics;
        let at = metrics.takes(&metric.name).then(|| {
            let Shape {
                prefix,
                temporality,
                histogram,
                ..
            } = &self.shape;
            let stream = Stream::of(&metric, prefix, *temporality, *histogram);
            push(&mut self.streams, stream)
        });
        self.by_metric.insert(id, at);
        at
    }

    fn own_stream(&mut self, name: &Arc<str>, help: &str, data: Data) -> u32 {
        if let Some(at) = self.by_own_name.get(name) {
            return *at;
        }
        let stream = Stream::own(name, help, data, self.shape.temporality);
        let at = push(&mut self.streams, stream);
        self.by_own_name.insert(Arc::clone(name), at);
        at
    }
}

fn push(streams: &mut Vec<Streamed>, stream: Stream) -> u32 {
    streams.push(Streamed {
        stream: Arc::new(stream),
        groups: Vec::new(),
    });
    streams.len() as u32 - 1
}

/// Why a group is not sent; how many points of the snapshot it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The receiver has it.
    Unchanged(u64),
    /// The receiver has refused it again and again.
    Refused(u64),
    /// There is no way to express it.
    Inexpressible(u64),
}
