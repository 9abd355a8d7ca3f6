//! What an output is: traits, catalogue, keys and a conformance kit. No network code.
//!
//! An output is a [`OutputKind`] (its name, its keys, how it is configured) and an [`Output`] (one
//! configured instance that consumes what the test measures). Everything reaches it through an
//! [`Inbox`], the reading end of a bounded edge, so that no output can delay a virtual user.
//!
//! The binary puts every kind it knows into a [`Catalogue`] and hands it the `--out` arguments.

#![forbid(unsafe_code)]

pub mod account;
pub mod catalogue;
pub mod crowd;
pub mod drain;
pub mod edge;
pub mod keys;
pub mod kit;
pub mod lists;
pub mod log;
pub mod merged;
pub mod nearest;
pub mod output;
pub mod pace;
pub mod patterns;
pub mod settings;
pub mod tag_choice;
pub mod worker;

pub use account::{Account, Change, Counts};
pub use catalogue::{Catalogue, Configured, Environment};
pub use crowd::Crowd;
pub use drain::Drain;
pub use edge::{Closing, EdgeSender, Inbox, Item};
pub use keys::{key, secret};
pub use log::{Log, LogLevel};
pub use merged::{Mark, Merged};
pub use output::{
    BoxFuture, ConfigError, Declaration, DeclaredSubmetric, Key, Output, OutputContext,
    OutputError, OutputKind, OutputReport, Settings, Spool, Wants,
};
pub use pace::Pace;
pub use patterns::{Choice, Pattern};
pub use tag_choice::TagChoice;
