//! `annals completions`: completion scripts for shells.

use clap_complete::Shell;

use crate::{cli, exit::Exit, failure::Result};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals completions bash > ~/.local/share/bash-completion/completions/annals\n  \
    annals completions zsh  > ~/.zfunc/_annals\n  \
    annals completions fish > ~/.config/fish/completions/annals.fish")]
pub(crate) struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::definition(), "annals", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)?;
    Ok(Exit::Ok)
}
