//! Worker threads, VU pool, executors, lifecycle and control.
//!
//! The engine drives [`Vu`]s and knows nothing of scripts: it is tested in virtual time with VUs
//! that only pretend to work.

#![forbid(unsafe_code)]

pub mod clock;
pub mod log;
pub mod state;
pub mod vu;

pub use clock::Clock;
pub use log::{Level, LogSink, Record};
pub use state::TestState;
pub use vu::{Call, Iteration, Outcome, Scenario, SetupData, Step, Vu, VuFactory, VuId, WorkerCx};
