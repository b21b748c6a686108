//! Opening a store: from whatever is on storage to an engine that can go on.
//!
//! The cost is bounded by the segments that are not sealed yet (normally the open one), not by the
//! number of events. The log alone decides: a missing or wrong manifest, position table or index
//! is made again from it.

mod index;
mod origin;
pub(crate) mod replay;
pub(crate) mod segments;

use std::{io, path::Path, sync::Arc};

use annals_core::{Error, ErrorKind, Position, Result, Version, limits};
use uuid::Uuid;

pub(crate) use index::{index_dir, is_of_index, mark_damaged};
pub(crate) use replay::Replay;

use crate::{
    error::{corrupted, io_failed},
    format::{
        manifest::Manifest,
        record::Origin,
        segment_header::{NEWER, SegmentHeader},
    },
    index::term::{Term, Terms},
    log::{
        manifest_files::{self, Stored},
        names::{self, BEGINNING, LOCK, LOG_DIR, NODE, SPARE},
    },
    options::{Create, Options},
    report::OpenReport,
    shared::{Shared, Start},
    storage::Storage,
    write::{
        open_segment::{self, BeginError, OpenSegment},
        retry_window::RetryWindow,
    },
};

/// A store that is ready to go on.
pub(crate) struct Recovered {
    pub(crate) shared: Shared,
    pub(crate) segment: OpenSegment,
    pub(crate) store_id: Uuid,
    pub(crate) report: OpenReport,
    pub(crate) lock: Box<dyn Send + Sync>,
    /// Who writes the store.
    pub(crate) writer: Writer,
    /// Where its last commit comes from, with its own digest.
    pub(crate) origin: Option<Origin>,
}

/// Who writes a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// Whoever has it open.
    Callers,
    /// A replicated log, as a node of a cluster.
    Log,
}

/// Opens a store, or begins one for `writer`.
pub(crate) fn open(
    storage: Arc<dyn Storage>,
    index_dir: &Path,
    options: &Options,
    writer: Writer,
) -> Result<Recovered> {
    let mut report = OpenReport::default();
    // Before the lock, which would leave a file in a folder that is not ours.
    check_place(storage.as_ref(), options)?;
    let lock = lock(storage.as_ref())?;
    // Again, because another process may have begun the store in between.
    report.created = !check_place(storage.as_ref(), options)?;
    remove_leftovers(storage.as_ref())?;
    let manifest = if report.created {
        create(storage.as_ref(), options, writer)?
    } else {
        manifest(storage.as_ref(), options, &mut report)?
    };
    let writer = origin::check_writer(storage.as_ref(), writer)?;
    let terms = Terms::new(manifest.hash_seed);
    let (segments, manifest) = segments::find(storage.as_ref(), manifest, &mut report)?;
    let mut builder = index::open(&storage, index_dir, manifest, terms, options, &mut report)?;
    let Some((last, full)) = segments.split_last() else { return Err(segments::missing(0)) };
    for (number, next) in full.iter().zip(segments.iter().skip(1)) {
        builder.seal_full(*number, *next)?;
    }
    let (mut segment, replayed) = builder.open_last(*last, &mut report)?;
    let mut origin = replayed.origin;
    if writer == Writer::Log {
        segment.tell_durable(replayed.durable);
        if origin.is_none() {
            origin = origin::of_last(&builder.view)?;
        }
    }
    let (shared, store_id) = finish(storage, builder, &segment, &replayed, options);
    Ok(Recovered { shared, segment, store_id, report, lock, writer, origin })
}

fn finish(
    storage: Arc<dyn Storage>,
    builder: index::Builder,
    segment: &OpenSegment,
    replayed: &Replay,
    options: &Options,
) -> (Shared, Uuid) {
    let index::Builder { view, manifest, terms, retry, .. } = builder;
    let mut view = view;
    view.memory.push(Arc::clone(&segment.memory));
    let streams = manifest.sealed.last().map_or(0, |sealed| sealed.streams) + replayed.begun;
    let store_id = manifest.store_id;
    let mut retry_window = RetryWindow::default();
    for (key, version, position) in retry {
        retry_window.add(key, version, position);
    }
    let start = Start {
        storage,
        clock: Arc::clone(&options.clock),
        terms,
        view,
        end: replayed.end_position,
        streams,
        recorded_at: replayed.recorded_at,
        revision: replayed.last_revision,
        retry_window,
        manifest,
    };
    (Shared::new(start), store_id)
}

