//! What becomes of faults: what is sent again, what is not, and what the user is told.

use std::time::Duration;

use brunt_output::kit::{self, Fed, Fixture};
use brunt_output::{Item, Spool};
use brunt_testkit::Otlp;
use brunt_testkit::otlp::{Config, Fault};

use crate::common::*;

fn counting(fixture: &Fixture, values: &[f64]) -> Vec<Item> {
    let last = values.len() - 1;
    let series = |value: f64| vec![item(fixture, "http_reqs", &[("a", "1")], counter(value))];
    values
        .iter()
        .enumerate()
        .map(|(at, value)| snapshot(at as i64 * 10, at == last, series(*value)))
        .collect()
}

async fn with_fault(protocol: &str, keys: &str, fault: &Fault, times: usize) -> (Otlp, Fed) {
    let receiver = Otlp::start().unwrap();
    receiver.inject(fault, times);
    let fixture = Fixture::new();
    let keys = format!(",protocol={protocol}{keys}");
    let items = counting(&fixture, &[1.0, 2.0, 5.0]);
    let fed = run(&receiver, &keys, &items, &fixture).await;
    (receiver, fed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_get_better_is_sent_again() {
    // HTTP: 429, 502, 503, 504; gRPC: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE,
    // DATA_LOSS.
    for (http, grpc) in [
        (429, 1),
        (502, 4),
        (503, 10),
        (504, 11),
        (503, 14),
        (503, 15),
    ] {
        for protocol in PROTOCOLS {
            let (receiver, fed) = with_fault(protocol, "", &Fault::status(http, grpc), 2).await;
            let what = format!("{protocol} {http} {grpc}: {fed:?}");
            assert_eq!((fed.counts.delivered, fed.counts.retries), (3, 2), "{what}");
            assert_eq!(receiver.value("http_reqs", &[]), Some(5.0), "{what}");
            assert_eq!(receiver.requests().len(), 5, "{what}");
            assert!(fed.report.notes[1].contains("2 of 5 requests had to be repeated"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_not_get_better_is_not_sent_again() {
    // 500 is no status that OTLP repeats; neither are UNKNOWN, PERMISSION_DENIED, UNIMPLEMENTED,
    // INTERNAL and UNAUTHENTICATED.
    for (http, grpc) in [(500, 2), (403, 7), (404, 12), (501, 13), (401, 16)] {
        for protocol in PROTOCOLS {
            let (receiver, fed) = with_fault(protocol, "", &Fault::status(http, grpc), 1).await;
            let what = format!("{protocol} {http} {grpc}: {fed:?}");
            assert_eq!(
                (fed.counts.delivered, fed.counts.rejected),
                (2, 1),
                "{what}"
            );
            assert_eq!(fed.counts.retries, 0, "{what}");
            assert_eq!(receiver.requests().len(), 3, "{what}");
            // Values are cumulative, so that the totals are right all the same.
            assert_eq!(receiver.value("http_reqs", &[]), Some(5.0), "{what}");
            let note = &fed.report.notes[1];
            assert!(
                note.contains("refused 1 points") && note.contains("injected"),
                "{note}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_delta_is_in_the_next_one() {
    for protocol in PROTOCOLS {
        let fault = Fault::status(403, 7);
        let (receiver, fed) = with_fault(protocol, ",temporality=delta", &fault, 1).await;
        assert_eq!((fed.counts.delivered, fed.counts.rejected), (2, 1));
        assert_eq!(receiver.value("http_reqs", &[]), Some(5.0), "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_says_when_to_come_back() {
    // RESOURCE_EXHAUSTED is repeated only with a wait.
    for protocol in PROTOCOLS {
        let fault = Fault::retry_after(503, 8, 1);
        let (receiver, fed) = with_fault(protocol, "", &fault, 1).await;
        assert_eq!(
            (fed.counts.delivered, fed.counts.retries),
            (3, 1),
            "{fed:?}"
        );
        let requests = receiver.requests();
        let waited = requests[1].arrived - requests[0].arrived;
        assert!(waited >= Duration::from_secs(1), "{protocol}: {waited:?}");
    }
    let (_, fed) = with_fault("grpc", "", &Fault::status(429, 8), 1).await;
    assert_eq!(
        (fed.counts.delivered, fed.counts.rejected),
        (2, 1),
        "{fed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_success_is_counted_and_told() {
    for protocol in PROTOCOLS {
        let fault = Fault::Partial {
            rejected: 1,
            message: "too old".to_owned(),
        };
        let (receiver, fed) = with_fault(protocol, ",temporality=delta", &fault, 1).await;
        assert_eq!(
            (fed.counts.delivered, fed.counts.rejected),
            (2, 1),
            "{fed:?}"
        );
        // Nobody knows which points it was, so none of them is sent a second time.
        assert_eq!(receiver.value("http_reqs", &[]), Some(5.0));
        let note = &fed.report.notes[1];
        assert_eq!(
            note,
            "the receiver refused 1 points: taken in part: too old"
        );
        let fault = Fault::Partial {
            rejected: 0,
            message: "use fewer series".to_owned(),
        };
        let (_, fed) = with_fault(protocol, "", &fault, 1).await;
        assert_eq!(fed.counts.delivered, 3, "{fed:?}");
        assert_eq!(fed.report.notes[1], "the receiver says: use fewer series");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_told_as_a_possible_duplicate() {
    for protocol in PROTOCOLS {
        let faults = [
            (Fault::CloseAfterStore, 6.0),
            (Fault::Stall(Duration::from_secs(5)), 6.0),
            // Here it was not stored, which nobody can know.
            (Fault::status(504, 4), 5.0),
        ];
        for (fault, total) in faults {
            let keys = ",temporality=delta,timeout=500ms";
            let (receiver, fed) = with_fault(protocol, keys, &fault, 1).await;
            let what = format!("{protocol} {fault:?} {fed:?}");
            assert_eq!((fed.counts.delivered, fed.counts.retries), (3, 1), "{what}");
            // The same points again, which a receiver can tell by their times.
            assert_eq!(receiver.value("http_reqs", &[]), Some(total), "{what}");
            let told = fed.report.notes.iter();
            let told = told.filter(|note| note.starts_with("1 points may have been counted twice"));
            assert_eq!(told.count(), 1, "{what}");
        }
        // Who sends cumulative values again sends the same values.
        let (receiver, fed) = with_fault(protocol, "", &Fault::CloseAfterStore, 1).await;
        assert_eq!(receiver.value("http_reqs", &[]), Some(5.0), "{fed:?}");
        assert!(!fed.report.notes.iter().any(|note| note.contains("twice")));
    }
    let (_, fed) = with_fault("grpc", "", &Fault::NoTrailers, 1).await;
    assert_eq!(
        (fed.counts.delivered, fed.counts.retries),
        (3, 1),
        "{fed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_poisoned_series_is_left_out() {
    for protocol in PROTOCOLS {
        let config = Config {
            poison: Some(("id".to_owned(), "13".to_owned())),
            ..Config::default()
        };
        let receiver = Otlp::start_with(config).unwrap();
        let fixture = Fixture::new();
        let series = |value: f64| {
            let one = |at: i32| {
                let id = at.to_string();
                item(&fixture, "http_reqs", &[("id", &id)], counter(value))
            };
            (0..100).map(one).collect::<Vec<_>>()
        };
        let items: Vec<_> = (0..8)
            .map(|at| snapshot(at * 10, at == 7, series(at as f64 + 1.0)))
            .collect();
        let keys = format!(",protocol={protocol}");
        let fed = run(&receiver, &keys, &items, &fixture).await;
        assert_eq!(
            (fed.counts.delivered, fed.counts.rejected),
            (792, 8),
            "{fed:?}"
        );
        assert_eq!(receiver.value("http_reqs", &[]), Some(99.0 * 8.0));
        assert!(receiver.value("http_reqs", &[("id", "13")]).is_none());
        let note = &fed.report.notes[1];
        assert!(
            note.contains("8 points") && note.contains("id=13 is not wanted"),
            "{note}"
        );
        // It is looked for three times and at the end; in between it is known.
        let requests = receiver.requests().len();
        assert!((30..80).contains(&requests), "{requests}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_for_the_receiver_is_cut() {
    for protocol in PROTOCOLS {
        let config = Config {
            most_bytes: 2_000,
            ..Config::default()
        };
        let receiver = Otlp::start_with(config).unwrap();
        let fixture = Fixture::new();
        let one = |at: i32| {
            let id = at.to_string();
            item(&fixture, "http_reqs", &[("id", &id)], counter(1.0))
        };
        let items = [snapshot(0, true, (0..100).map(one).collect())];
        let keys = format!(",protocol={protocol}");
        let fed = run(&receiver, &keys, &items, &fixture).await;
        assert_eq!(fed.counts.delivered, 100, "{fed:?}");
        assert_eq!(receiver.value("http_reqs", &[]), Some(100.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_at_the_deadline_is_counted() {
    let receiver = Otlp::start().unwrap();
    receiver.inject(&Fault::status(503, 14), 1_000_000);
    let fixture = Fixture::new().with_drain_timeout(Duration::from_millis(300));
    let items = counting(&fixture, &[1.0, 2.0]);
    let fed = run(&receiver, "", &items, &fixture).await;
    assert_eq!((fed.counts.accepted, fed.counts.dropped), (2, 2), "{fed:?}");
    assert!(fed.counts.retries > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_a_receiver_repeats_are_not_shown() {
    for protocol in PROTOCOLS {
        let keys = ",username=u,password=hunter2hunter2,header.x-key=topsecretkey";
        let fault = Fault::Status {
            http: 403,
            grpc: 7,
            retry_after: None,
            message: "hunter2hunter2 and topsecretkey are wrong".to_owned(),
        };
        let (_, fed) = with_fault(protocol, keys, &fault, 1).await;
        let note = &fed.report.notes[1];
        assert!(note.contains("*** and *** are wrong"), "{note}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_waits_on_disk_and_arrives_later() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Otlp::start().unwrap();
    receiver.inject(&Fault::status(503, 14), 1_000_000);
    let spool = Spool {
        folder: Some(folder.path().to_owned()),
        ..Spool::off()
    };
    let fixture = Fixture::new()
        .with_drain_timeout(Duration::from_millis(300))
        .with_spool(spool);
    let items = counting(&fixture, &[1.0, 2.0, 7.0]);
    let fed = run(&receiver, "", &items, &fixture).await;
    assert_eq!((fed.counts.accepted, fed.counts.spooled), (3, 3), "{fed:?}");
    let left = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    // Another process, whose table knows nothing.
    let spool = Spool {
        resume: Some(left.path()),
        ..Spool::off()
    };
    let fixture = Fixture::new().with_spool(spool);
    let again = Otlp::start().unwrap();
    let delta = output(&format!("otlp={},temporality=delta", again.url()));
    let error = kit::feed(delta, &[], fixture.context()).await.unwrap_err();
    assert!(
        error.to_string().contains("temporality=cumulative"),
        "{error}"
    );
    let fed = run(&again, "", &[], &fixture).await;
    assert_eq!(
        (fed.counts.delivered, fed.counts.spooled),
        (3, 0),
        "{fed:?}"
    );
    assert_eq!(again.value("http_reqs", &[]), Some(7.0));
}
