//! URLs: whatever is accepted cannot break the request line.
#![no_main]

use brunt_net::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(url) = Target::parse(text) {
        let graphic = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(graphic(url.authority()) && graphic(url.path_and_query()));
        assert!(url.path_and_query().starts_with('/'));
    }
});
