//! Passwords as they come in: from a file, a variable, a prompt or stdin, and from no argument,
//! because others on the machine see those.

use std::{
    env, fs,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use annals_server::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::{Failure, OrFail, Result};

/// Where a new password comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct PasswordArgs {
    /// A file with the password; ANNALS_USER_PASSWORD counts too
    #[arg(long, value_name = "FILE", env = "ANNALS_USER_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
}

const VARIABLE: &str = "ANNALS_USER_PASSWORD";

impl PasswordArgs {
    /// The password, if a file or the variable has one.
    pub(crate) fn given(&self) -> Result<Option<Secret>> {
        match &self.password_file {
            Some(path) => in_file(path).map(Some),
            None => Ok(env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Secret::new)),
        }
    }

    /// The password, which is asked for where nothing else has it: twice on a terminal, so that a
    /// slip is noticed; else it is the next line of stdin.
    pub(crate) fn given_or_asked(&self, prompt: &str) -> Result<Secret> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let first = asked(prompt)?;
        if io::stdin().is_terminal() && asked("The same once more: ")? != first {
            return Err(Failure::usage("the two are not the same", "type it again"));
        }
        Ok(first)
    }
}

/// The password in a file, without the end of its line.
pub(crate) fn in_file(path: &Path) -> Result<Secret> {
    let text = fs::read_to_string(path)
        .or_fail(|| format!("the password in `{}` cannot be read", path.display()))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

/// The next line of stdin, which is not shown where it is typed.
pub(crate) fn asked(prompt: &str) -> Result<Secret> {
    let stdin = io::stdin();
    let hidden = if stdin.is_terminal() { Some(Hidden::begin(prompt)?) } else { None };
    let mut line = String::new();
    stdin.lock().read_line(&mut line).or_fail(|| "the password could not be read")?;
    drop(hidden);
    let text = line.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage(
            "no password was given",
            format!("type it, write it to stdin, or use a file or {VARIABLE}"),
        ));
    }
    Ok(Secret::new(text))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn begin(prompt: &str) -> Result<Self> {
        let what = || "the password could not be asked for";
        let mut stderr = io::stderr();
        write!(stderr, "{prompt}")?;
        stderr.flush()?;
        let before = tcgetattr(io::stdin()).map_err(io::Error::from).or_fail(what)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        let set = tcsetattr(io::stdin(), OptionalActions::Flush, &silent);
        set.map_err(io::Error::from).or_fail(what)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing shown.
        let shown = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        drop(shown.map_err(io::Error::from));
        drop(writeln!(io::stderr()));
    }
}
