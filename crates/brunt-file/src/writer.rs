//! The thread that writes: files block, and the control runtime must not.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use brunt_output::Account;
use tokio::sync::{mpsc, oneshot};

use crate::sink::Sink;

/// Encoded samples.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) bytes: Vec<u8>,
    /// How many samples they are.
    pub(crate) samples: u64,
    /// The time of the newest one, in nanoseconds since the Unix epoch.
    pub(crate) newest: i64,
}

/// A running writer.
pub(crate) struct Writer {
    /// Chunks to be written; few, so that a slow disk is felt.
    pub(crate) chunks: mpsc::Sender<Chunk>,
    /// Written chunks, emptied, to be filled again.
    pub(crate) empty: mpsc::Receiver<Vec<u8>>,
    /// How the writing ended.
    pub(crate) done: oneshot::Receiver<io::Result<()>>,
    pub(crate) books: Books,
}

/// The account as long as anybody waits for the writer. One that hangs in the kernel cannot be ended:
/// it is left alone, what it has was given up, and what it writes afterwards counts no more.
#[derive(Clone)]
pub(crate) struct Books(Arc<Mutex<Option<Account>>>);

const CHUNKS: usize = 4;

impl Books {
    fn new(account: Account) -> Self {
        Self(Arc::new(Mutex::new(Some(account))))
    }

    /// From here on nothing counts.
    pub(crate) fn close(&self) {
        self.open().take();
    }

    fn open(&self) -> MutexGuard<'_, Option<Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self, bytes: u64, samples: u64, newest: i64) {
        if let Some(account) = &*self.open() {
            account.wrote(bytes);
            account.delivered(samples);
            if samples > 0 {
                account.settled(newest);
            }
        }
    }
}

impl Writer {
    /// Starts the thread, which opens the target first. It ends when the chunks' sender goes, or at the
    /// first error.
    pub(crate) fn start(
        open: impl FnOnce() -> io::Result<Sink> + Send + 'static,
        account: Account,
    ) -> io::Result<Self> {
        let (chunks, mut incoming) = mpsc::channel::<Chunk>(CHUNKS);
        let (recycle, empty) = mpsc::channel(CHUNKS);
        let (report, done) = oneshot::channel();
        let books = Books::new(account);
        let work = {
            let books = books.clone();
            move || {
                let mut sink = open()?;
                while let Some(mut chunk) = incoming.blocking_recv() {
                    let bytes = sink.write(&chunk.bytes)?;
                    books.wrote(bytes, chunk.samples, chunk.newest);
                    chunk.bytes.clear();
                    // Nobody waits for empty buffers; one too many is freed.
                    let _ = recycle.try_send(chunk.bytes);
                }
                books.wrote(sink.finish()?, 0, 0);
                Ok(())
            }
        };
        let run = move || {
            let _ = report.send(work());
        };
        std::thread::Builder::new()
            .name("brunt-file".to_owned())
            .spawn(run)?;
        Ok(Self {
            chunks,
            empty,
            done,
            books,
        })
    }
}
