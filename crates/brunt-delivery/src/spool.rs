//! What waits for a receiver that is away: on disk, un-encoded, in order.
//!
//! A snapshot that cannot be delivered waits in the edge, in memory. When the edge is half full, or the
//! receiver has not answered for a while, what waits goes to segments on disk, and newer snapshots wait
//! behind it. So an outage costs disk space, not memory, and what is left at the end is delivered later
//! by `brunt send`. Nothing touches the disk while all is well.
//!
//! Snapshots are kept as they were taken and not as the requests that were made of them, so that a
//! receiver that turns out to speak another protocol, or another receiver, can be sent them, too. They
//! hold no credentials.
//!
//! `record` is the form of a snapshot, `segment` that of a file, `store` the folder of files, `feed`
//! what an output reads from.

mod feed;
mod record;
mod segment;
mod store;

pub use feed::{Consumer, Left, consume};
pub use record::Origin;
pub use store::{Store, StoreError};

pub(crate) use segment::fuzzing;
