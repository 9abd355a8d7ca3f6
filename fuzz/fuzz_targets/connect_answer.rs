//! A proxy's answer to `CONNECT`: it is judged once it is complete, and then for good.
#![no_main]

use brunt_net::fuzzing::connect_answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: &[u8]| {
    let verdict = connect_answer(answer);
    // Bytes after a tunnel's beginning are refused, but nothing that was refused opens later.
    for end in 0..answer.len().min(256) {
        if connect_answer(&answer[..end]) == Some(false) {
            assert_eq!(verdict, Some(false));
        }
    }
});
