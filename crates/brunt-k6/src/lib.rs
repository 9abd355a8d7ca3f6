//! The k6 modules, native: what a script can import and which globals it sees.
//!
//! One Rust module for each `k6/*` import. A virtual user's state is a [`host::K6Host`]; what all
//! virtual users share is a [`config::K6Config`].

#![forbid(unsafe_code)]
// Host functions take what the binding hands them, which is values.
#![allow(clippy::needless_pass_by_value)]

mod args;
mod caches;
mod checks;
pub mod config;
mod console;
pub mod data;
mod encoding;
mod execution;
mod globals;
pub mod host;
mod html;
mod http;
mod inspect;
mod k6;
mod metrics;
mod named;
mod stage;
mod tags;
mod text;
mod timers;

pub use config::K6Config;
pub use host::{K6Factory, K6Host};

#[doc(hidden)]
pub mod fuzzing {
    //! What reads bytes that somebody else wrote, without a virtual user around it.

    /// Whether `response.json(path)` finds something in this document.
    pub fn json_selector(document: &str, path: &str) -> bool {
        crate::http::json::select(document, path).is_some()
    }

    /// The answer to a challenge of digest authentication.
    pub fn digest(challenge: &[u8], credentials: &str) -> Option<String> {
        let subject = crate::http::auth::Subject {
            method: "GET",
            uri: "/",
            body: b"",
        };
        crate::http::auth::Credentials::new(credentials).digest([challenge], subject)
    }

    /// What a jar sends back after these `Set-Cookie` headers, as the value of `Cookie`, and how
    /// many bytes of names, values, domains and paths it then holds at most.
    pub fn cookies<'a>(headers: impl IntoIterator<Item = &'a str>) -> (String, usize) {
        crate::http::jar::fuzzing::round_trip(headers)
    }

    /// The body of a form with one file in it and its content type, which names the boundary.
    pub fn multipart(name: &str, file: &str, content_type: &str, data: &[u8]) -> (Vec<u8>, String) {
        use crate::http::{file::File, multipart};
        let file = File {
            name: file.to_owned(),
            content_type: content_type.to_owned(),
            data: data.to_vec(),
        };
        multipart::encode(&[(name.to_owned(), multipart::Part::File(file))])
    }
}

/// The modules that scripts can import.
pub const MODULES: &[&str] = &[
    "k6",
    "k6/data",
    "k6/encoding",
    "k6/execution",
    "k6/html",
    "k6/http",
    "k6/metrics",
    "k6/timers",
];
