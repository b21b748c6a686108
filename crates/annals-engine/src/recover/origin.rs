//! Whether a replicated log writes a store, and how far it has come.

use std::io;

use annals_core::{Error, Result};

use super::Writer;
use crate::{
    error::{corrupted, io_failed},
    format::record::{Origin, Record},
    index::view::View,
    log::{
        names::{self, NODE},
        scan::Frames,
    },
    storage::Storage,
    write::lineage::digest,
};

/// For people who look into the folder.
const SAYS: &[u8] =
    b"This store belongs to a node of a cluster. Its replicated log writes it, and nothing else may.\n";

/// Writes down who writes a store that is being begun.
pub(super) fn note_writer(storage: &dyn Storage, writer: Writer) -> Result<()> {
    let noted = match (writer, storage.remove(NODE)) {
        (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        (Writer::Callers, _) => Ok(()),
        (Writer::Log, _) => storage.create(NODE, 0).and_then(|file| {
            file.write_at(0, SAYS)?;
            file.sync()?;
            storage.sync_dir("")
        }),
    };
    noted.map_err(|error| io_failed("say who writes the store", NODE, error))
}

/// Who writes a store that is there. A node's can be opened by anyone, to be read.
pub(super) fn check_writer(storage: &dyn Storage, wanted: Writer) -> Result<Writer> {
    let entries = storage.list("");
    let entries = entries.map_err(|error| io_failed("look into the store's folder", ".", error))?;
    if entries.iter().any(|name| name == NODE) {
        return Ok(Writer::Log);
    }
    match wanted {
        Writer::Callers => Ok(Writer::Callers),
        Writer::Log => Err(Error::invalid(
            "the folder holds a store that is no node of a cluster; choose an empty folder for \
             the node, and copy the store into the cluster",
        )),
    }
}

/// Where the last commit of the sealed segments comes from.
pub(super) fn of_last(view: &View) -> Result<Option<Origin>> {
    let Some(last) = view.sealed.last() else { return Ok(None) };
    let bytes = last.bytes()?;
    let name = names::segment(last.entry.number);
    let mut frames = Frames::of_segment(bytes.clone());
    let mut newest = None;
    while let Some(frame) = frames.next() {
        newest = Some(frame.map_err(|what| corrupted(&name, frames.offset() as u64, what))?);
    }
    let Some((offset, frame)) = newest else { return Ok(None) };
    let Some((_, first)) = frame.records.first() else { return Ok(None) };
    let record = Record::decode(first).map_err(|what| corrupted(&name, offset as u64, what))?;
    let Record::Origin(origin) = record else { return Ok(None) };
    let own = bytes.get(offset..offset + frame.header.len as usize).unwrap_or_default();
    Ok(Some(Origin { digest: digest(own), ..origin }))
}
