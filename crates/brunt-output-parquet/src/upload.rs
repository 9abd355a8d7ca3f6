//! Sends whole files to a bucket, while others are written.
//!
//! Requests are repeated here and not by `object_store`, so that an outage is told while it lasts, each
//! repetition is counted, and the end of the drain ends them. A file that is longer than a part goes in
//! parts, one after the other: memory is bounded, and a request that failed repeats its part only.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use brunt_delivery::Backoff;
use brunt_output::{BoxFuture, OutputContext, OutputError};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, Error, ObjectStore as _, ObjectStoreExt as _, PutOptions};
use object_store::{PutPayload, RetryConfig};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::bucket::Place;
use crate::file::Whole;

/// Files that are on their way at once, each with a part in memory.
const AT_ONCE: usize = 2;

/// Bytes of a part, as long as there are not too many of them. Amazon wants at least 5 MiB.
const PART: u64 = 8 << 20;

/// Parts of an object at most (Amazon S3 user guide, "multipart upload limits").
const MOST_PARTS: u64 = 10_000;

/// How long the question before the start may take.
const CHECK: Duration = Duration::from_secs(10);

/// Files that are named one by one when they could not be sent.
const NAMED: usize = 3;

/// Keys, tokens and where roles are asked for come from the environment, in all ways of `object_store`.
fn store(place: &Place) -> Result<AmazonS3, Error> {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&place.bucket);
    if let Some(endpoint) = &place.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    if endpoint.is_some_and(|url| url.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    if let Some(region) = &place.region {
        builder = builder.with_region(region);
    }
    let once = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 0,
        retry_timeout: Duration::from_mins(1),
    };
    builder.with_retry(once).build()
}

/// Whether an object may be written: begins one in parts, and takes that back.
pub(crate) async fn check(place: &Place) -> Result<(), OutputError> {
    let unreachable = |reason: String| OutputError::Unreachable {
        target: place.url(),
        reason,
    };
    let asked = async {
        let store = store(place)?;
        let key = Key::parse(format!("{}{}", place.prefix, place.name))?;
        let id = store.create_multipart(&key).await?;
        // Whoever may not take it back has a rule for what is never completed.
        let _ = store.abort_multipart(&key, &id).await;
        Ok(())
    };
    match timeout(CHECK, asked).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(unreachable(reason(&error))),
        Err(_) => Err(unreachable(format!("no answer within {CHECK:?}"))),
    }
}

/// What to tell of an error.
fn reason(error: &Error) -> String {
    let mut reason = error.to_string();
    // Without keys in the environment a machine's own role is asked for, which most machines lack.
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        reason.push_str(" (AWS_ACCESS_KEY_ID is not set)");
    }
    reason
}

/// Repeating does not help.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::NotFound { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
            | Error::InvalidPath { .. }
            | Error::AlreadyExists { .. }
            | Error::Precondition { .. }
            | Error::NotSupported { .. }
            | Error::NotImplemented { .. }
    )
}

/// Sends files as they come until there are no more or `deadline` is over; gives what to say of those
/// that are still staged.
pub(crate) async fn run(
    place: Place,
    folder: PathBuf,
    mut files: UnboundedReceiver<Whole>,
    context: OutputContext,
    deadline: impl Future<Output = ()>,
) -> Vec<String> {
    let store = match store(&place) {
        Ok(store) => Arc::new(store),
        Err(error) => return vec![format!("nothing was sent to {}: {error}", place.url())],
    };
    let mut deadline = std::pin::pin!(deadline);
    let (mut tasks, mut under_way, mut left) = (JoinSet::new(), Vec::new(), Vec::new());
    let mut more = true;
    while more || !tasks.is_empty() {
        tokio::select! {
            file = files.recv(), if more && tasks.len() < AT_ONCE => {
                let Some(file) = file else {
                    more = false;
                    continue;
                };
                let upload = Upload {
                    store: Arc::clone(&store),
                    key: place.key_of(&folder, &file.path),
                    file: file.clone(),
                    context: context.clone(),
                };
                under_way.push(file);
                tasks.spawn(upload.run());
            }
            Some(ended) = tasks.join_next() => {
                if let Ok((file, sent)) = ended {
                    under_way.retain(|other: &Whole| other.path != file.path);
                    if !sent {
                        left.push(file);
                    }
                }
            }
            () = &mut deadline => break,
        }
    }
    tasks.shutdown().await;
    files.close();
    left.append(&mut under_way);
    while let Ok(file) = files.try_recv() {
        left.push(file);
    }
    if left.is_empty() {
        remove_folders(&folder).await;
        return Vec::new();
    }
    context
        .account
        .spooled(left.iter().map(|file| file.samples).sum());
    left.sort_by(|one, other| one.path.cmp(&other.path));
    let paths: Vec<PathBuf> = left.into_iter().map(|file| file.path).collect();
    vec![still_there(&place, &folder, &paths)]
}

