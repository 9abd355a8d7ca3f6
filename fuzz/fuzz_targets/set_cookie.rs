//! `Set-Cookie` headers: what is sent back is one header line, and a jar has a bound.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (sent, bytes) = brunt_k6::fuzzing::cookies(text.split('\n'));
    assert!(!sent.contains(['\r', '\n', '\0']), "{sent:?}");
    assert!(bytes <= 1 << 20);
});
