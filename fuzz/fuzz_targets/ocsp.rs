//! What a server staples to its certificate: DER of whatever shape.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|der: &[u8]| {
    if let Some(status) = brunt_net::fuzzing::stapled_status(der) {
        assert!(["good", "revoked", "unknown", "server_failed"].contains(&status));
    }
});
