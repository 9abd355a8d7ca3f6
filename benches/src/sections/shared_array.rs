//! Resident memory of a `SharedArray` that many VUs read, against its file.

use std::fmt::Write as _;
use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;

/// Bytes of the file, and VUs that read it.
const FILE: usize = 100 << 20;
const VUS: u32 = 500;

/// How much of the file's size may be resident.
const RATIO: f64 = 1.5;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let file = records();
    lab.write("records.json", file.as_bytes())?;
    let without = script("const rows = { length: 1e6 };", "rows.length");
    let with = script(
        "const rows = new SharedArray('records', () => JSON.parse(open('./records.json')));",
        "rows[Math.floor(Math.random() * rows.length)].address.city",
    );
    let megabyte = f64::from(1 << 20);
    let (without, with) = (run(lab, &without)?, run(lab, &with)?);
    Ok(vec![
        Row::info("the file", file.len() as f64 / megabyte, " MiB"),
        Row::info(
            format!("resident without it, {VUS} VUs"),
            without / megabyte,
            " MiB",
        ),
        Row::info(
            format!("resident with it, {VUS} VUs"),
            with / megabyte,
            " MiB",
        ),
        Row::at_most(
            "SharedArray, resident with it / file",
            RATIO,
            with / file.len() as f64,
            " x",
        ),
    ])
}

/// Resident bytes at the end of the run; loading needs more for a while.
fn run(lab: &Lab, script: &str) -> Result<f64, BenchError> {
    let run = lab.brunt(script, Duration::from_millis(50))?;
    Ok(run.finished.last_rss as f64)
}

fn script(rows: &str, look: &str) -> String {
    format!(
        "import {{ SharedArray }} from 'k6/data';\nimport {{ sleep }} from 'k6';\n{rows}\n\
         export const options = {{ vus: {VUS}, duration: '10s' }};\n\
         export default function () {{\n  for (let i = 0; i < 10; i++) {look};\n  sleep(0.5);\n}}\n"
    )
}

/// Users as test data has them: numbers, short texts, an object and a list in each.
fn records() -> String {
    let mut text = String::from("[");
    let mut at = 0_u64;
    while text.len() < FILE {
        let hash = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let separator = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{separator}{{\"id\":{at},\"username\":\"user_{hash:016x}\",\"password\":\"{:012x}\",\
             \"email\":\"user{at}@example.com\",\"balance\":{}.{:02},\"active\":{},\
             \"address\":{{\"street\":\"{} Main Street\",\"city\":\"City {}\",\"zip\":\"{:05}\"}},\
             \"roles\":[\"reader\",\"writer\"]}}",
            hash >> 16,
            hash % 10_000,
            hash % 100,
            hash & 1 == 0,
            hash % 900,
            hash % 50,
            hash % 100_000,
        );
        at += 1;
    }
    text.push(']');
    text
}
