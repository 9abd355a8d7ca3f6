//! Delivery in paused time: waits take none, and their lengths are exact.

use std::sync::Mutex;

use tokio::time::Instant;

use super::*;
use crate::delivery;

type Log = Arc<Mutex<Vec<(Vec<u8>, Duration)>>>;

/// Answers by a script and notes what came when.
struct Scripted<F> {
    answer: F,
    start: Instant,
    log: Log,
}

impl<F: FnMut(usize, &[u8]) -> Verdict + Send> Transport for Scripted<F> {
    async fn send(&mut self, body: &[u8]) -> Verdict {
        let number = {
            let mut log = self.log.lock().unwrap();
            log.push((body.to_vec(), self.start.elapsed()));
            log.len() - 1
        };
        // A round trip takes time, so that a deadline can fall into it.
        tokio::time::sleep(Duration::from_millis(1)).await;
        (self.answer)(number, body)
    }

    fn split(&self, parcel: &Parcel) -> Option<(Parcel, Parcel)> {
        if parcel.body.len() < 2 {
            return None;
        }
        let (first, second) = parcel.body.split_at(parcel.body.len() / 2);
        let piece = |body: &[u8]| Parcel {
            body: body.to_vec(),
            points: body.len() as u64,
            generation: parcel.generation,
        };
        Some((piece(first), piece(second)))
    }
}

fn parcel(body: &[u8], generation: u64) -> Parcel {
    Parcel {
        body: body.to_vec(),
        points: body.len() as u64,
        generation,
    }
}

fn retry(after: Option<u64>) -> Verdict {
    Verdict::Retry {
        after: after.map(Duration::from_secs),
        reason: "busy".to_owned(),
    }
}

fn reject(split: bool) -> Verdict {
    Verdict::Reject {
        reason: "bad point".to_owned(),
        split,
    }
}

fn start<F: FnMut(usize, &[u8]) -> Verdict + Send>(
    capacity: usize,
    answer: F,
) -> (Queue, Deliverer<Scripted<F>>, Log) {
    let log = Log::default();
    let transport = Scripted {
        answer,
        start: Instant::now(),
        log: Arc::clone(&log),
    };
    let backoff = Backoff::new(Backoff::BASE, Backoff::CAP, || 1.0);
    let (queue, deliverer) = delivery(transport, backoff, capacity);
    (queue, deliverer, log)
}

fn bodies(log: &Log) -> Vec<Vec<u8>> {
    log.lock()
        .unwrap()
        .iter()
        .map(|(body, _)| body.clone())
        .collect()
}

