//! A segment of a spool, whatever a disk has made of it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    brunt_delivery::fuzzing::segment(data);
});
