//! The `unlearn` command.
fn main() {}
