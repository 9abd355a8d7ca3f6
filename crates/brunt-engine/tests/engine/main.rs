//! The engine in virtual time, with virtual users that only pretend to work.

mod arrival;
mod executors;
mod lifecycle;
mod pretend;
mod simulation;
