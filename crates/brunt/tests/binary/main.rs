//! The binary as a user runs it: scripts in, exit codes, output and delivered numbers out.
//!
//! One test program with a module per subject, because each program of its own costs a link of the
//! whole tree. Peers are real ones (Prometheus, httpbin) or the testkit's; everything is on
//! loopback. Tests that need a peer which is not installed say so and end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stderr)]

mod api;
mod arrivals;
mod backfill;
mod bad_input;
mod broken_servers;
mod columnar;
mod commands;
mod compare;
mod controlled;
mod convert;
mod coverage;
mod csv_output;
mod dashboards;
mod executors;
mod exit_codes;
mod explain;
mod file_outputs;
mod full_disk;
mod hostile_scripts;
mod http;
mod httpbin;
mod json_output;
mod kit;
mod lingering;
mod logs;
mod memory;
mod modules;
mod network;
mod ocsp;
mod option_effects;
mod options;
mod other_tools;
mod otlp;
mod output_variables;
mod plugins;
mod prometheus;
mod provision;
mod ramps;
mod receiver;
mod remote_write_keys;
mod remote_write_peers;
mod report;
mod reports;
mod request_parameters;
mod s3;
mod segments;
mod signals;
mod soak;
mod spool;
mod summary_files;
mod support;
mod terminal;
