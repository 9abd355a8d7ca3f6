//! Chunked bodies: the same as `http1_response`, but past the head that chance would seldom write.
#![no_main]

use brunt_net::fuzzing::parse;
use libfuzzer_sys::fuzz_target;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const LIMIT: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Some((&size, body)) = data.split_first() else {
        return;
    };
    let whole = parse([HEAD, body], false, LIMIT);
    let size = usize::from(size).max(1);
    let cut = parse([HEAD].into_iter().chain(body.chunks(size)), false, LIMIT);
    match (&whole, &cut) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(_), Err(_)) => {}
        _ => panic!("whole: {whole:?}\nin pieces: {cut:?}"),
    }
    if let Ok((response, _)) = whole {
        assert!(response.body.len() <= body.len().min(LIMIT));
    }
});
