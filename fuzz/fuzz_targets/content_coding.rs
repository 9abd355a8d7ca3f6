//! Packed bodies: any bytes are an error or unpack to no more than the limit, and what was packed
//! unpacks to itself.
#![no_main]

use brunt_net::coding::{Coding, encode, unpack};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let Some((&pick, body)) = data.split_first() else {
        return;
    };
    let coding = Coding::ALL[usize::from(pick & 3)];
    if let Ok(plain) = unpack(&[coding], body.to_vec(), LIMIT) {
        assert!(plain.len() <= LIMIT);
    }
    if pick & 4 != 0 {
        let packed = encode(&[coding], body).expect("packing into memory");
        let again = unpack(&[coding], packed, body.len()).expect("unpacking what was packed");
        assert_eq!(again, body);
    }
});
