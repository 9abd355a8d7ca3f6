//! What an output reads from: one snapshot after the other, from disk while there is something on
//! disk, else from the edge; and what becomes of the rest when time is up.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::Snapshot;
use brunt_output::{Account, Inbox, Item, OutputContext};
use tokio::time::{Instant, sleep_until};

use super::record::Origin;
use super::store::{Store, StoreError};

/// A delivery that takes longer than this sends what waits behind it to disk at once; before that only
/// what no longer fits into half of the edge.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an output does with snapshots.
pub trait Consumer: Send {
    /// Delivers a snapshot until each of its points is settled and in the account, however long it
    /// takes. The future is dropped when time is up.
    fn consume(&mut self, snapshot: &Arc<Snapshot>) -> impl Future<Output = ()> + Send;

    /// Called after the last snapshot, if every one was consumed in time.
    fn finish(&mut self) -> impl Future<Output = ()> + Send;

    /// Whether it can go on after another process only if it knows what has arrived, as differences
    /// do. The spool then holds that, too.
    fn needs_ground(&self) -> bool {
        false
    }

    /// What has arrived already: called first, when a spool is sent of which [`Self::needs_ground`] is
    /// true.
    fn ground(&mut self, _arrived: &Snapshot) {}
}

/// What was left when time was up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// The folder for `brunt send`, if anything was left in one.
    pub spool: Option<PathBuf>,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Hands the snapshots of an inbox to a consumer, in order, with what a spool on disk makes of those
/// that wait; returns when all was consumed, or when the context's drain is over.
///
/// The account gets what is spooled and unspooled, and what a full spool gives up.
pub async fn consume<C: Consumer>(
    mut inbox: Inbox,
    context: &OutputContext,
    origin: Origin,
    consumer: &mut C,
) -> Left {
    let origin = Origin {
        grounded: consumer.needs_ground(),
        ..origin
    };
    let mut closing = inbox.closing();
    let over = async {
        closing.wait().await;
        context.drain.over().await;
    };
    tokio::pin!(over);
    let mut shelf = Shelf::new(context.clone(), origin);
    shelf.resume().await;
    if consumer.needs_ground()
        && let Some(arrived) = shelf.ground().await
    {
        consumer.ground(&arrived);
    }
    loop {
        // Never given up half way: the store is on another thread meanwhile.
        let next = if let Some(snapshot) = shelf.take().await {
            Some(snapshot)
        } else {
            tokio::select! {
                biased;
                () = &mut over => break,
                next = next_live(&mut inbox) => next,
            }
        };
        let Some(snapshot) = next else {
            tokio::select! {
                biased;
                () = &mut over => {}
                () = consumer.finish() => {}
            }
            break;
        };
        let done = {
            let consume = consumer.consume(&snapshot);
            tokio::pin!(consume);
            let impatient_at = Instant::now() + PATIENCE;
            let mut most = inbox.capacity() / 2;
            loop {
                tokio::select! {
                    biased;
                    () = &mut consume => break true,
                    () = &mut over => break false,
                    () = inbox.fuller_than(most), if shelf.is_on() => {}
                    () = sleep_until(impatient_at), if most > 0 => {
                        most = 0;
                        continue;
                    }
                }
                shelf.spill(&mut inbox, &snapshot, most).await;
            }
        };
        if done {
            let was_live = !shelf.hand_on_disk;
            shelf.done().await;
            shelf.arrived = (was_live && consumer.needs_ground()).then_some(snapshot);
        } else {
            shelf.keep(&mut inbox, &snapshot).await;
            break;
        }
    }
    // Reached early only while nothing is in hand.
    shelf.rest(&mut inbox).await;
    shelf.left().await
}

/// The spool of one output, made when it is needed.
struct Shelf {
    context: OutputContext,
    origin: Origin,
    store: Option<Store>,
    /// What has arrived and is not on disk, where the spool has to hold that.
    arrived: Option<Arc<Snapshot>>,
    /// Whether the snapshot in hand is on disk, too.
    hand_on_disk: bool,
    /// Why there is no spool, if there was a reason.
    broken: Option<String>,
}

