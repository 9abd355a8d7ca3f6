use std::sync::Mutex;

use brunt_output::edge::edge;
use brunt_output::kit::Fixture;
use brunt_output::{Counts, Item, Log};

use super::*;

/// What a plug-in made of so many samples in batches of 1000.
struct Ended {
    report: Result<OutputReport, OutputError>,
    counts: Counts,
    log: Vec<String>,
}

async fn feed(command: &str, batches: usize, drain: Duration) -> Ended {
    let fixture = Fixture::new().with_drain_timeout(drain);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Log::new({
        let lines = Arc::clone(&lines);
        move |_, line| lines.lock().unwrap().push(line.to_owned())
    });
    let context = OutputContext {
        log,
        ..fixture.context().clone()
    };
    let series = fixture.series("http_reqs", &[("url", "/")]);
    let (sender, inbox) = edge(usize::MAX, context.account.clone());
    for _ in 0..batches {
        let batch = fixture.batch(&vec![(series, 0, 1.0); 1_000]);
        sender.push(Item::Samples(Arc::new(batch)));
    }
    sender.close();
    let output = Box::new(ExecOutput::new(command));
    let report = output.run(inbox, context.clone()).await;
    context.account.close();
    let log = lines.lock().unwrap().clone();
    Ended {
        report,
        counts: context.account.counts(),
        log,
    }
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_plug_in_reads_to_the_end_and_its_words_are_logged() {
    let ended = feed("wc -c >&2; echo bye >&2", 100, LONG).await;
    assert_eq!(ended.report.unwrap(), OutputReport::default());
    assert_eq!(ended.counts.delivered, 100_000);
    assert_eq!(
        ended.log,
        [ended.counts.bytes.to_string(), "bye".to_owned()]
    );
}

#[tokio::test]
async fn a_plug_in_that_dies_ends_its_output_and_the_rest_is_dropped() {
    let ended = feed("head -c 1000 > /dev/null; exit 3", 1_000, LONG).await;
    let message = ended.report.unwrap_err().to_string();
    assert!(message.contains("exit status: 3"), "{message}");
    assert!(ended.counts.dropped > 0);
    let sum = ended.counts.delivered + ended.counts.dropped;
    assert_eq!((sum, ended.counts.accepted), (1_000_000, 1_000_000));
    assert_eq!(ended.log.len(), 1, "told at once, and once");
}

#[tokio::test]
async fn an_exit_code_at_the_end_is_told() {
    let ended = feed("cat > /dev/null; exit 7", 10, LONG).await;
    let message = ended.report.unwrap_err().to_string();
    assert!(message.contains("exit status: 7"), "{message}");
    assert_eq!(ended.counts.delivered, 10_000, "it got everything");
}

#[tokio::test]
async fn a_plug_in_that_does_not_read_is_told_and_killed_at_the_end() {
    let began = Instant::now();
    let ended = feed("exec sleep 1000", 1_000, STALLED + Duration::from_secs(1)).await;
    let notes = ended.report.unwrap().notes;
    assert!(notes[0].contains("sleep 1000"), "{notes:?}");
    let reason = ended.counts.last_error.clone().unwrap_or_default();
    assert!(reason.contains("has not read its input"), "{reason}");
    assert_eq!(ended.counts.delivered + ended.counts.dropped, 1_000_000);
    assert!(ended.counts.dropped > 900_000);
    assert!(
        began.elapsed() < Duration::from_secs(100),
        "it is not waited for"
    );
}

#[tokio::test]
async fn rubbish_on_stderr_is_bounded_and_harmless() {
    let noise = "head -c 3000000 /dev/urandom >&2; cat > /dev/null";
    let ended = feed(noise, 10, LONG).await;
    assert!(ended.report.is_ok() && ended.counts.delivered == 10_000);
    assert!(ended.log.len() <= 1_002, "{}", ended.log.len());
    let harmless = |line: &String| line.len() <= 16 * 1024 && !line.chars().any(char::is_control);
    assert!(ended.log.iter().all(harmless));
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told_before_the_start() {
    let error = ExecOutput::new("no-such-plugin --fast").check().await;
    assert!(error.unwrap_err().to_string().contains("'no-such-plugin'"));
    for fine in ["cat", "FOO=1 cat", "(cat)", "exec cat"] {
        assert!(ExecOutput::new(fine).check().await.is_ok(), "{fine}");
    }
}
