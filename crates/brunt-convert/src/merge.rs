//! Reads several files side by side, the one that is farthest behind in time first: for outputs that need the samples
//! of all load generators of a moment together.
//!
//! [`crate::read`] takes file after file instead, which keeps fewer of them open.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use brunt_metrics::SampleBatch;

use crate::input::Inputs;
use crate::pipeline::{Broken, Options, ReadError, Tally, read};

/// So many files are read side by side at most: each has lines of some megabytes under way.
pub const MOST_FILES: usize = 64;

/// A file that is being read.
struct Source {
    batches: Receiver<SampleBatch>,
    /// The newest time so far.
    newest: i64,
}

/// Reads the samples of all files, about in the order of their times. `take` is given each batch and the time up to
/// which everything was read, in nanoseconds since the Unix epoch, and says whether to go on; `tell` is given the
/// first broken lines. There should be at most [`MOST_FILES`].
///
/// # Errors
/// If a file cannot be read any further. What could be read before, and the other files, were given to `take`.
pub fn read_merged(
    inputs: Inputs,
    options: &Options,
    mut take: impl FnMut(SampleBatch, i64) -> bool,
    tell: impl FnMut(&Broken) + Send,
) -> Result<Tally, ReadError> {
    let files = inputs.each();
    let options = Options {
        threads: (options.threads / files.len().max(1)).max(1),
        ..options.clone()
    };
    let tell = Mutex::new(tell);
    thread::scope(|scope| {
        let mut sources = Vec::new();
        let mut readers = Vec::new();
        for file in files {
            let (give, batches) = sync_channel(1);
            sources.push(Source {
                batches,
                newest: i64::MIN,
            });
            let (options, tell) = (&options, &tell);
            readers.push(scope.spawn(move || {
                let told = |broken: &Broken| {
                    let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
                    (*tell)(broken);
                };
                read(&file, options, |batch| give.send(batch).is_ok(), told)
            }));
        }
        merge(sources, &mut take);
        let mut all = Tally::default();
        for reader in readers {
            match reader.join() {
                Ok(tally) => all.add(tally?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}

/// Takes from the source that is farthest behind until all have ended, or nobody wants more.
fn merge(mut sources: Vec<Source>, take: &mut impl FnMut(SampleBatch, i64) -> bool) {
    loop {
        let behind = sources.iter().enumerate().min_by_key(|(_, it)| it.newest);
        let Some((at, source)) = behind else { return };
        let Ok(batch) = source.batches.recv() else {
            sources.swap_remove(at);
            continue;
        };
        let newest = batch.samples.iter().map(|sample| sample.time).max();
        if let Some(source) = sources.get_mut(at) {
            source.newest = source.newest.max(newest.unwrap_or(i64::MIN));
        }
        let known = sources.iter().map(|it| it.newest).min();
        if !take(batch, known.unwrap_or(i64::MIN)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use brunt_metrics::{MetaId, Sample, SeriesId};

    use super::*;

    fn source(batches: &[&[i64]]) -> Source {
        let (give, taken) = sync_channel(batches.len());
        for times in batches {
            let sample = |time: &i64| Sample {
                series: SeriesId(0),
                meta: MetaId::NONE,
                time: *time,
                value: 0.0,
            };
            let samples = times.iter().map(sample).collect();
            let batch = SampleBatch {
                samples,
                ..SampleBatch::default()
            };
            give.send(batch).unwrap();
        }
        Source {
            batches: taken,
            newest: i64::MIN,
        }
    }

    #[test]
    fn files_are_read_in_the_order_of_their_times_and_nothing_comes_behind_what_is_known() {
        let sources = vec![
            source(&[&[50, 60], &[70]]),
            source(&[&[10, 20], &[30, 25], &[40]]),
            source(&[&[15], &[55]]),
        ];
        let mut seen = Vec::new();
        let mut known = i64::MIN;
        merge(sources, &mut |batch: SampleBatch, until| {
            for sample in &batch.samples {
                seen.push(sample.time);
            }
            // The disorder within a file is its own.
            let first = batch.samples.iter().map(|it| it.time).max().unwrap();
            assert!(first >= known, "{first} behind {known}");
            known = until;
            true
        });
        assert_eq!(seen, [50, 60, 10, 20, 15, 55, 30, 25, 40, 70]);
    }

    #[test]
    fn who_wants_no_more_gets_no_more() {
        let mut taken = 0;
        merge(vec![source(&[&[1], &[2]])], &mut |_, _| {
            taken += 1;
            false
        });
        assert_eq!(taken, 1);
    }
}