impl Shelf {
    fn new(context: OutputContext, origin: Origin) -> Self {
        Self {
            context,
            origin,
            store: None,
            arrived: None,
            hand_on_disk: false,
            broken: None,
        }
    }

    fn account(&self) -> &Account {
        &self.context.account
    }

    fn is_on(&self) -> bool {
        self.broken.is_none() && (self.store.is_some() || self.context.spool.folder.is_some())
    }

    /// Opens what an earlier run has left, if that is what is to be sent.
    async fn resume(&mut self) {
        let Some(folder) = self.context.spool.resume.clone() else {
            return;
        };
        let limit = self.context.spool.limit;
        let opened = blocking(move || Store::open(&folder, limit)).await;
        match opened {
            Some(Ok((store, _))) => {
                // What lies there was accepted by the run that left it.
                self.account().accepted(store.points(), 0);
                self.account().spooled(store.points());
                self.store = Some(store);
            }
            Some(Err(error)) => self.fail(&error.to_string()),
            None => self.fail("it could not be read"),
        }
    }

    /// What the spool says has arrived.
    async fn ground(&mut self) -> Option<Snapshot> {
        let store = self.store.take()?;
        let context = self.context.clone();
        let (store, read) = blocking(move || {
            let read = store.last_delivered(&context.registry, &context.interner);
            (store, read)
        })
        .await?;
        match read {
            Ok(arrived) => {
                self.store = Some(store);
                arrived
            }
            // Without it what waits cannot be told from what has arrived: it stays where it is.
            Err(error) => {
                self.fail(&format!("what has arrived cannot be read: {error}"));
                None
            }
        }
    }

    /// The oldest snapshot on disk.
    async fn take(&mut self) -> Option<Arc<Snapshot>> {
        self.hand_on_disk = false;
        let mut store = self.store.take()?;
        let before = store.points();
        let context = self.context.clone();
        let (mut store, taken) = blocking(move || {
            let taken = store.take(&context.registry, &context.interner);
            (store, taken)
        })
        .await?;
        // What could not be read left the spool as well.
        self.account().unspooled(before - store.points());
        self.account().dropped(store.given_up());
        self.store = Some(store);
        match taken {
            Ok(snapshot) => {
                self.hand_on_disk = snapshot.is_some();
                snapshot.map(Arc::new)
            }
            Err(error) => {
                self.fail(&error.to_string());
                None
            }
        }
    }

    /// Sends what waits in the edge to disk until no more than this many bytes wait there.
    async fn spill(&mut self, inbox: &mut Inbox, in_hand: &Arc<Snapshot>, most: usize) {
        if !self.hand_on_disk {
            // It is older than everything that follows it.
            if !self.append(in_hand).await {
                return;
            }
            // Out again at once, so that it is the one that is delivered next.
            self.take_back().await;
        }
        while inbox.bytes() > most {
            let Some(item) = inbox.take() else { break };
            let Item::Snapshot(snapshot) = item else {
                continue;
            };
            if self.append(&snapshot).await {
                self.account().spooled(snapshot.series.len() as u64);
            } else {
                self.account().dropped(snapshot.series.len() as u64);
            }
        }
    }

    /// Takes out what was just put on disk, without counting it: it is in hand already.
    async fn take_back(&mut self) {
        let Some(mut store) = self.store.take() else {
            return;
        };
        let context = self.context.clone();
        let back = blocking(move || {
            let taken = store.take(&context.registry, &context.interner);
            (store, taken.is_ok())
        });
        if let Some((store, taken)) = back.await {
            self.hand_on_disk = taken;
            self.put_back(store);
        }
    }

    /// The snapshot in hand has arrived.
    async fn done(&mut self) {
        if !std::mem::take(&mut self.hand_on_disk) {
            return;
        }
        let Some(mut store) = self.store.take() else {
            return;
        };
        let marked = blocking(move || {
            let marked = store.delivered();
            (store, marked)
        });
        if let Some((store, marked)) = marked.await {
            self.put_back(store);
            if let Err(error) = marked {
                self.fail(&error.to_string());
            }
        }
    }

