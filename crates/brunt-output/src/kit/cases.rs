//! What an output does when its peer is well, slow, stalled, away for a while or away to the end, and
//! when it is killed itself.
//!
//! A test puts a peer into the kit's hands: something that an output sends to, that can be told how to
//! behave and asked what it holds. Every output is led through the same cases; only the peers differ.

use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::{SeriesPoint, SeriesValue, Snapshot};

use crate::account::{Account, Counts};
use crate::edge::{EdgeSender, Item, edge};
use crate::kit::{Fed, Fixture, GRACE, Violation, closed};
use crate::output::{Output, OutputContext, Wants};

/// The metric of everything that the kit sends; its values are 1, 2, 3, …
pub const METRIC: &str = "http_reqs";

/// How a peer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It takes everything at once.
    Takes,
    /// It takes everything, slowly.
    Dawdles,
    /// It is there and takes nothing.
    Stalls,
    /// It answers that it cannot take anything now.
    Refuses,
}

/// The other end of an output.
pub trait Peer: Send + Sync {
    /// A fresh output that sends to it, as the command line would make it.
    fn output(&self) -> Box<dyn Output>;

    /// Behaves so from now on; `false` if it cannot.
    fn behave(&self, behaviour: Behaviour) -> bool;

    /// Whether it loses what it has in its hands when the output ends it.
    fn forgets(&self) -> bool {
        false
    }

    /// What it holds of [`METRIC`], in its order. Asked when the output has ended.
    ///
    /// # Errors
    /// If it cannot be read, with the reason.
    fn held(&self) -> Result<Vec<f64>, String>;
}

/// A case and the rule that was broken in it.
#[derive(Debug, thiserror::Error)]
#[error("{case}: {violation}")]
pub struct Broken {
    /// The case.
    pub case: &'static str,
    /// The rule.
    #[source]
    pub violation: Violation,
}

/// Samples of an item, where it is of samples.
const BATCH: u64 = 100;

/// Nanoseconds from one item to the next.
const STEP: i64 = 1_000_000_000;

/// What is fed: an endless row of items, each of which goes on where the one before ended.
struct Feed {
    fixture: Fixture,
    wants: Wants,
    /// When the first item was measured: some receivers take nothing that is old.
    began: i64,
    items: u64,
}

impl Feed {
    fn new(wants: Wants, drain: Duration) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(0));
        Self {
            fixture: Fixture::new().with_drain_timeout(drain),
            wants,
            began: now - 600 * STEP,
            items: 0,
        }
    }

    fn next(&mut self) -> Item {
        let at = self.items;
        self.items += 1;
        let series = self.fixture.series(METRIC, &[("name", "kit")]);
        let time = self.began + at as i64 * STEP;
        match self.wants {
            Wants::Samples => {
                let sample = |number: u64| {
                    let value = at * BATCH + number + 1;
                    (series, time + number as i64 * 1_000, value as f64)
                };
                let samples: Vec<_> = (0..BATCH).map(sample).collect();
                Item::Samples(Arc::new(self.fixture.batch(&samples)))
            }
            Wants::Snapshots { .. } => Item::Snapshot(Arc::new(Snapshot {
                time,
                last: false,
                own: Vec::new(),
                series: vec![SeriesPoint {
                    id: series,
                    first: self.began,
                    newest: time,
                    value: SeriesValue::Counter(at as f64 + 1.0),
                }],
            })),
        }
    }

    /// The value that was fed last.
    fn last(&self) -> f64 {
        let each = match self.wants {
            Wants::Samples => BATCH,
            Wants::Snapshots { .. } => 1,
        };
        (self.items * each) as f64
    }
}

/// Feeds one output while a peer behaves this way and that.
struct Session<'a, P> {
    peer: &'a P,
    feed: Feed,
    sender: EdgeSender,
    account: Account,
}

