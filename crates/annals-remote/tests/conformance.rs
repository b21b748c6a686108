//! The conformance suite over the wire: a server in this process, over the store in memory and over
//! the embedded engine.

use std::process::ExitCode;

mod served;

fn main() -> ExitCode {
    annals_testkit::run(vec![
        Box::new(served::Served(served::Behind::Memory)),
        Box::new(served::Served(served::Behind::Folder)),
    ])
}
