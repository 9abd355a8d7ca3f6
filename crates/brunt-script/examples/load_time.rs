//! How long loading takes: `load_time SCRIPT`, or a generated TypeScript file of 400 kB.

#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use brunt_script::{Entry, LoadError, Loader};

fn main() -> Result<(), LoadError> {
    let entry = match std::env::args_os().nth(1) {
        Some(path) => Entry::Path(PathBuf::from(path)),
        None => Entry::Text {
            text: generated(400_000).into_bytes(),
            cwd: PathBuf::from("/"),
        },
    };
    for round in 1..=5 {
        let start = Instant::now();
        let loader = Loader::new(entry.clone(), ["k6", "k6/http"])?;
        let source = loader.load(loader.entry())?;
        let loaded = start.elapsed();
        let start = Instant::now();
        let line = source.code.lines().count() as u32;
        let place = loader.map(source.specifier.as_str(), line / 2, 5);
        let mapped = start.elapsed();
        let start = Instant::now();
        for line in 1..=1_000 {
            std::hint::black_box(loader.map(source.specifier.as_str(), line, 5));
        }
        let each = start.elapsed() / 1_000;
        println!(
            "round {round}: {} bytes of {:?} in {loaded:?}; first place ({}:{}) in {mapped:?}, \
             others in {each:?}",
            source.code.len(),
            source.kind,
            place.line,
            place.column,
        );
    }
    Ok(())
}

fn generated(bytes: usize) -> String {
    let mut code = String::from("import http from 'k6/http';\n");
    let mut at = 0;
    while code.len() < bytes {
        // Writing to a String cannot fail.
        let _ = write!(
            code,
            "interface Item{at} {{ id: number; name?: string }}\n\
             enum Colour{at} {{ Red = {at}, Green }}\n\
             export class Client{at}<T extends Item{at}> {{\n\
             \x20 constructor(private readonly base: string, public retries: number = 3) {{}}\n\
             \x20 get(item: T, colour: Colour{at} = Colour{at}.Red): string | undefined {{\n\
             \x20   const url = `${{this.base}}/${{item.id}}?c=${{colour as number}}`;\n\
             \x20   return http.get(url, {{ tags: {{ name: item.name ?? 'none' }} }}).body as string;\n\
             \x20 }}\n}}\n",
        );
        at += 1;
    }
    code
}
