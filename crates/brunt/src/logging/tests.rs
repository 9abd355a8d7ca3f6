use std::sync::mpsc;

use super::queue::Limits;
use super::*;

const LIMIT: Duration = Duration::from_mins(1);

fn record(level: Level, message: &str) -> Record {
    Record {
        level,
        message: message.to_owned(),
        fields: Vec::new(),
    }
}

#[test]
fn records_arrive_in_order_and_only_those_of_the_level() {
    let (sender, receiver) = mpsc::channel();
    let write = move |text: &[u8]| sender.send(text.to_vec()).expect("the test reads");
    let logger = Logger::start(LogFormat::Raw, Some(Level::Info), write).expect("a thread");
    assert!(!logger.enabled(Level::Debug) && logger.enabled(Level::Info));
    logger.log(record(Level::Debug, "hidden"));
    let numbers: Vec<String> = (0..100).map(|number: u32| number.to_string()).collect();
    for number in &numbers {
        logger.log(record(Level::Info, number));
    }
    assert!(logger.flush(LIMIT));
    let text: Vec<u8> = receiver.try_iter().flatten().collect();
    assert_eq!(
        String::from_utf8(text).expect("text"),
        numbers.join("\n") + "\n"
    );
}

#[test]
fn a_reader_that_does_not_read_blocks_no_one_and_what_it_missed_is_counted() {
    let (started, has_started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let (sender, receiver) = mpsc::channel();
    let write = move |text: &[u8]| {
        let _ = started.send(());
        let _ = held.recv();
        let _ = sender.send(String::from_utf8_lossy(text).into_owned());
    };
    let queue = Queue::new(Limits {
        records: 3,
        bytes: 1 << 20,
    });
    let logger =
        Logger::with_queue(LogFormat::Raw, Some(Level::Info), queue, write).expect("a thread");
    logger.log(record(Level::Info, "first"));
    has_started.recv().expect("the writer");
    for number in 0..10 {
        logger.log(record(Level::Info, &number.to_string()));
    }
    assert!(!logger.flush(Duration::ZERO), "nothing can be written yet");
    drop(release);
    assert!(logger.flush(LIMIT));
    let text: String = receiver.try_iter().collect();
    assert_eq!(
        text,
        "first\n0\n1\n2\n7 log messages were dropped, because they came faster than they could be written\n"
    );
}

#[test]
fn the_queue_is_bounded_in_bytes_but_lets_a_large_record_pass_alone() {
    let queue = Queue::new(Limits {
        records: 100,
        bytes: 1000,
    });
    let large = "x".repeat(2000);
    queue.push(entry(record(Level::Info, &large)));
    queue.push(entry(record(Level::Info, "small")));
    let batch = queue.take().expect("entries");
    assert_eq!((batch.entries.len(), batch.dropped), (1, 1));
    queue.push(entry(record(Level::Info, "small")));
    queue.push(entry(record(Level::Info, &large)));
    let batch = queue.take().expect("entries");
    assert_eq!(
        (batch.entries[0].record.message.as_str(), batch.dropped),
        ("small", 1)
    );
}

#[test]
fn dropping_the_logger_writes_what_is_left_and_ends_the_thread() {
    let (sender, receiver) = mpsc::channel();
    let write = move |text: &[u8]| sender.send(text.to_vec()).expect("the test reads");
    let logger = Logger::start(LogFormat::Raw, Some(Level::Info), write).expect("a thread");
    logger.log(record(Level::Info, "last words"));
    drop(logger);
    // Ends when the thread has dropped its end.
    let text: Vec<u8> = receiver.iter().flatten().collect();
    assert_eq!(text, b"last words\n");
}
