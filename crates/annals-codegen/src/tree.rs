//! Packages to files: `a.b` becomes `a/b.rs`, declared in `a.rs`, which `mod.rs` declares.
//!
//! The modules have to lie as the packages do, because the code of one names that of another by
//! a relative path.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Packages;

/// Texts by their path below the folder, with `/`.
pub(crate) type Files = BTreeMap<String, String>;

const HEAD: &str = "// Written by `cargo xtask codegen` from proto/; not to be edited.\n";

/// One file for each package and for each folder of packages.
pub(crate) fn files(packages: &Packages) -> Files {
    let mut children: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages.keys() {
        let mut name = package.as_str();
        while !name.is_empty() {
            let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
            children.entry(parent.to_owned()).or_default().insert(last.to_owned());
            children.entry(name.to_owned()).or_default();
            name = parent;
        }
    }
    let text = |name: &str, children: BTreeSet<String>| {
        let modules: String = children.iter().map(|child| format!("pub mod {child};\n")).collect();
        let code = packages.get(name).map(String::as_str).unwrap_or_default();
        format!("{HEAD}{modules}{code}")
    };
    children.into_iter().map(|(name, children)| (path(&name), text(&name, children))).collect()
}

fn path(package: &str) -> String {
    if package.is_empty() {
        return "mod.rs".to_owned();
    }
    format!("{}.rs", package.replace('.', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_lie_as_modules() {
        let packages = [("a.b", "// b\n"), ("a.b.c", "// c\n"), ("d", "// d\n")];
        let files = files(&packages.map(|(name, code)| (name.to_owned(), code.to_owned())).into());
        let expected = [
            ("a.rs", "pub mod b;\n"),
            ("a/b.rs", "pub mod c;\n// b\n"),
            ("a/b/c.rs", "// c\n"),
            ("d.rs", "// d\n"),
            ("mod.rs", "pub mod a;\npub mod d;\n"),
        ];
        assert_eq!(
            files,
            expected.map(|(path, text)| (path.into(), format!("{HEAD}{text}"))).into()
        );
    }
}
