//! A result file in JSON lines: no more samples than lines, whatever it holds.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(brunt_convert::fuzzing::json(bytes) <= lines);
});
