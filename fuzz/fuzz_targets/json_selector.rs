//! `response.json(path)`: a server's document and a script's path. The crate behind it panics now
//! and then, which is caught there, so panics only count here when they come out.
#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;

static QUIET: Once = Once::new();

fuzz_target!(|data: (&str, &str)| {
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let (document, path) = data;
    let _ = brunt_k6::fuzzing::json_selector(document, path);
});
