//! Delivery in paused time: waits take none, and their lengths are exact.

use std::sync::Arc;

use brunt_output::Change;

use super::*;

type Log = Arc<Mutex<Vec<(Vec<u8>, Duration)>>>;
type Answer = Box<dyn FnMut(usize, &[u8]) -> Verdict + Send>;

/// Answers by a script and notes what came when. A load's bytes are its points.
struct Scripted {
    answer: Mutex<Answer>,
    start: Instant,
    log: Log,
    /// Loads shorter than this are parts of one point.
    parts: bool,
    suspects: Vec<u8>,
}

impl Transport for Scripted {
    type Load = Vec<u8>;

    async fn send(&self, load: &Vec<u8>) -> Sent {
        let number = {
            let mut log = self.log.lock().unwrap();
            log.push((load.clone(), self.start.elapsed()));
            log.len() - 1
        };
        // A round trip takes time, so that a deadline can fall into it.
        sleep(Duration::from_millis(1)).await;
        let verdict = (self.answer.lock().unwrap())(number, load);
        let bytes = load.len() as u64;
        Sent { bytes, verdict }
    }

    fn points(&self, load: &Vec<u8>) -> u64 {
        if self.parts { 7 } else { load.len() as u64 }
    }

    fn split(&self, mut load: Vec<u8>) -> Split<Vec<u8>> {
        if load.len() < 2 {
            return Split::Whole(load);
        }
        let second = load.split_off(load.len() / 2);
        if self.parts {
            Split::Within(load, second)
        } else {
            Split::Apart(load, second)
        }
    }

    fn suspect(&self, load: &Vec<u8>) -> bool {
        load.iter().any(|byte| self.suspects.contains(byte))
    }
}

fn retry(after: Option<u64>) -> Verdict {
    Verdict::Retry {
        after: after.map(Duration::from_secs),
        reason: "busy".to_owned(),
        fault: None,
    }
}

fn fault() -> Verdict {
    Verdict::Retry {
        after: None,
        reason: "500 oops".to_owned(),
        fault: Some(500),
    }
}

fn reject(split: bool) -> Verdict {
    Verdict::Reject {
        reason: "bad point".to_owned(),
        split,
    }
}

struct Bench {
    deliverer: Deliverer<Scripted>,
    account: Account,
    log: Log,
    told: Arc<Mutex<Vec<String>>>,
}

fn bench(answer: impl FnMut(usize, &[u8]) -> Verdict + Send + 'static) -> Bench {
    let log = Log::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let transport = Scripted {
        answer: Mutex::new(Box::new(answer)),
        start: Instant::now(),
        log: Arc::clone(&log),
        parts: false,
        suspects: Vec::new(),
    };
    let account = Account::new({
        let told = Arc::clone(&told);
        move |change: Change<'_>| told.lock().unwrap().push(format!("{change:?}"))
    });
    let deliverer = Deliverer::new(transport, account.clone())
        .waiting(|| Backoff::new(Backoff::BASE, Backoff::CAP, || 1.0));
    Bench {
        deliverer,
        account,
        log,
        told,
    }
}

impl Bench {
    async fn deliver(&self, loads: &[&[u8]]) -> Outcome<Vec<u8>> {
        let loads: Vec<Vec<u8>> = loads.iter().map(|load| load.to_vec()).collect();
        let points: u64 = loads
            .iter()
            .map(|load| self.deliverer.transport.points(load))
            .sum();
        self.account.accepted(points, 0);
        let outcome = self.deliverer.deliver(loads).await;
        let counts = self.account.counts();
        assert_eq!(
            (outcome.delivered, outcome.rejected),
            (counts.delivered, counts.rejected)
        );
        assert_eq!(counts.on_the_way(), 0, "the books close");
        outcome
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        let log = self.log.lock().unwrap();
        log.iter().map(|(body, _)| body.clone()).collect()
    }

