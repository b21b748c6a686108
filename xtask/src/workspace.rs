//! Where things are: the root, the Rust files, the manifests.
//!
//! Paths handed out are relative to the root and use `/`, so that rules and
//! messages read the same on every platform.
//! Build output and hidden folders are never looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::cargo;
use crate::problem::Problem;

/// The folders that hold code of ours.
const CODE_FOLDERS: &[&str] = &["crates", "xtask", "bench", "fuzz", "interop", "examples"];

/// The folders with a workspace of their own, beside the root's.
pub(crate) const OWN_WORKSPACES: &[&str] = &["bench", "interop"];

/// Lets a workspace of its own build where the root's does, so that a dependency that both have,
/// with the same features and profile, is built once.
pub(crate) const SHARED_TARGET: [&str; 2] = ["--target-dir", "target"];

/// The tests of a workspace of its own.
pub(crate) fn test(name: &str) -> Command {
    let manifest = format!("{name}/Cargo.toml");
    let mut command = cargo(&["test", "--manifest-path", &manifest, "--no-fail-fast"]);
    command.args(SHARED_TARGET);
    command
}

/// The folders of generated code. How it looks is the generator's choice, so no rule looks at it;
/// a test in annals-codegen compares it with what it is generated from.
const GENERATED: &[&str] = &["crates/annals-proto/src/generated"];

/// A text file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Whether the folder `name` of the root is a cargo workspace of this checkout.
pub(crate) fn has_manifest(name: &str) -> bool {
    root().join(name).join("Cargo.toml").is_file()
}

/// Reads one file of the root, for example `Cargo.toml`.
pub(crate) fn read(path: &str) -> Result<TextFile, Problem> {
    let full = root().join(path);
    let text = fs::read_to_string(&full).map_err(|error| Problem::reading(&full, &error))?;
    Ok(TextFile { path: path.to_owned(), text })
}

/// Every `.rs` file of ours that is not generated, in path order.
pub(crate) fn rust_files() -> Result<Vec<TextFile>, Problem> {
    files(|path| path.extension().is_some_and(|extension| extension == "rs"))
}

/// Every `Cargo.toml` of ours except the root's, in path order.
pub(crate) fn manifests() -> Result<Vec<TextFile>, Problem> {
    files(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"))
}

/// Every `.md` file of the root folder and of docs/, in path order.
pub(crate) fn markdown_files() -> Result<Vec<TextFile>, Problem> {
    let is_document: fn(&Path) -> bool = |path| path.extension().is_some_and(|e| e == "md");
    let mut found = Vec::new();
    of_the_root(is_document, &mut found)?;
    walk(&root().join("docs"), is_document, &mut found)?;
    read_all(found)
}

/// Every file that is wanted, of the root folder, of docs/ and of the folders of code, in path
/// order.
pub(crate) fn paths(wanted: fn(&Path) -> bool) -> Result<Vec<String>, Problem> {
    let mut found = Vec::new();
    of_the_root(wanted, &mut found)?;
    walk(&root().join("docs"), wanted, &mut found)?;
    of_code(wanted, &mut found)?;
    found.sort();
    Ok(found.iter().map(|path| relative(path)).collect())
}

fn files(wanted: fn(&Path) -> bool) -> Result<Vec<TextFile>, Problem> {
    let mut found = Vec::new();
    of_code(wanted, &mut found)?;
    read_all(found)
}

fn of_code(wanted: fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let folders = CODE_FOLDERS.iter().map(|folder| root().join(folder));
    folders.filter(|folder| folder.is_dir()).try_for_each(|folder| walk(&folder, wanted, found))
}

fn of_the_root(wanted: fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<(), Problem> {
    for entry in fs::read_dir(root()).map_err(|error| Problem::reading(root(), &error))? {
        let path = entry.map_err(|error| Problem::reading(root(), &error))?.path();
        if path.is_file() && wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn read_all(mut found: Vec<PathBuf>) -> Result<Vec<TextFile>, Problem> {
    found.sort();
    found.iter().map(|path| read(&relative(path))).collect()
}

fn walk(folder: &Path, wanted: fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let failed = |error| Problem::reading(folder, &error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let is_generated = GENERATED.contains(&relative(&path).as_str());
            if name != "target" && !name.starts_with('.') && !is_generated {
                walk(&path, wanted, found)?;
            }
        } else if wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_files_are_found_by_relative_path() {
        let paths: Vec<_> = rust_files().unwrap().into_iter().map(|file| file.path).collect();
        assert!(paths.contains(&"xtask/src/workspace.rs".to_owned()));
        assert!(paths.iter().all(|path| !path.contains("/target/")));
        assert!(paths.iter().all(|path| !path.contains("/generated/")));
    }

    #[test]
    fn manifests_of_the_members_are_found() {
        let paths: Vec<_> = manifests().unwrap().into_iter().map(|file| file.path).collect();
        assert!(paths.contains(&"xtask/Cargo.toml".to_owned()));
        assert!(paths.contains(&"crates/annals-core/Cargo.toml".to_owned()));
    }

    #[test]
    fn a_missing_file_is_named() {
        let problem = read("no/such/file").unwrap_err().to_string();
        assert!(problem.contains("no/such/file"), "{problem}");
    }
}
