//! The client against real sockets on loopback, and its parser against hyper's.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "net/connections.rs"]
mod connections;
#[path = "net/differential.rs"]
mod differential;
#[path = "net/errors.rs"]
mod errors;
#[path = "net/http2.rs"]
mod http2;
#[path = "net/http2_peers.rs"]
mod http2_peers;
#[path = "net/identity.rs"]
mod identity;
#[path = "net/malformed.rs"]
mod malformed;
#[path = "net/measurement.rs"]
mod measurement;
#[path = "net/network.rs"]
mod network;
#[path = "net/proxy.rs"]
mod proxy;
#[path = "net/socks.rs"]
mod socks;
#[path = "net/support.rs"]
mod support;
#[path = "net/tls.rs"]
mod tls;
#[path = "net/tls_peers.rs"]
mod tls_peers;
