//! Durations: what is accepted is written in a form that means the same.
#![no_main]

use brunt_options::{format_duration, parse_duration, parse_duration_or_ms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = parse_duration_or_ms(text);
    if let Ok(duration) = parse_duration(text) {
        let written = format_duration(duration);
        assert_eq!(
            parse_duration(&written),
            Ok(duration),
            "{text:?} as {written:?}"
        );
    }
});
