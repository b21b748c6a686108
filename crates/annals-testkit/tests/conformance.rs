//! The conformance suite for the backends of this workspace that need nothing installed.

use std::process::ExitCode;

use annals_testkit::{MemoryHarness, run};

mod embedded;

fn main() -> ExitCode {
    run(vec![
        Box::new(MemoryHarness),
        Box::new(embedded::InFolder),
        Box::new(embedded::TinySegments),
    ])
}
