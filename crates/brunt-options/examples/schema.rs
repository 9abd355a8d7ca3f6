//! Prints the JSON Schema of a configuration file:
//! `cargo run --release -p brunt-options --example schema > schemas/options.schema.json`

use std::io::{self, Write};

fn main() -> io::Result<()> {
    writeln!(io::stdout(), "{:#}", brunt_options::schema::json_schema())
}
