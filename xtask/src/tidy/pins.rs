//! Lints and versions are said once, in the root manifest.

use super::Finding;
use super::manifest::{Manifest, Reach};
use crate::workspace::OWN_WORKSPACES;

/// Every package takes the lints of its workspace.
pub(super) fn lints(manifest: &Manifest, _root: &Manifest) -> Vec<Finding> {
    if manifest.package().is_none() || manifest.inherits_lints() {
        return Vec::new();
    }
    let what = "the lints of the workspace are not inherited";
    vec![Finding::new(&manifest.path, 1, what, "add `[lints]` with `workspace = true`")]
}

/// A member of the root workspace names no version of its own.
pub(super) fn inherited(manifest: &Manifest, _root: &Manifest) -> Vec<Finding> {
    if is_own_workspace(manifest) {
        return Vec::new();
    }
    let dependencies = manifest.dependencies().into_iter();
    dependencies
        .filter(|dependency| !dependency.is_inherited && !dependency.is_path)
        .map(|dependency| {
            let what = format!("the version of `{}` is not inherited", dependency.package);
            let hint = "pin it in the root's [workspace.dependencies] and use `workspace = true`";
            Finding::new(&manifest.path, dependency.line, what, hint)
        })
        .collect()
}

/// A workspace of its own pins what the root pins to the same version.
pub(super) fn equal(manifest: &Manifest, root: &Manifest) -> Vec<Finding> {
    if !is_own_workspace(manifest) {
        return Vec::new();
    }
    let pinned = root.dependencies();
    let expected = |package: &str| {
        let pin = pinned.iter().find(|pin| pin.reach == Reach::Pinned && pin.package == package);
        pin.and_then(|pin| pin.version.clone())
    };
    let mut findings = Vec::new();
    for dependency in manifest.dependencies() {
        let (package, line) = (dependency.package, dependency.line);
        let (Some(here), Some(there)) = (dependency.version, expected(&package)) else {
            continue;
        };
        if here != there {
            let what = format!("`{package}` is {here} here and {there} in the root");
            findings.push(Finding::new(&manifest.path, line, what, "use the root's version"));
        }
    }
    findings
}

fn is_own_workspace(manifest: &Manifest) -> bool {
    let folder = manifest.path.split('/').next().unwrap_or_default();
    OWN_WORKSPACES.contains(&folder)
}

#[cfg(test)]
mod tests {
    use super::super::manifest::sample;
    use super::*;

    const ROOT: &str = "[workspace.dependencies]\nbytes = { version = \"1.2\", features = [] }\n";

    fn check(rule: fn(&Manifest, &Manifest) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
        let findings = rule(&sample(path, text), &sample("Cargo.toml", ROOT));
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_package_inherits_its_lints() {
        let package = "[package]\nname = \"a\"\n";
        assert_eq!(check(lints, "crates/a/Cargo.toml", package), [1]);
        let inheriting = format!("{package}[lints]\nworkspace = true\n");
        assert!(check(lints, "crates/a/Cargo.toml", &inheriting).is_empty());
        assert!(check(lints, "bench/Cargo.toml", "[workspace]\n").is_empty());
    }

    #[test]
    fn a_member_inherits_its_versions() {
        let path = "crates/a/Cargo.toml";
        assert_eq!(check(inherited, path, "[dependencies]\nbytes = \"1.2\"\n"), [2]);
        assert!(check(inherited, path, "[dependencies]\nbytes.workspace = true\n").is_empty());
        assert!(check(inherited, path, "[dependencies]\nb = { path = \"../b\" }\n").is_empty());
        assert!(
            check(inherited, "bench/Cargo.toml", "[dependencies]\nbytes = \"1.2\"\n").is_empty()
        );
    }

    #[test]
    fn a_workspace_of_its_own_pins_the_same_version() {
        let path = "bench/peers/Cargo.toml";
        assert_eq!(check(equal, path, "[dependencies]\nbytes = \"1.1\"\n"), [2]);
        assert_eq!(check(equal, path, "[workspace.dependencies]\nbytes = \"1\"\n"), [2]);
        assert!(check(equal, path, "[dependencies]\nbytes = \"1.2\"\nother = \"9\"\n").is_empty());
        assert!(check(equal, path, "[dependencies]\nbytes.workspace = true\n").is_empty());
    }
}
