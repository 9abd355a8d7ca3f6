//! Executor arithmetic: stages, arrival schedules and execution segments.