fn times(log: &Log) -> Vec<u128> {
    log.lock()
        .unwrap()
        .iter()
        .map(|(_, at)| at.as_millis())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn parcels_arrive_in_order() {
    let (queue, deliverer, log) = start(1 << 20, |_, _| Verdict::Delivered);
    for byte in 0..5_u8 {
        queue.push(parcel(&[byte], u64::from(byte))).await;
    }
    queue.finish();
    let stats = deliverer.run().await;
    assert_eq!(bodies(&log), [[0], [1], [2], [3], [4]]);
    assert_eq!(
        (
            stats.delivered,
            stats.attempts,
            stats.retries,
            stats.dropped
        ),
        (5, 5, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_retried_parcel_holds_up_the_next_one() {
    let (queue, deliverer, log) = start(1 << 20, |number, _| {
        if number < 3 {
            retry(None)
        } else {
            Verdict::Delivered
        }
    });
    queue.push(parcel(b"a", 0)).await;
    queue.push(parcel(b"b", 1)).await;
    queue.finish();
    let stats = deliverer.run().await;
    assert_eq!(bodies(&log), [b"a", b"a", b"a", b"a", b"b"]);
    assert_eq!(
        times(&log)[..4],
        [0, 61, 182, 423],
        "60, 120 and 240 ms after each answer"
    );
    assert_eq!((stats.delivered, stats.attempts, stats.retries), (2, 5, 3));
    assert_eq!(stats.last_error.as_deref(), Some("busy"));
}

#[tokio::test(start_paused = true)]
async fn the_receiver_s_wish_is_honoured_up_to_a_bound() {
    let (queue, deliverer, log) = start(1 << 20, |number, _| match number {
        0 => retry(Some(7)),
        1 => retry(Some(u64::MAX)),
        _ => Verdict::Delivered,
    });
    queue.push(parcel(b"a", 0)).await;
    queue.finish();
    deliverer.run().await;
    assert_eq!(times(&log), [0, 7_061, 7_061 + 300_000 + 121]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_parcel_is_not_sent_again() {
    let (queue, deliverer, log) = start(1 << 20, |_, body| {
        if body == b"bad" {
            reject(false)
        } else {
            Verdict::Delivered
        }
    });
    queue.push(parcel(b"bad", 0)).await;
    queue.push(parcel(b"good", 0)).await;
    queue.finish();
    let stats = deliverer.run().await;
    assert_eq!(bodies(&log).len(), 2);
    assert_eq!((stats.delivered, stats.rejected), (4, 3));
    assert_eq!(stats.first_rejection.as_deref(), Some("bad point"));
}

#[tokio::test(start_paused = true)]
async fn one_bad_point_does_not_take_the_others_with_it() {
    let body: Vec<u8> = (0..200).collect();
    let (queue, deliverer, log) = start(1 << 20, |_, body| {
        if body.contains(&77) {
            reject(true)
        } else {
            Verdict::Delivered
        }
    });
    queue.push(parcel(&body, 0)).await;
    queue.finish();
    let stats = deliverer.run().await;
    assert_eq!(
        (stats.delivered, stats.rejected, stats.dropped),
        (199, 1, 0)
    );
    let taken: Vec<u8> = bodies(&log)
        .into_iter()
        .filter(|body| !body.contains(&77))
        .flatten()
        .collect();
    let expected: Vec<u8> = body.into_iter().filter(|byte| *byte != 77).collect();
    assert_eq!(taken, expected, "in order");
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_is_bad_all_over_costs_a_bounded_number_of_requests() {
    let (queue, deliverer, log) = start(1 << 20, |_, _| reject(true));
    queue.push(parcel(&[0; 10_000], 0)).await;
    queue.finish();
    let stats = deliverer.run().await;
    assert_eq!((stats.delivered, stats.rejected), (0, 10_000));
    assert!(
        bodies(&log).len() <= Deliverer::<Scripted<fn(usize, &[u8]) -> Verdict>>::MOST_PIECES + 1
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_gives_up_earlier_generations_and_counts_them() {
    let one = parcel(&[0; 100], 0);
    let room_for_two = 2 * (100 + size_of::<Parcel>());
    let (queue, deliverer, log) = start(room_for_two, |_, _| Verdict::Delivered);
    for generation in 0..5 {
        queue
            .push(Parcel {
                body: vec![generation as u8; 100],
                generation,
                ..one.clone()
            })
            .await;
    }
    queue.finish();
    let stats = deliverer.run().await;
    assert_eq!(bodies(&log), [[3; 100], [4; 100]]);
    assert_eq!((stats.delivered, stats.dropped), (200, 300));
}

#[tokio::test(start_paused = true)]
async fn a_generation_larger_than_the_queue_waits_for_room_instead() {
    let (queue, deliverer, log) = start(150, |_, _| Verdict::Delivered);
    let push = async {
        for byte in 0..10 {
            queue.push(parcel(&[byte; 100], 0)).await;
        }
        queue.finish();
    };
    let ((), stats) = tokio::join!(push, deliverer.run());
    assert_eq!(bodies(&log).len(), 10);
    assert_eq!((stats.delivered, stats.dropped), (1_000, 0));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_hopeless_drain_and_counts_everything() {
    let (queue, deliverer, _log) = start(150, |_, _| retry(None));
    let begin = Instant::now();
    queue.expire_at(begin + Duration::from_secs(10));
    let push = async {
        for _ in 0..10 {
            queue.push(parcel(&[0; 100], 0)).await;
        }
        queue.finish();
    };
    let ((), stats) = tokio::join!(push, deliverer.run());
    assert_eq!(begin.elapsed().as_secs(), 10);
    // What was pushed after the deliverer's end is in the queue's own count.
    assert_eq!((stats.delivered, queue.stats().dropped), (0, 1_000));
    assert!(stats.retries > 0);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_set_later_interrupts_a_long_wait() {
    let (queue, deliverer, _log) = start(1 << 20, |_, _| retry(Some(300)));
    queue.push(parcel(b"a", 0)).await;
    let begin = Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        queue.expire_at(Instant::now() + Duration::from_secs(2));
    };
    let ((), stats) = tokio::join!(stop, deliverer.run());
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert_eq!(stats.dropped, 1);
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_goes_away_lets_the_deliverer_end() {
    let (queue, deliverer, _log) = start(1 << 20, |_, _| Verdict::Delivered);
    queue.push(parcel(b"a", 0)).await;
    drop(queue);
    assert_eq!(deliverer.run().await.delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_from_the_second_failure_in_a_row_until_the_receiver_answers() {
    // One hiccup, then an outage of three, then a refusal, which is an answer too.
    let (queue, deliverer, _) = start(1 << 20, |number, _| match number {
        0 | 2..=4 => retry(None),
        5 => reject(false),
        _ => Verdict::Delivered,
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let deliverer = deliverer.telling({
        let told = Arc::clone(&told);
        move |outage| told.lock().unwrap().push(outage.map(str::to_owned))
    });
    queue.push(parcel(b"a", 0)).await;
    queue.push(parcel(b"b", 1)).await;
    queue.finish();
    deliverer.run().await;
    let busy = || Some("busy".to_owned());
    assert_eq!(*told.lock().unwrap(), [None, busy(), busy(), None]);
}
