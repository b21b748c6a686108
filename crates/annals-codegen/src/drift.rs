//! What is committed and what would be written: finding where they differ, and making them equal.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::tree::Files;

/// The paths below `folder` that are missing, different, or there without need.
pub(crate) fn find(folder: &Path, files: &Files) -> Result<Vec<String>, Failure> {
    let mut differing = surplus(folder, files)?;
    for (path, text) in files {
        // What cannot be read is as good as missing.
        if fs::read_to_string(folder.join(path)).ok().as_ref() != Some(text) {
            differing.insert(path.clone());
        }
    }
    Ok(differing.into_iter().collect())
}

/// Makes `folder` hold exactly these files. Those that are right already keep their times, so
/// that cargo builds nothing anew for them.
pub(crate) fn write(folder: &Path, files: &Files) -> Result<(), Failure> {
    for path in surplus(folder, files)? {
        fs::remove_file(folder.join(path))?;
    }
    for path in find(folder, files)? {
        let (full, text) = (folder.join(&path), &files[&path]);
        fs::create_dir_all(full.parent().unwrap_or(folder))?;
        fs::write(full, text)?;
    }
    Ok(())
}

/// Files that nothing asks for any more.
fn surplus(folder: &Path, files: &Files) -> Result<BTreeSet<String>, Failure> {
    let mut found = BTreeSet::new();
    let mut left = vec![PathBuf::new()];
    while let Some(inner) = left.pop() {
        if !folder.join(&inner).is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder.join(&inner))? {
            let path = inner.join(entry?.file_name());
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            let name = parts.join("/");
            if folder.join(&path).is_dir() {
                left.push(path);
            } else if !files.contains_key(&name) {
                found.insert(name);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_writing_makes_it_equal() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir(at.join("a")).unwrap();
        fs::write(at.join("a/old.rs"), "old").unwrap();
        fs::write(at.join("same.rs"), "same").unwrap();
        fs::write(at.join("other.rs"), "other").unwrap();
        let files = [("a/new.rs", "new"), ("other.rs", "changed"), ("same.rs", "same")];
        let files: Files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();

        assert_eq!(find(at, &files).unwrap(), ["a/new.rs", "a/old.rs", "other.rs"]);
        write(at, &files).unwrap();
        assert!(find(at, &files).unwrap().is_empty());
        assert!(!at.join("a/old.rs").exists());
    }
}
