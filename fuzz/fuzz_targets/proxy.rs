//! Proxies and exceptions as the environment names them.
#![no_main]

use brunt_net::Proxies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str)| {
    let (proxy, exceptions) = data;
    let _ = Proxies::from_env(|name| match name {
        "ALL_PROXY" => Some(proxy.to_owned()),
        "NO_PROXY" => Some(exceptions.to_owned()),
        _ => None,
    });
});
