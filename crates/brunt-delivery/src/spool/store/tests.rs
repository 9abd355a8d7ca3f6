use brunt_aggregate::{SeriesPoint, SeriesValue};
use brunt_output::kit::Fixture;

use super::*;

fn origin() -> Origin {
    Origin {
        output: "mimir".to_owned(),
        target: "http://localhost:9009".to_owned(),
        instance: "host-1".to_owned(),
        version: "0".to_owned(),
        ..Origin::default()
    }
}

/// A snapshot of two series; `number` is its time and its value.
fn snapshot(fixture: &Fixture, number: i64) -> Snapshot {
    let point = |name: &str, value: f64| SeriesPoint {
        id: fixture.series(name, &[]),
        first: 0,
        newest: number,
        value: SeriesValue::Counter(value),
    };
    Snapshot {
        time: number,
        last: false,
        series: vec![
            point("http_reqs", number as f64),
            point("iterations", 2.0 * number as f64),
        ],
        own: Vec::new(),
    }
}

/// A store with the context of its snapshots.
struct Lab {
    fixture: Fixture,
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        Self {
            fixture: Fixture::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    fn store(&self, limit: u64) -> Store {
        Store::create(&self.path(), &origin(), limit).unwrap()
    }

    fn append(&self, store: &mut Store, number: i64) {
        let context = self.fixture.context();
        store
            .append(
                &snapshot(&self.fixture, number),
                &context.registry,
                &context.interner,
            )
            .unwrap();
    }

    /// The time of the oldest snapshot, checked against its values.
    fn take(&self, store: &mut Store) -> Option<i64> {
        let context = self.fixture.context();
        let taken = store.take(&context.registry, &context.interner).unwrap()?;
        assert_eq!(taken.series.len(), 2);
        for point in &taken.series {
            let SeriesValue::Counter(value) = point.value else {
                panic!("{point:?}")
            };
            assert!(value == taken.time as f64 || value == 2.0 * taken.time as f64);
        }
        Some(taken.time)
    }
}

#[test]
fn snapshots_come_out_in_order_while_others_come_in() {
    let lab = Lab::new();
    let mut store = lab.store(1 << 30);
    assert_eq!(lab.take(&mut store), None);
    lab.append(&mut store, 1);
    lab.append(&mut store, 2);
    assert_eq!(store.points(), 4);
    assert_eq!(lab.take(&mut store), Some(1));
    lab.append(&mut store, 3);
    store.delivered().unwrap();
    assert_eq!(lab.take(&mut store), Some(2));
    store.delivered().unwrap();
    assert_eq!(lab.take(&mut store), Some(3));
    assert!(store.is_empty());
    store.delivered().unwrap();
    assert_eq!(lab.take(&mut store), None);
    lab.append(&mut store, 4);
    assert_eq!(lab.take(&mut store), Some(4), "a store that was empty");
    store.remove().unwrap();
    assert!(!lab.path().exists());
}

#[test]
fn what_was_delivered_last_can_be_read_until_the_next_one_was() {
    let lab = Lab::new();
    let context = lab.fixture.context();
    let last = |store: &Store| {
        let last = store.last_delivered(&context.registry, &context.interner);
        last.unwrap().map(|snapshot| snapshot.time)
    };
    // Some snapshots to a segment.
    let mut store = lab.store(65_536);
    assert_eq!(last(&store), None);
    let ground = snapshot(&lab.fixture, 100);
    let arrived = store.arrived(&ground, &context.registry, &context.interner);
    arrived.unwrap();
    assert_eq!((last(&store), store.is_empty()), (Some(100), true));
    for number in 101..=700 {
        lab.append(&mut store, number);
    }
    let segments = || numbers(&lab.path()).unwrap().len();
    assert!(segments() > 2);
    for number in 101..=700 {
        assert_eq!(lab.take(&mut store), Some(number));
        assert_eq!(last(&store), Some(number - 1), "in hand is not delivered");
        store.delivered().unwrap();
        assert_eq!(last(&store), Some(number));
        let (reopened, _) = {
            drop(store);
            Store::open(&lab.path(), 65_536).unwrap()
        };
        store = reopened;
        assert_eq!(last(&store), Some(number), "for the next process");
    }
    assert_eq!(lab.take(&mut store), None);
    // Garbled, it is not taken for nothing.
    let newest = store.path(*numbers(&lab.path()).unwrap().last().unwrap());
    let file = fs::OpenOptions::new().write(true).open(&newest).unwrap();
    file.set_len(20).unwrap();
    let last = store.last_delivered(&context.registry, &context.interner);
    assert!(last.is_err());
}

#[test]
fn what_was_not_delivered_is_there_for_the_next_process() {
    let lab = Lab::new();
    let mut store = lab.store(1 << 30);
    for number in 1..=5 {
        lab.append(&mut store, number);
    }
    lab.take(&mut store);
    store.delivered().unwrap();
    lab.take(&mut store);
    // The second one was taken out and never arrived.
    drop(store);
    let (mut store, from) = Store::open(&lab.path(), 1 << 30).unwrap();
    assert_eq!((from, store.points()), (origin(), 8));
    for number in 2..=5 {
        assert_eq!(lab.take(&mut store), Some(number));
        store.delivered().unwrap();
    }
    assert_eq!(lab.take(&mut store), None);
}

#[test]
fn a_full_spool_gives_up_its_oldest_segments_and_says_how_much() {
    let lab = Lab::new();
    // Segments of 512 bytes: a handful of snapshots each.
    let mut store = lab.store(4_096);
    let mut given_up = 0;
    for number in 1..=400 {
        lab.append(&mut store, number);
        given_up += store.given_up();
    }
    let bytes: u64 = fs::read_dir(lab.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes <= 4_096 + 512, "{bytes}");
    assert_eq!(store.points() + given_up, 800);
    let mut left = Vec::new();
    while let Some(number) = lab.take(&mut store) {
        left.push(number);
        store.delivered().unwrap();
    }
    assert_eq!(left.len() as u64 * 2 + given_up, 800);
    let newest: Vec<i64> = (401 - left.len() as i64..=400).collect();
    assert_eq!(left, newest);
}

#[test]
fn a_segment_that_is_being_read_stays() {
    let lab = Lab::new();
    let mut store = lab.store(4_096);
    lab.append(&mut store, 1);
    assert_eq!(lab.take(&mut store), Some(1));
    for number in 2..=400 {
        lab.append(&mut store, number);
    }
    store.delivered().unwrap();
    assert_eq!(lab.take(&mut store), Some(2));
}

#[test]
fn a_torn_end_costs_only_the_torn_snapshot() {
    let lab = Lab::new();
    let mut store = lab.store(1 << 30);
    for number in 1..=3 {
        lab.append(&mut store, number);
    }
    drop(store);
    let path = lab.path().join("00000001.seg");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let (mut store, _) = Store::open(&lab.path(), 1 << 30).unwrap();
    assert_eq!(store.points(), 4);
    for number in 1..=2 {
        assert_eq!(lab.take(&mut store), Some(number));
        store.delivered().unwrap();
    }
    assert_eq!(lab.take(&mut store), None);
}

#[test]
fn a_spool_in_use_and_a_folder_without_one_are_told_apart() {
    let lab = Lab::new();
    let mut store = lab.store(1 << 30);
    lab.append(&mut store, 1);
    let error = Store::open(&lab.path(), 1 << 30).unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    drop(store);
    Store::open(&lab.path(), 1 << 30).unwrap();
    let error = Store::open(lab.folder.path(), 1 << 30).unwrap_err();
    assert!(matches!(error, StoreError::Empty(_)), "{error}");
    let missing = lab.folder.path().join("missing");
    let error = Store::open(&missing, 1 << 30).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}
