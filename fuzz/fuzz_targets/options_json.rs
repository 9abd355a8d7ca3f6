//! A script's options: what is accepted can be settled, shown and read again.
#![no_main]

use brunt_options::{LayerOptions, Options, to_script_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(json) = serde_json::from_slice(data) else {
        return;
    };
    if let Ok(layer) = LayerOptions::from_script(&json)
        && let Ok(settled) = Options::consolidate([layer])
    {
        let _ = to_script_json(&settled).to_string();
    }
});
