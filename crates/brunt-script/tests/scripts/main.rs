//! The loader with real files, in one test binary to save linking.

#![allow(clippy::expect_used, clippy::panic)]

mod any_input;
mod commonjs;
mod modules;
mod project;
mod source_maps;
mod typescript;
