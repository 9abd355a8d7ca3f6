use std::sync::Mutex;

use brunt_aggregate::{SeriesPoint, SeriesValue};
use brunt_output::Spool;
use brunt_output::edge::edge;
use brunt_output::kit::Fixture;
use tokio::sync::Semaphore;

use super::*;

/// Consumes one snapshot for each permit, and remembers their times.
#[derive(Clone)]
struct Receiver {
    open: Arc<Semaphore>,
    seen: Arc<Mutex<Vec<i64>>>,
    account: Account,
    finished: bool,
}

impl Receiver {
    fn new(open: usize, context: &OutputContext) -> Self {
        Self {
            open: Arc::new(Semaphore::new(open)),
            seen: Arc::default(),
            account: context.account.clone(),
            finished: false,
        }
    }

    fn seen(&self) -> Vec<i64> {
        self.seen.lock().unwrap().clone()
    }
}

impl Consumer for Receiver {
    async fn consume(&mut self, snapshot: &Arc<Snapshot>) {
        let Ok(permit) = self.open.acquire().await else {
            return;
        };
        permit.forget();
        self.seen.lock().unwrap().push(snapshot.time);
        self.account.delivered(snapshot.series.len() as u64);
    }

    async fn finish(&mut self) {
        self.finished = true;
    }
}

fn snapshot(fixture: &Fixture, number: i64) -> Item {
    let point = |name: &str| SeriesPoint {
        id: fixture.series(name, &[]),
        first: 0,
        newest: number,
        value: SeriesValue::Counter(number as f64),
    };
    Item::Snapshot(Arc::new(Snapshot {
        time: number,
        last: false,
        series: vec![point("http_reqs"), point("iterations")],
        own: Vec::new(),
    }))
}

fn origin() -> Origin {
    Origin {
        output: "mimir".to_owned(),
        target: "http://localhost:9009".to_owned(),
        ..Origin::default()
    }
}

/// The law of the books, and how many points are in the spool.
fn spooled(context: &OutputContext) -> u64 {
    let counts = context.account.counts();
    assert_eq!(counts.on_the_way(), 0, "{counts:?}");
    assert_eq!(
        counts.accepted,
        counts.delivered + counts.dropped + counts.spooled,
        "{counts:?}"
    );
    counts.spooled
}

fn fixture(folder: &Path) -> Fixture {
    Fixture::new().with_spool(Spool {
        folder: Some(folder.to_owned()),
        ..Spool::off()
    })
}

#[tokio::test(start_paused = true)]
async fn nothing_touches_the_disk_while_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("spools");
    let fixture = fixture(&base);
    let context = fixture.context();
    let (sender, inbox) = edge(1 << 20, context.account.clone());
    let mut receiver = Receiver::new(100, context);
    (1..=3).for_each(|number| sender.push(snapshot(&fixture, number)));
    sender.close();
    let left = consume(inbox, context, origin(), &mut receiver).await;
    assert_eq!((left, receiver.seen()), (Left::default(), vec![1, 2, 3]));
    assert!(receiver.finished && !base.exists());
    assert_eq!(spooled(context), 0);
}

#[tokio::test(start_paused = true)]
async fn an_outage_goes_to_disk_and_comes_back_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("spools");
    let fixture = fixture(&base);
    let context = fixture.context().clone();
    // Room for three snapshots: without a spool the outage would cost the oldest.
    let (sender, inbox) = edge(600, context.account.clone());
    let receiver = Receiver::new(1, &context);
    let mut consumer = receiver.clone();
    let run = tokio::spawn({
        let context = context.clone();
        async move { consume(inbox, &context, origin(), &mut consumer).await }
    });
    for number in 1..=20 {
        sender.push(snapshot(&fixture, number));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(receiver.seen(), [1]);
    let counts = context.account.counts();
    assert!(counts.spooled >= 30 && counts.dropped == 0, "{counts:?}");
    assert_eq!(std::fs::read_dir(&base).unwrap().count(), 1);
    receiver.open.add_permits(100);
    sender.push(snapshot(&fixture, 21));
    sender.close();
    let left = run.await.unwrap();
    assert_eq!(left, Left::default());
    assert_eq!(receiver.seen(), (1..=21).collect::<Vec<_>>());
    assert_eq!(spooled(&context), 0);
    assert_eq!(std::fs::read_dir(&base).unwrap().count(), 0, "removed");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_when_time_is_up_is_delivered_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = fixture(folder.path());
    first = first.with_drain_timeout(Duration::from_secs(1));
    let context = first.context();
    let (sender, inbox) = edge(1 << 20, context.account.clone());
    let mut receiver = Receiver::new(2, context);
    (1..=5).for_each(|number| sender.push(snapshot(&first, number)));
    sender.close();
    let left = consume(inbox, context, origin(), &mut receiver).await;
    assert_eq!((receiver.seen(), spooled(context)), (vec![1, 2], 6));
    assert!(!receiver.finished, "no end was sent");
    let spool = left.spool.unwrap();
    let command = format!(
        "brunt send {} --out mimir=http://localhost:9009",
        spool.display()
    );
    assert!(left.notes[0].contains(&command), "{:?}", left.notes);

    let second = Fixture::new().with_spool(Spool {
        resume: Some(spool.clone()),
        ..Spool::off()
    });
    let context = second.context();
    let (sender, inbox) = edge(1 << 20, context.account.clone());
    sender.close();
    let mut receiver = Receiver::new(100, context);
    let left = consume(inbox, context, origin(), &mut receiver).await;
    assert_eq!((left, receiver.seen()), (Left::default(), vec![3, 4, 5]));
    assert!(receiver.finished && !spool.exists());
    assert_eq!(
        (spooled(context), context.account.counts().delivered),
        (0, 6)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_spool_the_rest_is_dropped_and_counted() {
    let fixture = Fixture::new().with_drain_timeout(Duration::from_secs(1));
    let context = fixture.context();
    let (sender, inbox) = edge(1 << 20, context.account.clone());
    let mut receiver = Receiver::new(1, context);
    (1..=3).for_each(|number| sender.push(snapshot(&fixture, number)));
    sender.close();
    let left = consume(inbox, context, origin(), &mut receiver).await;
    assert_eq!(left, Left::default());
    context.account.close();
    assert_eq!(spooled(context), 0);
    assert_eq!(context.account.counts().dropped, 4);
}

#[tokio::test(start_paused = true)]
async fn a_spool_that_cannot_be_made_is_told_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let fixture = fixture(&file).with_drain_timeout(Duration::from_secs(30));
    let context = fixture.context();
    let (sender, inbox) = edge(600, context.account.clone());
    let receiver = Receiver::new(0, context);
    let mut consumer = receiver.clone();
    (1..=3).for_each(|number| sender.push(snapshot(&fixture, number)));
    sender.close();
    let open = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        receiver.open.add_permits(100);
    };
    let (left, ()) = tokio::join!(consume(inbox, context, origin(), &mut consumer), open);
    assert!(left.notes[0].contains("cannot use the spool"), "{left:?}");
    context.account.close();
    assert_eq!(spooled(context), 0);
    assert!(receiver.seen().contains(&1));
}
