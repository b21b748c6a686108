//! Where PostgreSQL's programs are on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder with PostgreSQL's programs; nothing else is
/// searched then.
pub const PROGRAMS_FOLDER: &str = "ANNALS_TEST_POSTGRES_BIN";

/// Where Debian and its descendants keep a folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Everything that is started here; all of one version, so from one folder.
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "pg_basebackup", "psql"];

/// A folder with all programs of PostgreSQL that tests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    bin: PathBuf,
}

impl Installation {
    /// The folder that `ANNALS_TEST_POSTGRES_BIN` names; without it the newest
    /// version of `/usr/lib/postgresql`, or else the first of `PATH`.
    ///
    /// # Errors
    /// No folder has all programs; the text says which are missing where, and
    /// what to install.
    pub fn find() -> Result<Self, String> {
        if let Some(bin) = env::var_os(PROGRAMS_FOLDER).filter(|bin| !bin.is_empty()) {
            return named(PathBuf::from(bin));
        }
        let mut folders = by_version(Path::new(DEBIAN));
        folders.extend(on_path());
        first_complete(folders)
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

fn named(bin: PathBuf) -> Result<Installation, String> {
    let missing = missing(&bin);
    if missing.is_empty() {
        return Ok(Installation { bin });
    }
    let bin = bin.display();
    Err(format!("{PROGRAMS_FOLDER} names `{bin}`, which has no {}", missing.join(", no ")))
}

/// The first folder with everything; the error is about the one that comes closest.
fn first_complete(folders: Vec<PathBuf>) -> Result<Installation, String> {
    let mut nearest: Option<(PathBuf, Vec<&str>)> = None;
    for bin in folders {
        let missing = missing(&bin);
        if missing.is_empty() {
            return Ok(Installation { bin });
        }
        if missing.len() < nearest.as_ref().map_or(PROGRAMS.len(), |(_, best)| best.len()) {
            nearest = Some((bin, missing));
        }
    }
    let what = match nearest {
        Some((bin, missing)) => format!("`{}` has no {}", bin.display(), missing.join(", no ")),
        None => format!("neither {DEBIAN} nor PATH has PostgreSQL's programs"),
    };
    Err(format!(
        "{what}; install PostgreSQL's server (Debian: apt-get install postgresql), or name the folder of its programs in {PROGRAMS_FOLDER}"
    ))
}

fn missing(bin: &Path) -> Vec<&'static str> {
    PROGRAMS.into_iter().filter(|name| !bin.join(name).is_file()).collect()
}

/// The folders `VERSION/bin` of `root`, newest first.
fn by_version(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            // Versions before 10 have a dot, and are too old to be of use.
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, bin)| bin).collect()
}

/// The folders of `PATH`, each followed by the one its `postgres` is a link into.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path);
    folders
        .flat_map(|folder| {
            let target = fs::canonicalize(folder.join("postgres")).ok();
            let linked = target.and_then(|program| Some(program.parent()?.to_owned()));
            [Some(folder), linked].into_iter().flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(root: &Path, name: &str, programs: &[&str]) -> PathBuf {
        let bin = root.join(name).join("bin");
        fs::create_dir_all(&bin).unwrap();
        for program in programs {
            fs::write(bin.join(program), "").unwrap();
        }
        bin
    }

    #[test]
    fn the_newest_complete_version_is_taken() {
        let root = tempfile::tempdir().unwrap();
        folder(root.path(), "9", &PROGRAMS);
        let complete = folder(root.path(), "15", &PROGRAMS);
        folder(root.path(), "17", &["psql"]);
        folder(root.path(), "docs", &PROGRAMS);
        let found = first_complete(by_version(root.path()));
        assert_eq!(found, Ok(Installation { bin: complete }));
    }

    #[test]
    fn what_is_missing_is_named() {
        let root = tempfile::tempdir().unwrap();
        let client = folder(root.path(), "15", &["psql", "pg_basebackup"]);
        let reason = first_complete(vec![root.path().to_owned(), client]).unwrap_err();
        assert!(reason.contains("15/bin` has no initdb, no postgres; install"), "{reason}");
        let reason = first_complete(Vec::new()).unwrap_err();
        assert!(reason.starts_with("neither /usr/lib/postgresql nor PATH"), "{reason}");
    }

    #[test]
    fn a_named_folder_must_be_complete() {
        let root = tempfile::tempdir().unwrap();
        let reason = named(root.path().to_owned()).unwrap_err();
        assert!(reason.contains("has no initdb, no postgres, no pg_basebackup"), "{reason}");
    }
}
