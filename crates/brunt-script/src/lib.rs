//! Finds, loads and strips scripts to plain JavaScript, with source maps.
//!
//! No JavaScript engine is in here: a [`Loader`] answers the questions that one asks (what does
//! this import mean, what is its code) and translates the engine's positions back to the user's
//! own source. A script that is JavaScript already is handed over as it is; only TypeScript is
//! rewritten, and a CommonJS module gets a function around it and an ES module beside it.
//!
//! ```no_run
//! use brunt_script::{Entry, Loader};
//!
//! let loader = Loader::new(Entry::Path("script.ts".into()), ["k6", "k6/http"])?;
//! loader.preload()?;
//! let source = loader.load(loader.entry())?;
//! println!("{:?}: {} bytes", source.kind, source.code.len());
//! # Ok::<(), brunt_script::LoadError>(())
//! ```

mod analysis;
mod builtins;
mod draft;
mod error;
mod facade;
mod files;
mod graph;
mod loader;
mod nearest;
mod nesting;
mod option_place;
mod position;
mod source;
mod source_map;
mod specifier;
mod strip;
mod text;
mod wanted;

pub use analysis::parsed_files::OPEN_TO_PARSE;
pub use error::{ErrorKind, LoadError};
pub use facade::REQUIRE_MODULE;
pub use loader::{Entry, Loader};
pub use option_place::place_in_json;
pub use position::Position;
pub use source::{Kind, Source};
pub use specifier::Specifier;
