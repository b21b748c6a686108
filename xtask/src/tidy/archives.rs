//! No archive lies in the tree: what comes from elsewhere is fetched by cargo, pip or apt, and what
//! is tested with is made by the tests or kept as plain files in testdata/.

use std::path::Path;

use super::Finding;

/// How the names of archives end.
const ENDINGS: &[&str] = &["whl", "gz", "tgz", "bz2", "xz", "zst", "zip", "tar", "deb", "crate"];

/// Whether a file is one, by its name.
pub(super) fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    let finding = |path: &String| {
        let hint = "remove it, and have it fetched where it is needed";
        Finding::new(path, 1, "an archive does not belong into the repository", hint)
    };
    paths.iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_ending() {
        assert!(is_archive(Path::new("a-1.0-py3-none-any.whl")));
        assert!(is_archive(Path::new("a-0.2.1.tar.gz")));
        assert!(!is_archive(Path::new("README.md")));
        assert!(!is_archive(Path::new("Cargo.lock")));
    }

    #[test]
    fn each_is_told() {
        let told = check(&["a.whl".to_owned(), "docs/b.zip".to_owned()]);
        let paths: Vec<_> = told.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["a.whl", "docs/b.zip"]);
    }
}