/// Whether there is a store; `false` when one may be begun.
fn check_place(storage: &dyn Storage, options: &Options) -> Result<bool> {
    let list = |dir, shown| {
        storage.list(dir).map_err(|error| io_failed("look into the store's folder", shown, error))
    };
    let (entries, log) = (list("", ".")?, list(LOG_DIR, LOG_DIR)?);
    let is_store = entries.iter().any(|name| names::MANIFESTS.contains(&name.as_str()))
        || log.iter().any(|name| names::segment_number(name).is_some());
    if is_store {
        return Ok(true);
    }
    if options.create == Create::Never {
        return Err(Error::invalid("there is no store here"));
    }
    // What a store leaves that was stopped while it was begun is no obstacle.
    let leftovers = [LOCK, LOG_DIR, NODE];
    let foreign = entries.into_iter().find(|name| !leftovers.contains(&name.as_str()));
    let in_log = log.into_iter().map(|name| format!("{LOG_DIR}/{name}"));
    match foreign.or_else(|| in_log.into_iter().find(|path| path != BEGINNING)) {
        Some(other) => Err(Error::invalid(format!(
            "the folder is not a store: it has other things in it, such as `{other}`"
        ))),
        None => Ok(false),
    }
}

fn lock(storage: &dyn Storage) -> Result<Box<dyn Send + Sync>> {
    storage.create_dir("").map_err(|error| io_failed("create the store's folder", ".", error))?;
    let holder = format!("process {}", std::process::id());
    storage.lock(LOCK, &holder).map_err(|error| {
        if error.kind() == io::ErrorKind::WouldBlock {
            let holder = error.to_string();
            let message = format!("the store is in use by {holder}");
            return Error::new(ErrorKind::Unavailable, message).with("holder", holder);
        }
        io_failed("lock the store", LOCK, error)
    })
}

/// Begins a store. The manifest comes last: where one is, there are segments.
fn create(storage: &dyn Storage, options: &Options, writer: Writer) -> Result<Manifest> {
    let manifest = Manifest {
        generation: 1,
        store_id: options.store_id.unwrap_or_else(Uuid::now_v7),
        hash_seed: options.hash_seed.unwrap_or_else(random_seed),
        sealed: Vec::new(),
    };
    let failed = |error| io_failed("create the store", LOG_DIR, error);
    storage.create_dir(LOG_DIR).map_err(failed)?;
    origin::note_writer(storage, writer)?;
    let header = first_header(manifest.store_id);
    open_segment::begin(storage, None, &header, options.segment_bytes(0)).map_err(begin_failed)?;
    manifest_files::write(storage, &manifest).map_err(failed)?;
    Ok(manifest)
}

fn random_seed() -> u64 {
    let (seed, _) = Uuid::now_v7().as_u64_pair();
    let (_, random) = Uuid::now_v7().as_u64_pair();
    seed ^ random
}

/// The manifest, or one without segments when it is lost: then all of them are looked through.
fn manifest(storage: &dyn Storage, options: &Options, report: &mut OpenReport) -> Result<Manifest> {
    let stored = manifest_files::read(storage)
        .map_err(|error| io_failed("read the manifest", "MANIFEST", error))?;
    let what = match stored {
        Stored::Manifest { manifest, other: None } => return Ok(manifest),
        Stored::Manifest { mut manifest, other: Some(what) } => {
            report.manifest_rebuilt = Some(format!("one of its two files: {what}"));
            manifest.generation += 1;
            write_manifest(storage, &manifest)?;
            return Ok(manifest);
        }
        Stored::Damaged(what) if what == NEWER => return Err(corrupted("MANIFEST", 0, what)),
        Stored::Damaged(what) => what.to_string(),
        Stored::Nothing => "it is missing".to_owned(),
    };
    report.manifest_rebuilt = Some(what);
    let manifest = Manifest {
        generation: 1,
        store_id: segments::store_id(storage)?,
        hash_seed: options.hash_seed.unwrap_or_else(random_seed),
        sealed: Vec::new(),
    };
    write_manifest(storage, &manifest)?;
    Ok(manifest)
}

fn write_manifest(storage: &dyn Storage, manifest: &Manifest) -> Result<()> {
    manifest_files::write(storage, manifest)
        .map_err(|error| io_failed("write the manifest", "MANIFEST", error))
}

/// Removes what was prepared and never became a segment.
fn remove_leftovers(storage: &dyn Storage) -> Result<()> {
    for name in [SPARE, BEGINNING] {
        match storage.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_failed("remove a prepared segment", name, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn first_header(store_id: Uuid) -> SegmentHeader {
    SegmentHeader {
        store_id,
        number: 0,
        first_position: 0,
        last_revision: 0,
        recorded_at: i64::MIN,
    }
}

fn begin_failed(error: BeginError) -> Error {
    let (BeginError::NotCreated(error) | BeginError::Failed(error)) = error;
    io_failed("begin the first segment", &names::segment(0), error)
}

/// An event as the retry window knows it.
pub(crate) type RetryEntry = (Term, Version, Position);

/// The position from which on events are in the retry window of a store that ends at `end`.
pub(crate) const fn retry_begins(end: u64) -> u64 {
    end.saturating_sub(limits::RETRY_WINDOW_EVENTS)
}
