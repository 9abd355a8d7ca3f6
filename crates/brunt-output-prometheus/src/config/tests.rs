use super::*;
fn _unused() {}
