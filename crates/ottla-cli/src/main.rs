//! Placeholder of the house.
fn main() {}