fn still_there(place: &Place, folder: &std::path::Path, left: &[PathBuf]) -> String {
    let named = left.iter().take(NAMED);
    let mut named: Vec<String> = named.map(|path| path.display().to_string()).collect();
    if left.len() > NAMED {
        named.push(format!("{} more", left.len() - NAMED));
    }
    format!(
        "not sent to {}, but whole and still on disk: {}; send it with: {}",
        place.url(),
        named.join(", "),
        place.later(folder, left)
    )
}

/// What staging has made, as far as it is empty: partitions, their folder, the run's own folder.
async fn remove_folders(folder: &std::path::Path) {
    let folder = folder.to_owned();
    // Nothing depends on it; what is not empty stays.
    let _ = tokio::task::spawn_blocking(move || remove_empty(&folder)).await;
}

fn remove_empty(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(folder);
}

/// One file on its way.
struct Upload {
    store: Arc<AmazonS3>,
    key: String,
    file: Whole,
    context: OutputContext,
}

/// Why a file does not arrive, however often it is tried.
struct GivenUp(String);

impl Upload {
    /// Gives the file back, and whether it was sent.
    async fn run(self) -> (Whole, bool) {
        let account = &self.context.account;
        let path = &self.file.path;
        match self.put().await {
            Ok(bytes) => {
                account.wrote(bytes);
                account.delivered(self.file.samples);
                account.settled(self.file.newest);
                if let Err(error) = tokio::fs::remove_file(path).await {
                    let path = path.display();
                    let text = format!("{path} was sent, but cannot be removed: {error}");
                    self.context.log.warn(&text);
                }
                (self.file, true)
            }
            Err(GivenUp(reason)) => {
                account.noted(&reason);
                let path = path.display();
                let text = format!("cannot send {path}, it stays there: {reason}");
                self.context.log.warn(&text);
                (self.file, false)
            }
        }
    }

    async fn put(&self) -> Result<u64, GivenUp> {
        let unreadable = |error: std::io::Error| {
            GivenUp(format!("cannot read {}: {error}", self.file.path.display()))
        };
        let key = Key::parse(&self.key).map_err(|error| GivenUp(error.to_string()))?;
        let mut file = File::open(&self.file.path).await.map_err(unreadable)?;
        let length = file.metadata().await.map_err(unreadable)?.len();
        let store = &self.store;
        if length <= PART {
            let mut bytes = Vec::with_capacity(length as usize);
            file.read_to_end(&mut bytes).await.map_err(unreadable)?;
            let payload = PutPayload::from(bytes);
            let put = || store.put_opts(&key, payload.clone(), PutOptions::default());
            self.repeated(put).await?;
            return Ok(length);
        }
        let id = self.repeated(|| store.create_multipart(&key)).await?;
        let sent = self.in_parts(file, length, &key, &id).await;
        if sent.is_err() {
            // Parts that nobody completes cost money; whoever may not remove them has a rule for it.
            let _ = store.abort_multipart(&key, &id).await;
        }
        sent
    }

    async fn in_parts(
        &self,
        mut file: File,
        length: u64,
        key: &Key,
        id: &object_store::MultipartId,
    ) -> Result<u64, GivenUp> {
        let size = PART.max(length.div_ceil(MOST_PARTS));
        let store = &self.store;
        let (mut parts, mut sent) = (Vec::new(), 0);
        while sent < length {
            let mut bytes = vec![0; size.min(length - sent) as usize];
            let read = file.read_exact(&mut bytes).await;
            read.map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => GivenUp("the file became shorter".to_owned()),
                _ => GivenUp(error.to_string()),
            })?;
            sent += bytes.len() as u64;
            let payload = PutPayload::from(bytes);
            let part = || store.put_part(key, id, parts.len(), payload.clone());
            let part = self.repeated(part).await?;
            parts.push(part);
        }
        let complete = || store.complete_multipart(key, id, parts.clone());
        if let Err(given_up) = self.repeated(complete).await {
            // An answer that was lost is followed by one that knows of no such upload.
            let found = store.head(key).await;
            if found.map_or(true, |object| object.size != length) {
                return Err(given_up);
            }
        }
        Ok(length)
    }

    /// Repeats a request until it is answered for good; ended from outside, by the deadline.
    async fn repeated<'a, T, F>(&self, request: F) -> Result<T, GivenUp>
    where
        F: Fn() -> BoxFuture<'a, Result<T, Error>>,
    {
        let account = &self.context.account;
        let mut backoff = Backoff::default();
        loop {
            match request().await {
                Ok(answer) => {
                    account.well();
                    return Ok(answer);
                }
                Err(error) if is_final(&error) => return Err(GivenUp(reason(&error))),
                Err(error) => account.failing(&reason(&error)),
            }
            sleep(backoff.next_wait()).await;
            account.retried();
        }
    }
}
