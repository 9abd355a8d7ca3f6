//! What a remote write receiver answers: status, `Retry-After` and message.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (u16, &[u8], &str)| {
    let (status, after, message) = data;
    let _ = brunt_output_prometheus::fuzzing::answer(status, after, message);
});
