//! Loopback targets and strict receivers for tests, benches and the demo.
