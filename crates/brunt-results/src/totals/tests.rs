use std::time::Duration;

use brunt_aggregate::{Submetric, ThresholdSpec, Values};
use brunt_metrics::{MetaId, Registry, Series, SeriesId};

use super::*;

const SECOND: i64 = 1_000_000_000;

fn tags(pairs: &[(&str, &str)]) -> TagSet {
    pairs.iter().copied().collect()
}

fn sample(series: SeriesId, time: i64, value: f64) -> Sample {
    Sample {
        series,
        meta: MetaId::NONE,
        time,
        value,
    }
}

struct Kit {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
}

impl Kit {
    fn new(most: usize) -> Self {
        Self {
            registry: Arc::new(Registry::new()),
            interner: Arc::new(Interner::new(most)),
        }
    }

    fn series(&self, metric: MetricId, pairs: &[(&str, &str)]) -> SeriesId {
        let set = self.interner.tag_set(&tags(pairs)).unwrap();
        self.interner.series(metric, set).unwrap()
    }

    fn reading(&self, thresholds: &[(&str, &str)]) -> Reading {
        let specs: Vec<(&str, Vec<ThresholdSpec>)> = thresholds
            .iter()
            .map(|(key, expression)| {
                let expression = (*expression).to_owned();
                let spec = ThresholdSpec {
                    expression,
                    ..ThresholdSpec::default()
                };
                (*key, vec![spec])
            })
            .collect();
        let given = specs.iter().map(|(key, specs)| (*key, &specs[..]));
        let thresholds = Thresholds::parse(given, &self.registry).unwrap();
        let submetrics: Vec<Submetric> = thresholds.submetrics().collect();
        let plan = AggregatePlan::new(Arc::clone(&self.registry), submetrics);
        Reading::new(Arc::new(plan), thresholds, Arc::clone(&self.interner))
    }
}

fn total<'a>(report: &'a Report, name: &str) -> &'a brunt_aggregate::Totals {
    let named = |it: &&brunt_aggregate::Totals| it.full_name() == name;
    report.totals.iter().find(named).expect(name)
}

#[test]
fn batches_add_up_to_totals_checks_and_verdicts() {
    let kit = Kit::new(100);
    let ok = kit.series(
        builtin::CHECKS,
        &[("check", "is 200"), ("group", "::a"), ("scenario", "buy")],
    );
    let reqs = kit.series(builtin::HTTP_REQS, &[("scenario", "buy")]);
    let other = kit.series(builtin::HTTP_REQS, &[("scenario", "browse")]);
    let mut reading = kit.reading(&[
        ("http_reqs", "rate>=2"),
        ("http_reqs{scenario:buy}", "count>2"),
        ("checks", "rate>0.4"),
    ]);
    let batch = |samples: Vec<Sample>| SampleBatch {
        samples,
        ..SampleBatch::default()
    };
    reading.add(&batch(vec![
        sample(reqs, 0, 1.0),
        sample(ok, 0, 1.0),
        sample(other, SECOND, 1.0),
    ]));
    reading.add(&batch(vec![
        sample(reqs, 2 * SECOND, 1.0),
        sample(ok, SECOND, 0.0),
        sample(other, SECOND, 1.0),
        sample(other, SECOND, f64::NAN),
        sample(SeriesId(99), SECOND, 1.0),
    ]));
    assert_eq!(reading.rejected(), 2, "no number, and no known series");
    let report = reading.finish();
    assert_eq!(report.duration, Duration::from_secs(2));
    let all = total(&report, "http_reqs");
    assert!(matches!(all.values, Values::Counter { count: 4.0 }));
    assert!(all.thresholds[0].ok, "4 in 2 s");
    let buy = total(&report, "http_reqs{scenario:buy}");
    assert!(matches!(buy.values, Values::Counter { count: 2.0 }));
    assert!(!buy.thresholds[0].ok);
    assert!(total(&report, "checks").thresholds[0].ok);
    let group = &report.root.groups[0];
    assert_eq!((group.path.as_str(), group.checks.len()), ("::a", 1));
    assert_eq!((group.checks[0].passes, group.checks[0].fails), (1, 1));
}

#[test]
fn series_beyond_the_interner_count_like_others() {
    let kit = Kit::new(1);
    let known = kit.series(builtin::HTTP_REQS, &[]);
    let mut reading = kit.reading(&[("http_reqs{a:b}", "count==2")]);
    for _ in 0..2 {
        let row = Series {
            metric: builtin::HTTP_REQS,
            tags: Arc::new(tags(&[("a", "b")])),
        };
        reading.add(&SampleBatch {
            samples: vec![
                sample(known, 0, 1.0),
                sample(SeriesId::overflow(0), 0, 1.0),
                sample(SeriesId::overflow(7), 0, 1.0),
            ],
            overflow: vec![row],
            ..SampleBatch::default()
        });
    }
    assert_eq!(reading.rejected(), 2, "rows that the batches do not have");
    let report = reading.finish();
    let all = total(&report, "http_reqs");
    assert!(matches!(all.values, Values::Counter { count: 4.0 }));
    assert!(total(&report, "http_reqs{a:b}").thresholds[0].ok);
}
