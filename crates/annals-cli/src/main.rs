//! The `annals` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    annals_cli::main(std::env::args_os())
}
