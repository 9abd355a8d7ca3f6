//! Worker threads, VU pool, executors, lifecycle and control.
//!
//! The engine drives [`Vu`]s and knows nothing of scripts: it is tested in virtual time with VUs
//! that only pretend to work.

#![forbid(unsafe_code)]

pub mod clock;
mod conductor;
pub mod config;
pub mod control;
pub mod engine;
mod executor;
mod local;
pub mod log;
mod mailbox;
pub mod monotonic;
pub mod outcome;
mod plan;
mod schedule;
pub mod state;
mod threads;
pub mod time;
mod timers;
pub mod vu;
pub mod worker;

pub use clock::Clock;
pub use config::EngineConfig;
pub use control::{Control, ControlError, Phase, Reason, Scale, Status};
pub use engine::{Engine, Parts, run_test};
pub use local::WorkerLocal;
pub use log::{Level, LogSink, Record};
pub use monotonic::MonotonicTime;
pub use outcome::{CallError, End, StartError, Teardown, TestOutcome};
pub use state::{ScenarioState, TestState};
pub use time::TimeSource;
pub use vu::{Call, Iteration, Outcome, Scenario, SetupData, Step, Vu, VuFactory, VuId, WorkerCx};
pub use worker::{Worker, WorkerSeed};
