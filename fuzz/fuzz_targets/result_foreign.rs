//! A result file of another program: JMeter's CSV or XML, Gatling's log or Locust's history. No panic, and no more samples
//! than what it says can be.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = brunt_convert::fuzzing::jmeter_csv(bytes);
    let _ = brunt_convert::fuzzing::jmeter_xml(bytes);
    let _ = brunt_convert::fuzzing::gatling(bytes);
    // One of its rows may say of a million requests that they were there.
    if bytes.len() < 1000 {
        let _ = brunt_convert::fuzzing::locust(bytes);
    }
});
