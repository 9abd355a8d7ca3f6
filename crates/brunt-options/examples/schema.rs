//! Prints the JSON Schema of a configuration file:
//! `cargo run --release -p brunt-options --example schema > schemas/options.schema.json`

fn main() {
    println!("{:#}", brunt_options::schema::json_schema());
}
