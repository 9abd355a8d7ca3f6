use brunt_metrics::{MetaId, Registry, SeriesId, builtin};
use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000_000;

struct Kit {
    timeline: Timeline,
    series: SeriesId,
}

impl Kit {
    fn new(most: usize) -> Self {
        let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(10)));
        let tags = interner.tag_set(&TagSet::new()).unwrap();
        let series = interner.series(builtin::HTTP_REQS, tags).unwrap();
        let plan = Arc::new(AggregatePlan::new(registry, []));
        Self {
            timeline: Timeline::new(plan, interner, most),
            series,
        }
    }

    fn add(&mut self, times: impl IntoIterator<Item = i64>) {
        let sample = |time| Sample {
            series: self.series,
            meta: MetaId::NONE,
            time,
            value: 1.0,
        };
        self.timeline.add(&SampleBatch {
            samples: times.into_iter().map(sample).collect(),
            ..SampleBatch::default()
        });
    }

    /// Begin and sum of each slot.
    fn sums(&self) -> Vec<(i64, f64)> {
        let root = AggregateId::Root(builtin::HTTP_REQS);
        let sums = self.timeline.of(root).map(|sink| match sink {
            Some(Sink::Counter(sink)) => sink.sum,
            _ => 0.0,
        });
        self.timeline.begins().zip(sums).collect()
    }
}

#[test]
fn slots_are_a_quarter_of_a_second_until_there_are_too_many() {
    let mut kit = Kit::new(4);
    kit.add([10 * SECOND, 10 * SECOND + 1, 10 * SECOND + SECOND / 2]);
    let quarter = SECOND / 4;
    let begin = 10 * SECOND;
    assert_eq!(
        kit.sums(),
        [
            (begin, 2.0),
            (begin + quarter, 0.0),
            (begin + 2 * quarter, 1.0)
        ]
    );
    // Earlier than all before, and too far away for four slots of a quarter.
    kit.add([9 * SECOND]);
    assert_eq!(kit.timeline.width(), SECOND / 2);
    assert_eq!(
        kit.sums().iter().map(|it| it.1).collect::<Vec<_>>(),
        [1.0, 0.0, 2.0, 1.0]
    );
}

#[test]
fn a_time_beyond_all_clocks_makes_slots_wide_and_nothing_else() {
    let mut kit = Kit::new(100);
    kit.add([0, i64::MAX, i64::MIN, 5]);
    let sums = kit.sums();
    assert!(sums.len() <= 100);
    assert_eq!(sums.iter().map(|it| it.1).sum::<f64>(), 4.0);
}

proptest! {
    #[test]
    fn every_sample_is_in_the_slot_of_its_time(
        times in proptest::collection::vec(0_i64..400 * SECOND, 1..60),
        most in 2_usize..40,
    ) {
        let mut kit = Kit::new(most);
        kit.add(times.iter().copied());
        let width = kit.timeline.width();
        let sums = kit.sums();
        prop_assert!(sums.len() <= most);
        for (begin, sum) in sums {
            prop_assert_eq!(begin % width, 0);
            let inside = times.iter().filter(|time| (begin..begin + width).contains(time));
            prop_assert_eq!(inside.count() as f64, sum);
        }
    }
}

#[test]
fn many_metrics_make_slots_wide_and_lose_nothing() {
    const METRICS: u32 = 500;
    let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(1000)));
    let tags = interner.tag_set(&TagSet::new()).unwrap();
    let metrics = (0..METRICS).map(|number| {
        let name = format!("metric_{number}");
        registry
            .register(&name, MetricKind::Counter, ValueType::Default)
            .unwrap()
            .id
    });
    let metrics: Vec<MetricId> = metrics.collect();
    let plan = Arc::new(AggregatePlan::new(registry, []));
    let mut timeline = Timeline::new(plan, Arc::clone(&interner), 1000);
    for second in 0..1000 {
        let sample = |metric: &MetricId| Sample {
            series: interner.series(*metric, tags).unwrap(),
            meta: MetaId::NONE,
            time: second * SECOND,
            value: 1.0,
        };
        timeline.add(&SampleBatch {
            samples: metrics.iter().map(sample).collect(),
            ..SampleBatch::default()
        });
    }
    let slots = timeline.begins().count();
    assert!((20..=40).contains(&slots), "{slots}");
    for metric in metrics {
        let sinks = timeline.of(AggregateId::Root(metric));
        let sum = sinks.map(|sink| match sink {
            Some(Sink::Counter(sink)) => sink.sum,
            _ => 0.0,
        });
        assert_eq!(sum.sum::<f64>(), 1000.0);
    }
}
