//! How anything reaches a network peer: spool, retries, splitting, and the books. No protocol, no
//! encoding.
//!
//! What waits for its turn waits un-encoded, in front of the output: in the edge, and on disk when that
//! gets long ([`consume`]). The output takes one snapshot, cuts it into loads, each a request's worth of
//! series that no other load has, and hands them to a [`Deliverer`], which sends several of them at a
//! time through a [`Transport`] until the fate of each is known. Then it is the next snapshot's turn: so
//! the order within each series stays, which receivers such as Prometheus demand. Everything is bounded:
//! what waits, the loads under way, the waits between attempts, the pieces into which a refused load is
//! cut.
//!
//! A delivery is a plain future; nothing is spawned, so dropping it ends it, and what it had settled
//! until then is in the output's [`Account`](brunt_output::Account).

#![forbid(unsafe_code)]

mod backoff;
mod deliverer;
pub mod http;
mod notes;
mod spool;
mod transport;

pub use backoff::Backoff;
pub use deliverer::{Deliverer, Outcome};
pub use notes::notes;
pub use spool::{Consumer, Left, Origin, Store, StoreError, consume};
pub use transport::{Sent, Split, Transport, Verdict};

#[doc(hidden)]
pub mod fuzzing {
    //! What reads files, without the folder around them.
    pub use crate::spool::fuzzing::segment;
}
