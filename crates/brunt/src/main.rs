//! brunt: the command line.
fn main() {}
