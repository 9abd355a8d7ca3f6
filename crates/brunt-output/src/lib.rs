//! What an output is: traits, registry, keys and a conformance kit. No network code.
//!
//! An output is a [`OutputKind`] (its name, its keys, how it is configured) and an [`Output`] (one
//! configured instance that consumes what the test measures). Everything reaches it through an
//! [`Inbox`], the reading end of a bounded edge, so that no output can delay a virtual user.

#![forbid(unsafe_code)]

pub mod edge;
pub mod output;

pub use edge::{EdgeSender, EdgeStats, Inbox, Item};
pub use output::{
    BoxFuture, ConfigError, Declaration, Key, Output, OutputContext, OutputError, OutputKind, OutputReport,
    Settings, Wants,
};