    /// Time is up with a snapshot in hand: what was not delivered of it stays on disk.
    async fn keep(&mut self, inbox: &mut Inbox, in_hand: &Arc<Snapshot>) {
        if !self.is_on() {
            return;
        }
        // All else that was accepted is settled or waits.
        let waiting = inbox.points();
        let left = self.account().counts().on_the_way().saturating_sub(waiting);
        if self.hand_on_disk || self.append(in_hand).await {
            self.account().spooled(left);
        }
    }

    /// Time is up: what waits in the edge goes to disk, too.
    async fn rest(&mut self, inbox: &mut Inbox) {
        while self.is_on() {
            let Some(item) = inbox.take() else { return };
            if let Item::Snapshot(snapshot) = item
                && self.append(&snapshot).await
            {
                self.account().spooled(snapshot.series.len() as u64);
            }
        }
    }

    async fn append(&mut self, snapshot: &Arc<Snapshot>) -> bool {
        if !self.is_on() {
            return false;
        }
        let store = self.store.take();
        let (context, origin) = (self.context.clone(), self.origin.clone());
        let (snapshot, arrived) = (Arc::clone(snapshot), self.arrived.clone());
        let appended = blocking(move || -> Result<(Store, io::Result<()>), StoreError> {
            let mut store = match store {
                Some(store) => store,
                None => create(&context, &origin)?,
            };
            let (registry, interner) = (&context.registry, &context.interner);
            let ground = arrived.map_or(Ok(()), |it| store.arrived(&it, registry, interner));
            let appended = ground.and_then(|()| store.append(&snapshot, registry, interner));
            Ok((store, appended))
        });
        match appended.await {
            Some(Ok((store, Ok(())))) => {
                self.put_back(store);
                self.arrived = None;
                true
            }
            Some(Ok((store, Err(error)))) => {
                // There may be room again for the next one.
                self.put_back(store);
                self.account()
                    .noted(&format!("the spool takes no more: {error}"));
                false
            }
            Some(Err(error)) => {
                self.fail(&error.to_string());
                false
            }
            None => {
                self.fail("it could not be written");
                false
            }
        }
    }

    fn put_back(&mut self, mut store: Store) {
        let given_up = store.given_up();
        if given_up > 0 {
            self.account().unspooled(given_up);
            self.account().dropped(given_up);
        }
        self.store = Some(store);
    }

    fn fail(&mut self, reason: &str) {
        self.account().noted(reason);
        self.broken.get_or_insert_with(|| reason.to_owned());
    }

    /// Removes a spool in which nothing is left, and tells of one that holds something.
    async fn left(mut self) -> Left {
        let mut left = Left::default();
        if let Some(reason) = &self.broken {
            left.notes
                .push(format!("there was no spool on disk: {reason}"));
        }
        let Some(store) = self.store.take() else {
            return left;
        };
        let counts = self.account().counts();
        let nothing = store.is_empty() && counts.spooled == 0;
        let folder = store.folder().to_owned();
        if nothing {
            blocking(move || store.remove()).await;
        } else {
            left.notes.push(format!(
                "{} points wait in {}; deliver them with: brunt send {} --out {}={}",
                counts.spooled,
                folder.display(),
                shown(&folder),
                self.origin.output,
                self.origin.target,
            ));
            left.spool = Some(folder);
        }
        left
    }
}

/// The next snapshot of the edge; `None` when nothing will come any more. Cancel-safe.
async fn next_live(inbox: &mut Inbox) -> Option<Arc<Snapshot>> {
    loop {
        // Samples were not asked for.
        if let Item::Snapshot(snapshot) = inbox.next().await? {
            return Some(snapshot);
        }
    }
}

/// A folder of its own below the one that is for all spools.
fn create(context: &OutputContext, origin: &Origin) -> Result<Store, StoreError> {
    let base = context.spool.folder.as_deref().unwrap_or(Path::new("."));
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '_'
        }
    };
    let name: String = format!("{}-{}", context.instance, origin.output)
        .chars()
        .map(plain)
        .collect();
    Store::create(&base.join(name), origin, context.spool.limit)
}

/// As a shell reads it.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.+".contains(c);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Work that waits for the disk, on a thread for such work; `None` if it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests;
