//! HTTP/1 responses, with head, chunks and trailers: however the bytes are cut into reads, the
//! same comes out, and the limit holds.
#![no_main]

use brunt_net::fuzzing::parse;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Some((&size, response)) = data.split_first() else {
        return;
    };
    let head_only = size & 0x80 != 0;
    let whole = parse([response], head_only, LIMIT);
    let size = usize::from(size & 0x7f).max(1);
    let cut = parse(response.chunks(size), head_only, LIMIT);
    match (&whole, &cut) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        // Which of two faults is seen first may depend on the cuts.
        (Err(_), Err(_)) => {}
        _ => panic!("whole: {whole:?}\nin pieces: {cut:?}"),
    }
    if let Ok((response, _)) = whole {
        assert!(response.body.len() <= LIMIT);
    }
});
