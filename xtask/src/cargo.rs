//! Cargo commands, started at the root of the repository.

use std::env;
use std::process::Command;

use crate::workspace;

/// `cargo ARGS` with the cargo that runs us.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(workspace::root());
    command
}

/// Whether `cargo NAME` is there, as a component or as an installed program.
pub(crate) fn has_subcommand(name: &str) -> bool {
    cargo(&[name, "--version"]).output().is_ok_and(|output| output.status.success())
}

/// What the user would type to run `command`.
pub(crate) fn shown(command: &Command) -> String {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    format!("cargo {}", args.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        assert_eq!(shown(&cargo(&["fmt", "--check"])), "cargo fmt --check");
    }

    #[test]
    fn a_missing_subcommand_is_noticed() {
        assert!(has_subcommand("fmt"));
        assert!(!has_subcommand("no-such-subcommand"));
    }
}