    fn times(&self) -> Vec<u128> {
        let log = self.log.lock().unwrap();
        log.iter().map(|(_, at)| at.as_millis()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_loads_go_in_order() {
    let bench = bench(|_, _| Verdict::Delivered);
    let outcome = bench.deliver(&[b"a", b"b", b"c"]).await;
    assert_eq!(bench.bodies(), [b"a", b"b", b"c"]);
    assert_eq!((outcome.delivered, bench.deliverer.attempts()), (3, 3));
    assert_eq!(bench.account.counts().bytes, 3);
}

#[tokio::test(start_paused = true)]
async fn several_are_under_way_at_a_time_and_no_more() {
    let mut bench = bench(|_, _| Verdict::Delivered);
    bench.deliverer = bench.deliverer.concurrent(2);
    let loads: Vec<[u8; 1]> = (0..6).map(|byte| [byte]).collect();
    let loads: Vec<&[u8]> = loads.iter().map(<[u8; 1]>::as_slice).collect();
    assert_eq!(bench.deliver(&loads).await.delivered, 6);
    // Each takes a millisecond.
    assert_eq!(bench.times(), [0, 0, 1, 1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_must_go_again_waits_longer_each_time() {
    let bench = bench(|number, _| match number {
        0..3 => retry(None),
        _ => Verdict::Delivered,
    });
    assert_eq!(bench.deliver(&[b"a", b"b"]).await.delivered, 2);
    assert_eq!(bench.bodies(), [b"a", b"a", b"a", b"a", b"b"]);
    assert_eq!(
        bench.times()[..4],
        [0, 61, 182, 423],
        "60, 120 and 240 ms after each answer"
    );
    assert_eq!(bench.account.counts().retries, 3);
    assert_eq!(bench.deliverer.last_trouble().as_deref(), Some("busy"));
}

#[tokio::test(start_paused = true)]
async fn the_receiver_s_wish_is_honoured_by_all_loads_up_to_a_bound() {
    let mut one = bench(|number, _| match number {
        0 => retry(Some(7)),
        1 => retry(Some(u64::MAX)),
        _ => Verdict::Delivered,
    });
    one.deliver(&[b"a"]).await;
    assert_eq!(one.times(), [0, 7_061, 7_061 + 300_000 + 121]);
    one = bench(|_, body| match body {
        b"a" => retry(Some(7)),
        _ => Verdict::Delivered,
    });
    one.deliverer = one.deliverer.concurrent(2);
    let _ = tokio::time::timeout(
        Duration::from_secs(20),
        one.deliverer
            .deliver([b"a".to_vec(), b"b".to_vec(), b"c".to_vec()]),
    )
    .await;
    let at = one.bodies().iter().position(|body| body == b"c").unwrap();
    assert!(one.times()[at] >= 7_000, "{:?}", one.times());
}

#[tokio::test(start_paused = true)]
async fn a_refused_load_is_not_sent_again() {
    let bench = bench(|_, body| match body {
        b"bad" => reject(false),
        _ => Verdict::Delivered,
    });
    let outcome = bench.deliver(&[b"bad", b"good"]).await;
    assert_eq!(bench.bodies().len(), 2);
    assert_eq!((outcome.delivered, outcome.rejected), (4, 3));
    assert_eq!(outcome.refused, [b"bad"]);
    let reason = bench.account.counts().first_rejection;
    assert_eq!(reason.as_deref(), Some("bad point"));
}

#[tokio::test(start_paused = true)]
async fn one_bad_point_does_not_take_the_others_with_it() {
    let body: Vec<u8> = (0..200).collect();
    let bench = bench(|_, body| {
        if body.contains(&77) {
            reject(true)
        } else {
            Verdict::Delivered
        }
    });
    let outcome = bench.deliver(&[&body]).await;
    assert_eq!((outcome.delivered, outcome.rejected), (199, 1));
    assert_eq!(outcome.refused, [[77]]);
    let taken = bench
        .bodies()
        .into_iter()
        .filter(|body| !body.contains(&77));
    let expected: Vec<u8> = body.into_iter().filter(|byte| *byte != 77).collect();
    assert_eq!(taken.flatten().collect::<Vec<_>>(), expected, "in order");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_bad_all_over_costs_a_bounded_number_of_requests() {
    let bench = bench(|_, _| reject(true));
    let outcome = bench.deliver(&[&[0; 10_000]]).await;
    assert_eq!((outcome.delivered, outcome.rejected), (0, 10_000));
    assert!(bench.bodies().len() <= Deliverer::<Scripted>::MOST_PIECES + 1);
}

#[tokio::test(start_paused = true)]
async fn a_point_is_rejected_when_any_part_of_it_is() {
    for (bad, expected) in [(Some(2), (0, 7)), (None, (7, 0))] {
        let mut bench = bench(move |number, body| {
            let refused = number == 0 || bad.is_some_and(|bad| body.contains(&bad));
            if refused {
                reject(true)
            } else {
                Verdict::Delivered
            }
        });
        bench.deliverer.transport.parts = true;
        let outcome = bench.deliver(&[&[0, 1, 2, 3, 4]]).await;
        assert_eq!((outcome.delivered, outcome.rejected), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_of_a_load_that_was_taken_is_rejected() {
    let bench = bench(|_, _| Verdict::Partly {
        rejected: 2,
        reason: "too old".to_owned(),
    });
    let outcome = bench.deliver(&[b"abcde", b"f"]).await;
    assert_eq!(
        (outcome.delivered, outcome.rejected),
        (3, 3),
        "not more than there are"
    );
}

#[tokio::test(start_paused = true)]
async fn another_way_to_send_is_tried_at_once_and_not_for_ever() {
    let switching = bench(|number, _| match number {
        0 => Verdict::Again,
        _ => Verdict::Delivered,
    });
    assert_eq!(switching.deliver(&[b"a"]).await.delivered, 1);
    assert_eq!(switching.times(), [0, 1]);
    assert_eq!(switching.account.counts().retries, 0, "nothing failed");
    let undecided = bench(|_, _| Verdict::Again);
    assert_eq!(undecided.deliver(&[b"a"]).await.rejected, 1);
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_series_behind_a_server_error_is_found_and_the_rest_arrives() {
    let body: Vec<u8> = (0..200).collect();
    let bench = bench(|_, body| {
        if body.contains(&77) || body.contains(&78) {
            fault()
        } else {
            Verdict::Delivered
        }
    });
    let outcome = bench.deliver(&[&body]).await;
    assert_eq!((outcome.delivered, outcome.rejected), (198, 2));
    assert!(bench.bodies().len() < 100, "{}", bench.bodies().len());
    let took = bench.times().last().copied();
    assert!(took < Some(30_000), "{took:?}");
    let reason = bench.account.counts().first_rejection;
    assert_eq!(reason.as_deref(), Some("500 oops"));
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_load_is_given_up_while_others_pass() {
    let mut bench = bench(|_, body| match body {
        b"p" => fault(),
        _ => Verdict::Delivered,
    });
    bench.deliverer = bench.deliverer.concurrent(2);
    let outcome = bench.deliver(&[b"p", b"a", b"b", b"c"]).await;
    assert_eq!((outcome.delivered, outcome.rejected), (3, 1));
    let sent = bench.bodies().iter().filter(|body| **body == b"p").count();
    assert!((5..=7).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_with_server_errors_rejects_nothing_however_long() {
    let start = Instant::now();
    let well = move || start.elapsed() > Duration::from_mins(5);
    let mut bench = bench(move |_, _| if well() { Verdict::Delivered } else { fault() });
    bench.deliverer = bench.deliverer.concurrent(2);
    let body: Vec<u8> = (0..200).collect();
    let outcome = bench.deliver(&[&body[..100], &body[100..]]).await;
    assert_eq!((outcome.delivered, outcome.rejected), (200, 0));
    // Five seconds at most between two attempts of each.
    assert!(bench.bodies().len() < 2 * 300, "{}", bench.bodies().len());
    assert_eq!(
        *bench.told.lock().unwrap(),
        ["Failing(\"500 oops\")", "Back"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_before_does_not_hold_up_the_end() {
    let mut bench = bench(|_, body| match body {
        b"p" => fault(),
        _ => Verdict::Delivered,
    });
    bench.deliverer.transport.suspects = vec![b'p'];
    let outcome = bench.deliver(&[b"a", b"p"]).await;
    assert_eq!((outcome.delivered, outcome.rejected), (1, 1));
    assert_eq!(bench.bodies().len(), 1 + 5);
    assert!(bench.told.lock().unwrap().is_empty(), "no outage");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_dropped_leaves_what_it_settled_in_the_books() {
    let bench = bench(|_, body| match body {
        b"a" => Verdict::Delivered,
        _ => retry(Some(300)),
    });
    bench.account.accepted(2, 0);
    let loads = [b"a".to_vec(), b"b".to_vec()];
    let limit = Duration::from_secs(10);
    assert!(
        tokio::time::timeout(limit, bench.deliverer.deliver(loads))
            .await
            .is_err()
    );
    bench.account.close();
    let counts = bench.account.counts();
    assert_eq!((counts.delivered, counts.dropped), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_from_the_second_failure_in_a_row_until_the_receiver_answers() {
    // One hiccup, then an outage of three, then a refusal, which is an answer too.
    let bench = bench(|number, _| match number {
        0 | 2..=4 => retry(None),
        5 => reject(false),
        _ => Verdict::Delivered,
    });
    bench.deliver(&[b"a", b"b"]).await;
    assert_eq!(*bench.told.lock().unwrap(), ["Failing(\"busy\")", "Back"]);
}
