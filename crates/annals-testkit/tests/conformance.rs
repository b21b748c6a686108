//! The conformance suite for the backends of this workspace that need nothing installed.

use std::process::ExitCode;

use annals_testkit::{MemoryHarness, run};

fn main() -> ExitCode {
    run(vec![Box::new(MemoryHarness)])
}
