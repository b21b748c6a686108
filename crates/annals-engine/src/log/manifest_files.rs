//! The two files of the manifest, written in turn so that one of them is always whole.

use std::io;

use crate::{
    format::{Damaged, manifest::Manifest},
    log::names::MANIFESTS,
    storage::Storage,
};

/// What stands in the two places of the manifest.
#[derive(Debug)]
pub(crate) enum Stored {
    /// Neither exists.
    Nothing,
    /// This one holds. The other may be damaged, as after a crash while it was written.
    Manifest { manifest: Manifest, other: Option<Damaged> },
    /// Neither can be read.
    Damaged(Damaged),
}

/// Reads the manifest with the higher generation.
pub(crate) fn read(storage: &dyn Storage) -> io::Result<Stored> {
    let mut best: Option<Manifest> = None;
    let mut damage = None;
    for name in MANIFESTS {
        let bytes = match storage.open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => {
                let file = file?;
                let mut bytes = vec![0; usize::try_from(file.size()?).unwrap_or(usize::MAX)];
                file.read_at(0, &mut bytes)?;
                bytes
            }
        };
        match Manifest::decode(&bytes) {
            Ok(manifest) if best.as_ref().is_none_or(|b| b.generation < manifest.generation) => {
                best = Some(manifest);
            }
            Ok(_) => {}
            Err(what) => damage = Some(what),
        }
    }
    Ok(match (best, damage) {
        // A newer program's manifest beside an older one must not be passed over.
        (_, Some(what)) if what == crate::format::segment_header::NEWER => Stored::Damaged(what),
        (Some(manifest), other) => Stored::Manifest { manifest, other },
        (None, Some(what)) => Stored::Damaged(what),
        (None, None) => Stored::Nothing,
    })
}

/// Writes the manifest over the older of the two.
pub(crate) fn write(storage: &dyn Storage, manifest: &Manifest) -> io::Result<()> {
    let [even, odd] = MANIFESTS;
    let name = if manifest.generation.is_multiple_of(2) { even } else { odd };
    let bytes = manifest.encode();
    let file = match storage.open(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create(name, 0)?,
        file => file?,
    };
    file.write_at(0, &bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync()?;
    storage.sync_dir("")
}
