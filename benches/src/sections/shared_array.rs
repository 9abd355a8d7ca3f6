//! A `SharedArray` that many VUs read: its memory against the file it came from, while it is made
//! and while it is used, and what it costs to look at an item.

use std::fmt::Write as _;
use std::time::Duration;

use crate::child::Finished;
use crate::lab::{BenchError, Lab};
use crate::report::Row;

/// Bytes of the file, and VUs that read it.
const FILE: usize = 100 << 20;
const VUS: u32 = 500;

/// How much of the file's size may be resident.
const RATIO: f64 = 1.5;

const MEGABYTE: f64 = (1 << 20) as f64;

/// As the documentation of k6 shows it, and with a text that the script has in its hands.
const AT_ONCE: &str = "JSON.parse(open('./records.json'))";
const AS_TEXT: &str = "{ const text = open('./records.json'); return JSON.parse(text); }";

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let file = records();
    lab.write("records.json", file.as_bytes())?;
    let file = file.len() as f64;
    let without = run(lab, &script("const rows = { length: 1e6 };", "rows.length"))?;
    let base = without.last_rss as f64;
    let mut rows = vec![
        Row::info("the file", file / MEGABYTE, " MiB"),
        Row::info(
            format!("resident without a SharedArray, {VUS} VUs"),
            base / MEGABYTE,
            " MiB",
        ),
    ];
    for (name, make) in [
        ("JSON.parse(open())", AT_ONCE),
        ("JSON.parse(text)", AS_TEXT),
    ] {
        let list = format!("const rows = new SharedArray('records', () => {make});");
        let look = "rows[Math.floor(Math.random() * rows.length)].address.city";
        let with = run(lab, &script(&list, look))?;
        let (last, peak) = (with.last_rss as f64, with.peak_rss as f64);
        let figure = |what: &str| format!("{name}: {what}");
        rows.extend([
            Row::info(figure("resident with it"), last / MEGABYTE, " MiB"),
            Row::info(figure("what it adds / file"), (last - base) / file, " x"),
            Row::at_most(
                figure("all that is resident / file"),
                RATIO,
                last / file,
                " x",
            ),
            Row::info(figure("peak of all / file"), peak / file, " x"),
        ]);
    }
    rows.extend(access(lab)?);
    Ok(rows)
}

/// Its memory is last seen at the end of the run.
fn run(lab: &Lab, script: &str) -> Result<Finished, BenchError> {
    Ok(lab.brunt(script, Duration::from_millis(50))?.finished)
}

fn script(rows: &str, look: &str) -> String {
    format!(
        "import {{ SharedArray }} from 'k6/data';\nimport {{ sleep }} from 'k6';\n{rows}\n\
         export const options = {{ vus: {VUS}, duration: '10s' }};\n\
         export default function () {{\n  for (let i = 0; i < 10; i++) {look};\n  sleep(0.5);\n}}\n"
    )
}

/// Looking at a member of an item, beside parsing and freezing its JSON for each look as k6 does.
fn access(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let script = format!(
        "import {{ SharedArray }} from 'k6/data';\nimport {{ Trend }} from 'k6/metrics';\n\
         const rows = new SharedArray('records', () => {AT_ONCE});\n\
         const kept = new Trend('kept'), parsed = new Trend('parsed');\n\
         export const options = {{ vus: 1, iterations: 7 }};\n\
         const freeze = (v) => {{ if (typeof v === 'object' && v !== null) {{ \
         for (const key in v) freeze(v[key]); Object.freeze(v); }} return v; }};\n\
         export default function () {{\n  const count = 30000, texts = [];\n  \
         for (let i = 0; i < count; i++) texts.push(JSON.stringify(rows[i * 10]));\n  \
         const start = Date.now();\n  for (let i = 0; i < count; i++) rows[i * 10].address.city;\n  \
         const middle = Date.now();\n  \
         for (let i = 0; i < count; i++) freeze(JSON.parse(texts[i])).address.city;\n  \
         const end = Date.now();\n  kept.add((middle - start) * 1000 / count);\n  \
         parsed.add((end - middle) * 1000 / count);\n}}\n"
    );
    let run = lab.brunt(&script, Duration::from_millis(50))?;
    let (kept, parsed) = (run.known("kept", "med"), run.known("parsed", "med"));
    Ok(vec![
        Row::info("looking at an item", kept, " us"),
        Row::info("parsing and freezing its JSON instead", parsed, " us"),
        Row::info("parsing / looking", parsed / kept, " x"),
    ])
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
