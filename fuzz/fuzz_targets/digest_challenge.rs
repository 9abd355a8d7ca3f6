//! A server's `WWW-Authenticate`: the answer is a header that cannot be read as two.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|challenge: &[u8]| {
    let line = challenge
        .split(|byte| matches!(byte, b'\r' | b'\n' | 0))
        .next()
        .unwrap_or_default();
    if let Some(answer) = brunt_k6::fuzzing::digest(line, "ann:secret") {
        assert!(!answer.contains(['\r', '\n', '\0']));
        assert!(answer.starts_with("Digest username=\"ann\""));
    }
});
