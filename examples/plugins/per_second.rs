//! A brunt plug-in: requests per second, as CSV.
//!
//!     brunt run --out exec='per_second rates.csv' script.js
//!
//! brunt writes every sample to our standard input as an Arrow IPC stream; what we write to stderr becomes
//! a line in brunt's log. A package of your own needs arrow-array and arrow-ipc.

#![allow(clippy::print_stderr)] // What a plug-in says there goes to the log.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::stdin;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampNanosecondType};
use arrow_ipc::reader::StreamReader;

fn main() -> Result<(), Box<dyn Error>> {
    let report = std::env::args().nth(1).unwrap_or("rates.csv".to_owned());
    let mut per_second: BTreeMap<i64, u64> = BTreeMap::new();
    for batch in StreamReader::try_new(stdin().lock(), None)? {
        let batch = batch?;
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or(format!("no column {name}"))
        };
        // A dictionary: few different texts, and a key for each row.
        let metric = column("metric")?.as_dictionary::<Int32Type>();
        let names = metric.values().as_string::<i32>();
        let time = column("time")?.as_primitive::<TimestampNanosecondType>();
        for (key, time) in metric.keys().values().iter().zip(time.values()) {
            if names.value(*key as usize) == "http_reqs" {
                *per_second.entry(time / 1_000_000_000).or_default() += 1;
            }
        }
    }
    let lines = per_second
        .iter()
        .map(|(second, count)| format!("{second},{count}\n"));
    fs::write(
        &report,
        format!("second,requests\n{}", lines.collect::<String>()),
    )?;
    eprintln!("requests of {} seconds are in {report}", per_second.len());
    Ok(())
}
