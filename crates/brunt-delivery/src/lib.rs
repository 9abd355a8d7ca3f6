//! How anything reaches a network peer: queue, retry and drain.
