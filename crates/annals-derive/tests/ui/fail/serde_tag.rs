//! The event type is the tag.

use annals::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Tagged {
    Opened { account: u64 },
}

#[derive(Event, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Opened { account: u64 },
}

fn main() {}
