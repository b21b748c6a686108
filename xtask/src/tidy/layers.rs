//! The layers inside the engine: which folder may import which.
//!
//! Formats stay testable on byte slices and storage on opaque bytes only while
//! neither knows the other.
//! Change the table below when the engine's shape changes.

use std::path::Path;

use super::Finding;
use crate::source::{Source, closing, identifier_at};

/// The crate whose layers these are.
const ROOT: &str = "crates/annals-engine/src/";

/// A top-level module of the engine, and the layers that it may import.
/// A module that has no row is no layer: it may import all and be imported by all.
const LAYERS: &[(&str, &[&str])] = &[
    ("format", &[]),
    ("storage", &[]),
    ("log", &["format", "storage"]),
    ("index", &["format", "storage", "log"]),
    ("read", &["format", "storage", "log", "index"]),
    // What is refused is refused by reading.
    ("write", &["format", "storage", "log", "index", "read"]),
    // Opening ends with a segment to go on writing to.
    ("recover", &["format", "storage", "log", "index", "read", "write"]),
    ("verify", &["format", "storage", "log", "index", "recover"]),
];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Some(inside) = source.path.strip_prefix(ROOT) else {
        return Vec::new();
    };
    let own = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == own) else {
        return Vec::new();
    };
    let is_layer = |name: &str| LAYERS.iter().any(|(layer, _)| *layer == name);
    imports(source, depth(inside))
        .into_iter()
        .filter(|(_, name)| is_layer(name) && name != own && !allowed.contains(&name.as_str()))
        .map(|(offset, name)| {
            let what = format!("`{own}` imports `{name}`");
            Finding::at(source, offset, what, "pass the value in, or move the code to its layer")
        })
        .collect()
}

/// The top-level modules of the crate that the file names, and where.
fn imports(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let code = source.code.as_str();
    let mut found = Vec::new();
    for offset in source.words("crate") {
        found.extend(names_after(code, offset + "crate".len()));
    }
    let chain = vec!["super"; depth].join("::");
    for offset in source.words(&chain) {
        let is_longer = code.get(..offset).is_some_and(|before| before.ends_with("super::"));
        if depth > 0 && !is_longer {
            found.extend(names_after(code, offset + chain.len()));
        }
    }
    found
}

/// The names after `::` at `offset`: one, or those of a `{...}` group.
fn names_after(code: &str, offset: usize) -> Vec<(usize, String)> {
    let Some(rest) = code.get(offset..).and_then(|rest| rest.strip_prefix("::")) else {
        return Vec::new();
    };
    let start = code.len() - rest.len();
    if !rest.starts_with('{') {
        return vec![(start, identifier_at(code, start).to_owned())];
    }
    let end = closing(code, start).unwrap_or(code.len());
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for (i, byte) in code.bytes().enumerate().take(end).skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 1 && matches!(byte, b'{' | b',') {
            let gap = code.get(i + 1..).map_or(0, |rest| rest.len() - rest.trim_start().len());
            names.push((i + 1 + gap, identifier_at(code, i + 1 + gap).to_owned()));
        }
    }
    names
}

/// How many `super`s lead from the file `inside` the source folder to the crate.
fn depth(inside: &str) -> usize {
    let folders = inside.matches('/').count();
    let is_folder_itself = Path::new(inside).file_name().is_some_and(|name| name == "mod.rs");
    if is_folder_itself { folders } else { folders + 1 }
}

#[cfg(test)]
mod tests {
    use super::super::reported;
    use super::*;

    const FRAME: &str = "crates/annals-engine/src/format/frame.rs";

    #[test]
    fn a_layer_does_not_import_what_is_not_below_it() {
        for text in [
            "use crate::storage::File;",
            "use crate::{error::Error, storage::{File, Name}};",
            "fn f(x: &crate::log::Log) {}",
            "use super::super::storage::File;",
        ] {
            assert_eq!(reported(check, FRAME, text), [1], "{text}");
        }
        let storage = "crates/annals-engine/src/storage/mod.rs";
        assert_eq!(reported(check, storage, "\nuse crate::format::Frame;"), [2]);
        assert_eq!(reported(check, storage, "use super::format::Frame;"), [1]);
        assert_eq!(
            reported(check, "crates/annals-engine/src/format.rs", "use super::log::A;"),
            [1]
        );
    }

    #[test]
    fn what_is_below_and_what_is_no_layer_is_free() {
        for text in [
            "use crate::error::Error;",
            "use crate::format::checksum;",
            "use crate::{limits::{storage, log}, options::Options};",
            "use super::storage::Inner;",
            "// crate::storage",
        ] {
            assert!(reported(check, FRAME, text).is_empty(), "{text}");
        }
        let log = "crates/annals-engine/src/log/seal.rs";
        assert!(reported(check, log, "use crate::{format::Frame, storage::File};").is_empty());
        let engine = "crates/annals-engine/src/engine.rs";
        assert!(reported(check, engine, "use crate::{format, storage, write};").is_empty());
        assert!(
            reported(check, "crates/annals-core/src/format/a.rs", "use crate::log::A;").is_empty()
        );
    }
}
