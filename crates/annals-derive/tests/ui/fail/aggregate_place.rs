//! The attribute stands on an impl of the trait.

use annals::aggregate;

struct Counter;

#[aggregate(stream = "counter", key = u64)]
struct Other;

#[aggregate(stream = "counter", key = u64)]
impl Counter {}

fn main() {}
