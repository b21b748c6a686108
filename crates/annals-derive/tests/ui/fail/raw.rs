//! Raw data is the bytes of one field.

use annals::Event;

#[derive(Event)]
#[event(format = "raw")]
enum File {
    Added(Vec<u8>),
    Renamed { name: String },
    Removed,
}

fn main() {}
