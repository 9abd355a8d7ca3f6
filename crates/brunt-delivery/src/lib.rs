//! How anything reaches a network peer: queue, retry and drain. No protocol, no encoding.
//!
//! An output encodes what it has into [`Parcel`]s and pushes them into a [`Queue`]; a [`Deliverer`]
//! takes them out one after the other and hands them to a [`Transport`], which says what became of
//! each ([`Verdict`]). One at a time and in order, because receivers such as Prometheus refuse
//! samples that are older than what they have; a parcel that must be tried again holds up the ones
//! behind it. Everything is bounded: the queue in bytes, the waits between attempts, the drain at
//! the end, the pieces into which a refused parcel is cut.
//!
//! Both halves are plain futures for one task; nothing is spawned, so dropping an output stops it.

#![forbid(unsafe_code)]

mod backoff;
mod deliverer;
mod queue;
mod spool;

pub use backoff::Backoff;
pub use deliverer::{Deliverer, Transport, Verdict};
pub use queue::{Parcel, Queue, Stats};
pub use spool::{Consumer, Left, Origin, Store, StoreError, consume};

#[doc(hidden)]
pub mod fuzzing {
    //! What reads files, without the folder around them.
    pub use crate::spool::fuzzing::segment;
}

/// Makes the two halves of a delivery: parcels go into the queue, which holds at most `capacity`
/// bytes; the deliverer sends them with `transport`.
pub fn delivery<T: Transport>(
    transport: T,
    backoff: Backoff,
    capacity: usize,
) -> (Queue, Deliverer<T>) {
    let queue = Queue::new(capacity);
    let deliverer = Deliverer::new(transport, backoff, &queue);
    (queue, deliverer)
}
