//! Faults: what the sender sees, and what is stored.

use std::time::Duration;

use brunt_testkit::RemoteWrite;
use brunt_testkit::client::request;
use brunt_testkit::remote_write::Fault;

use crate::bytes::{HEADERS, send, simple, snappy};

#[test]
fn statuses_come_in_order_and_store_nothing() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::status(500), 2);
    receiver.inject(Fault::retry_after(503, 7), 1);
    assert_eq!(receiver.faults_left(), 3);
    let first = [1, 2].map(|time| send(&receiver, &simple(1.0, time)).status);
    let third = send(&receiver, &simple(1.0, 3));
    assert_eq!(
        (first, third.status, third.header("retry-after")),
        ([500; 2], 503, Some("7"))
    );
    assert_eq!(receiver.samples(), 0);
    assert_eq!(send(&receiver, &simple(1.0, 4)).status, 204);
    assert_eq!((receiver.samples(), receiver.violations()), (1, vec![]));
    let statuses: Vec<_> = receiver
        .journal()
        .iter()
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [500, 500, 503, 204]);
}

#[test]
fn a_closed_connection_brings_no_answer() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::Close, 1);
    let body = snappy(&simple(1.0, 1));
    let post = || request(receiver.address(), "POST", "/api/v1/write", &HEADERS, &body);
    assert!(post().is_err());
    assert_eq!(receiver.samples(), 0);
    assert_eq!(post().unwrap().status, 204);
}

#[test]
fn a_repetition_is_excused_only_after_a_lost_answer() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::CloseAfterStore, 1);
    let body = snappy(&simple(1.0, 1));
    let post = |body: &[u8]| request(receiver.address(), "POST", "/api/v1/write", &HEADERS, body);
    assert!(post(&body).is_err());
    assert_eq!(receiver.samples(), 1);
    // Another value at the same time is no repetition.
    assert_eq!(post(&snappy(&simple(2.0, 1))).unwrap().status, 400);
    assert_eq!(post(&body).unwrap().status, 204);
    assert_eq!((receiver.samples(), receiver.repeated_samples()), (1, 1));
    // What was answered must not come again.
    assert_eq!(send(&receiver, &simple(1.0, 5)).status, 204);
    assert_eq!(send(&receiver, &simple(1.0, 5)).status, 400);
}

#[test]
fn stopped_and_started_again_on_the_same_port() {
    let receiver = RemoteWrite::start().unwrap();
    assert_eq!(send(&receiver, &simple(1.0, 1)).status, 204);
    receiver.stop();
    let body = snappy(&simple(1.0, 2));
    let post = || request(receiver.address(), "POST", "/api/v1/write", &HEADERS, &body);
    assert!(post().is_err());
    receiver.restart().unwrap();
    assert_eq!(post().unwrap().status, 204);
    assert_eq!(receiver.times("m", &[]), [1, 2]);
}

#[test]
fn waiting_ends_with_the_request_waited_for() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.inject(Fault::Stall(Duration::from_millis(5)), 1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            send(&receiver, &simple(1.0, 1));
            send(&receiver, &simple(1.0, 2));
        });
        assert!(receiver.wait_until(Duration::from_mins(1), |receiver| receiver.samples() == 2));
    });
    assert!(!receiver.wait_until(Duration::from_millis(1), |receiver| receiver.samples() == 3));
}
