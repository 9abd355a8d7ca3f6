//! Forms with a file: whatever name and type are, the head of the part has three lines.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str, &str, &[u8])| {
    let (name, file, kind, content) = data;
    let (body, kind) = brunt_k6::fuzzing::multipart(name, file, kind, content);
    let boundary = kind
        .strip_prefix("multipart/form-data; boundary=")
        .expect("the boundary");
    let rest = body
        .strip_prefix(format!("--{boundary}\r\n").as_bytes())
        .expect("the start");
    let rest = rest
        .strip_suffix(format!("\r\n--{boundary}--\r\n").as_bytes())
        .expect("the end");
    let head = rest.strip_suffix(content).expect("the content");
    let head = head.strip_suffix(b"\r\n\r\n").expect("the end of the head");
    let breaks = head
        .iter()
        .filter(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    assert_eq!(breaks, 2, "{}", String::from_utf8_lossy(head));
});
