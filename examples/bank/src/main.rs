//! A bank: rows A and B of the requirements as one story that checks itself.

mod account;

fn main() {}
