//! Loopback targets and strict receivers for tests, benches and the demo.
//!
//! A receiver that shares code with the sender agrees with its mistakes. So nothing here uses an
//! encoder or a decoder of brunt's outputs: protobuf and snappy are read by code of this crate's
//! own. Everything listens on loopback, on a port that the kernel picks, on a thread of its own
//! (callers need no asynchronous runtime), and stops when its handle is dropped.

pub mod certificates;
pub mod client;
pub mod grafana;
pub mod otlp;
pub mod process;
pub mod remote_write;
mod server;
pub mod snappy;
pub mod target;
mod wire;

pub use grafana::Grafana;
pub use otlp::Otlp;
pub use remote_write::RemoteWrite;
pub use server::StartError;
pub use target::Target;
