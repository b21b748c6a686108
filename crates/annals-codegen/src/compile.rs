//! Protobuf definitions to Rust code, one text for each package.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// The code of each package, by its name with dots.
pub(crate) type Packages = BTreeMap<String, String>;

/// Compiles every definition in `folder`.
pub(crate) fn packages(folder: &Path) -> Result<Packages, Failure> {
    let definitions = protox::compile(definitions(folder)?, [folder])?;
    let out = tempfile::tempdir()?;
    let mut config = prost_build::Config::new();
    // What travels as `google.protobuf.Any` is found by the name of its type.
    config.enable_type_names().type_name_domain(["."], "type.googleapis.com");
    tonic_prost_build::configure()
        // Payloads are passed on without a copy, and maps are always written in the same order.
        .bytes(".")
        .btree_map(".")
        // A transport is the caller's choice: a client is made from any channel.
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .out_dir(out.path())
        .compile_fds_with_config(definitions, config)?;
    read(out.path())
}

fn definitions(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(folder: &Path) -> Result<Packages, Failure> {
    let mut packages = Packages::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let package = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        packages.insert(package, fs::read_to_string(&path)?);
    }
    Ok(packages)
}
