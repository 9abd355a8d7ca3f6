//! Folders, data sources and dashboards into a Grafana, by its HTTP interface.
//!
//! What is there is read, compared and planned before anything is written, so that a second run changes nothing and a
//! run that was interrupted anywhere is completed by the next one. What people have changed by hand is theirs: each
//! dashboard carries a mark of what was written ([`mark`]), and one that no longer fits its mark is left alone. Grafana's
//! own provisioning from files does neither, and wants a share of its file system.

#![forbid(unsafe_code)]

mod apply;
mod client;
mod dashboard;
mod data_source;
mod desired;
mod folder;
pub mod mark;
mod plan;

pub use apply::apply;
pub use client::{Client, Credentials, Interface, ProvisionError};
pub use desired::{DataSource, DataSourceError, Desired, Folder};
pub use plan::{Action, Plan, Step, plan};
