//! Protobuf definitions to Rust code, one text for each package.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost_types::field_descriptor_proto::Type;
use prost_types::{FieldDescriptorProto, FileDescriptorSet};

use crate::Failure;

/// The code of each package, by its name with dots.
pub(crate) type Packages = BTreeMap<String, String>;

/// Messages whose text is `Bytes` in Rust, and so shares the buffer it was read from: there are
/// many of them in a message, and the names in `annals_core` share buffers too. On the wire text
/// and bytes are the same; that it is UTF-8 has to be checked by whoever reads it.
const SHARED_TEXT: &[(&str, &str)] = &[("annals.v1", "NewEvent"), ("annals.v1", "RecordedEvent")];

/// Compiles every definition in `folder`.
pub(crate) fn packages(folder: &Path) -> Result<Packages, Failure> {
    let mut definitions = protox::compile(definitions(folder)?, [folder])?;
    share_text(&mut definitions);
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

fn share_text(definitions: &mut FileDescriptorSet) {
    for file in &mut definitions.file {
        let package = file.package().to_owned();
        let shared = |name: &str| SHARED_TEXT.contains(&(package.as_str(), name));
        let messages = file.message_type.iter_mut().filter(|message| shared(message.name()));
        let fields = messages.flat_map(|message| &mut message.field);
        fields.filter(|field| field.r#type() == Type::String).for_each(to_bytes);
    }
}

fn to_bytes(field: &mut FieldDescriptorProto) {
    field.set_type(Type::Bytes);
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