impl<P: Peer> Session<'_, P> {
    async fn give(&mut self, items: u64) {
        for _ in 0..items {
            self.sender.push(self.feed.next());
            // The output may take it, and finds its peer as it is.
            tokio::task::yield_now().await;
        }
    }

    /// Until everything that was given is in the peer's hands, or for as long as the drain may take.
    async fn settled(&self) {
        let limit = self.feed.fixture.context().drain.limit();
        let settled = async {
            while self.account.counts().lag > 0 || self.account.counts().delivered == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // What did not settle is found out when the books are looked at.
        let _ = tokio::time::timeout(limit, settled).await;
    }
}

/// Leads fresh outputs with fresh peers through all cases that the peers can play.
///
/// # Errors
/// The first rule that was broken.
pub async fn conform_in_all_cases<P: Peer>(make: impl Fn() -> P) -> Result<(), Broken> {
    let in_case = |case| move |violation| Broken { case, violation };
    order(&make()).await.map_err(in_case("order"))?;
    for (case, behaviour) in [
        ("an outage, stalled", Behaviour::Stalls),
        ("an outage, refusing", Behaviour::Refuses),
    ] {
        outage(&make(), behaviour).await.map_err(in_case(case))?;
    }
    slow(&make()).await.map_err(in_case("a slow peer"))?;
    for (case, behaviour) in [
        ("stalled to the end", Behaviour::Stalls),
        ("refusing to the end", Behaviour::Refuses),
    ] {
        gone(&make(), behaviour).await.map_err(in_case(case))?;
    }
    Ok(())
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

/// What is sent while a peer is away is fed at once; so long it stays away for the output to notice.
const AWAY: Duration = Duration::from_millis(250);

/// Everything arrives, in its order.
async fn order<P: Peer>(peer: &P) -> Result<(), Violation> {
    let (fed, last) = session(peer, usize::MAX, LONG, async |session| {
        session.give(50).await;
    })
    .await?;
    nothing_lost(peer, &fed.counts, last)
}

/// An outage that ends, within what an edge holds, loses nothing.
async fn outage<P: Peer>(peer: &P, behaviour: Behaviour) -> Result<(), Violation> {
    if !peer.behave(behaviour) {
        return Ok(());
    }
    peer.behave(Behaviour::Takes);
    let (fed, last) = session(peer, usize::MAX, LONG, async |session| {
        session.give(10).await;
        session.settled().await;
        session.peer.behave(behaviour);
        session.give(20).await;
        tokio::time::sleep(AWAY).await;
        session.give(20).await;
        session.peer.behave(Behaviour::Takes);
        session.give(10).await;
    })
    .await?;
    nothing_lost(peer, &fed.counts, last)
}

/// A peer that is too slow for what comes gets the newest; what it does not get is counted.
async fn slow<P: Peer>(peer: &P) -> Result<(), Violation> {
    if !peer.behave(Behaviour::Dawdles) {
        return Ok(());
    }
    let (fed, last) = session(peer, 1, LONG, async |session| session.give(200).await).await?;
    let held = held(peer)?;
    agrees(peer_wants(peer), &held, &fed.counts)?;
    match held.last() {
        Some(newest) if *newest >= last => Ok(()),
        newest => Err(Violation::Missing {
            last,
            held: newest.copied(),
        }),
    }
}

/// A peer that takes nothing any more does not keep the output beyond its time, and every loss is
/// counted.
async fn gone<P: Peer>(peer: &P, behaviour: Behaviour) -> Result<(), Violation> {
    if !peer.behave(behaviour) {
        return Ok(());
    }
    peer.behave(Behaviour::Takes);
    let (fed, _) = session(peer, 1, SHORT, async |session| {
        session.give(1).await;
        session.settled().await;
        session.peer.behave(behaviour);
        session.give(200).await;
    })
    .await?;
    peer.behave(Behaviour::Takes);
    if fed.counts.dropped + fed.counts.spooled == 0 {
        return Err(Violation::Unaccounted {
            given: fed.counts.accepted,
            accounted: fed.counts.delivered,
        });
    }
    let held = held(peer)?.len() as u64;
    // What was on its way when time was up may have come after all.
    if held < fed.counts.delivered && !peer.forgets() {
        return Err(Violation::Unheld {
            delivered: fed.counts.delivered,
            held,
        });
    }
    Ok(())
}

/// Runs one output over what `feeding` gives; the books and the value that was fed last.
async fn session<P: Peer>(
    peer: &P,
    edge_bytes: usize,
    drain: Duration,
    feeding: impl AsyncFnOnce(&mut Session<'_, P>),
) -> Result<(Fed, f64), Violation> {
    let mut output = peer.output();
    output.check().await?;
    let account = Account::default();
    let (sender, inbox) = edge(edge_bytes, account.clone());
    let feed = Feed::new(output.wants(), drain);
    let context = OutputContext {
        account: account.clone(),
        ..feed.fixture.context().clone()
    };
    let limit = drain + GRACE;
    let run = output.run(inbox, context);
    let mut session = Session {
        peer,
        feed,
        sender,
        account: account.clone(),
    };
    let feeding = async {
        feeding(&mut session).await;
        session.sender.close();
    };
    // An output that ends early, with an error, ends the case; one that never ends is late.
    let ((), report) = tokio::join!(feeding, tokio::time::timeout(LONG + limit, run));
    let report = report.map_err(|_| Violation::Late)??;
    account.close();
    let last = session.feed.last();
    let fed = closed(Fed {
        report,
        counts: account.counts(),
    })?;
    Ok((fed, last))
}

fn peer_wants<P: Peer>(peer: &P) -> Wants {
    peer.output().wants()
}

fn held<P: Peer>(peer: &P) -> Result<Vec<f64>, Violation> {
    let held = peer.held().map_err(Violation::Unreadable)?;
    match held.windows(2).find(|two| two[0] >= two[1]) {
        Some(two) => Err(Violation::Disorder {
            first: two[0],
            second: two[1],
        }),
        None => Ok(held),
    }
}

/// What the books call delivered is what the peer holds. Of snapshots it may hold more than it said
/// it had: an answer that came too late.
fn agrees(wants: Wants, held: &[f64], counts: &Counts) -> Result<(), Violation> {
    let held = held.len() as u64;
    let agrees = match wants {
        Wants::Samples => held == counts.delivered,
        Wants::Snapshots { .. } => held >= counts.delivered,
    };
    if agrees {
        Ok(())
    } else {
        Err(Violation::Unheld {
            delivered: counts.delivered,
            held,
        })
    }
}

fn nothing_lost<P: Peer>(peer: &P, counts: &Counts, last: f64) -> Result<(), Violation> {
    let held = held(peer)?;
    agrees(peer_wants(peer), &held, counts)?;
    if counts.delivered != counts.accepted {
        return Err(Violation::Unaccounted {
            given: counts.accepted,
            accounted: counts.delivered,
        });
    }
    if held.last() == Some(&last) && held.len() as f64 == last {
        Ok(())
    } else {
        Err(Violation::Missing {
            last,
            held: held.last().copied(),
        })
    }
}

/// Feeds an output for ever, item by item, and tells each time the value up to which its books say
/// that everything has arrived. For a process that is going to be killed.
pub async fn feed_until_killed(
    mut output: Box<dyn Output>,
    mut tell: impl FnMut(f64),
) -> Result<(), Violation> {
    output.check().await?;
    let account = Account::default();
    let (sender, inbox) = edge(usize::MAX, account.clone());
    let mut feed = Feed::new(output.wants(), LONG);
    let context = OutputContext {
        account: account.clone(),
        ..feed.fixture.context().clone()
    };
    let feeding = async {
        loop {
            sender.push(feed.next());
            while account.counts().lag > 0 || account.counts().delivered == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tell(feed.last());
        }
    };
    tokio::select! {
        ended = output.run(inbox, context) => ended.map(|_| ()).map_err(Violation::from),
        () = feeding => Ok(()),
    }
}

/// Whether a peer holds everything up to `settled`, without a gap, after its output was killed.
///
/// # Errors
/// The rule that was broken.
pub fn holds_up_to<P: Peer>(peer: &P, settled: f64) -> Result<(), Violation> {
    let held = held(peer)?;
    match held.last() {
        Some(last) if *last >= settled && held.len() as f64 == *last => Ok(()),
        last => Err(Violation::Missing {
            last: settled,
            held: last.copied(),
        }),
    }
}
