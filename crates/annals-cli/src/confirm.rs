//! Asking before something is taken away.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::{
    exit::Exit,
    failure::{Failure, Result},
};

/// What to do without asking.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfirmArgs {
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

impl ConfirmArgs {
    /// Says what will happen and asks. Where nobody can answer, nothing happens.
    ///
    /// # Errors
    /// Usage (exit 2) where nobody can answer, failure (exit 1) when it was not agreed to.
    pub(crate) fn ask(&self, what_will_happen: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        let mut stderr = io::stderr();
        writeln!(stderr, "{what_will_happen}")?;
        if !io::stdin().is_terminal() {
            return Err(Failure::usage(
                "nobody can be asked, because stdin is no terminal; nothing was changed",
                "add `--yes` to go on without asking",
            ));
        }
        write!(stderr, "Go on? [y/N] ")?;
        stderr.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Failure,
            "nothing was changed",
            "it was not agreed to",
            "answer `y`, or add `--yes` to go on without asking",
        ))
    }
}
