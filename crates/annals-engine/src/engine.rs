//! The engine: owns the parts and hands requests between them. Synchronous.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use annals_core::{
    Append, Appended, Category, DeleteStream, Deleted, Error, ErrorKind, Position, Read,
    RecordedEvent, Restore, Result, StateEntry, StateKey, StateKind, StatePut, StoreInfo,
    StreamInfo, StreamName,
};
use parking_lot::Mutex;

use crate::{
    log::names,
    options::Options,
    read::{
        self,
        cursor::ReadCursor,
        snapshot::{PageLimit, Snapshot},
    },
    recover::{self, Writer},
    replica::Replica,
    report::OpenReport,
    seal::{self, Handover},
    shared::Shared,
    storage::{FileStorage, Storage},
    write::{
        committer::Committer,
        evaluate::{Evaluation, evaluate},
        job::{Job, Receipt, Reply, Request},
        prepare::Prepared,
        unpublished::Unpublished,
    },
};

/// An open store in a folder of this machine. Calls block; [`Embedded`](crate::Embedded) does the
/// same for async callers.
///
/// ```
/// use annals_core::*;
/// # let dir = tempfile::tempdir().unwrap();
/// let engine = annals_engine::Engine::open(dir.path(), annals_engine::Options::default())?;
/// let stream = StreamName::new("account-1")?;
/// let event = NewEvent::new(EventType::new("opened")?, "{}");
/// engine.append(Append::to(stream.clone(), ExpectedVersion::NoStream, [event]))?;
/// let events: Vec<_> = engine.read(ReadStream::new(stream))?.collect::<Result<_>>()?;
/// assert_eq!(events.len(), 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    queue: async_channel::Sender<Request>,
    threads: Mutex<Option<Threads>>,
    report: OpenReport,
    index_dir: PathBuf,
    writer: Writer,
}

struct Threads {
    /// None where a log writes the store.
    committer: Option<JoinHandle<()>>,
    sealer: JoinHandle<()>,
    /// Dropped last, when nothing is written any more.
    lock: Box<dyn Send + Sync>,
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the store in a folder, or begins one there.
    ///
    /// # Errors
    /// `Unavailable` when another process has it (naming it) or there is no space; `Corrupted`
    /// with file and offset; `InvalidArgument` when the folder is something else; `Unsupported`
    /// when a newer version of Annals wrote it; `PermissionDenied`.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self> {
        let dir = dir.as_ref();
        let index_dir = recover::index_dir(dir);
        Self::open_with(Arc::new(FileStorage::new(dir)), index_dir, options)
            .map_err(|error| error.during("opening the store"))
    }

    /// Opens a store on another storage. The index needs a real folder of its own.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_with(
        storage: Arc<dyn Storage>,
        index_dir: PathBuf,
        options: Options,
    ) -> Result<Self> {
        let (engine, committer, requests) =
            Self::assemble(storage, index_dir, options, Writer::Callers)?;
        if engine.writer == Writer::Callers {
            let committer = spawn("annals-commit", move || committer.run(&requests))?;
            if let Some(threads) = engine.threads.lock().as_mut() {
                threads.committer = Some(committer);
            }
        }
        Ok(engine)
    }

    /// Opens the store of a node of a cluster, or begins one, for a replicated log to write.
    /// The engine is for reading it.
    ///
    /// The identity and the hash seed of a new store, and the sizes of its segments, must be those
    /// of the cluster's other nodes.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and `InvalidArgument` when the folder holds a store that
    /// others write.
    pub fn open_replica(dir: impl AsRef<Path>, options: &Options) -> Result<(Self, Replica)> {
        let dir = dir.as_ref();
        let storage = Arc::new(FileStorage::new(dir));
        Self::open_replica_with(storage, recover::index_dir(dir), options)
            .map_err(|error| error.during("opening the store of a node"))
    }

    /// The same on another storage. The index needs a real folder of its own.
    ///
    /// # Errors
    /// Those of [`open_replica`](Self::open_replica).
    pub fn open_replica_with(
        storage: Arc<dyn Storage>,
        index_dir: PathBuf,
        options: &Options,
    ) -> Result<(Self, Replica)> {
        let assembled = Self::assemble(storage, index_dir, options.clone(), Writer::Log)?;
        let (engine, committer, _) = assembled;
        let replica = Replica::new(committer, engine.index_dir.clone());
        Ok((engine, replica))
    }

    fn assemble(
        storage: Arc<dyn Storage>,
        index_dir: PathBuf,
        options: Options,
        writer: Writer,
    ) -> Result<(Self, Committer, async_channel::Receiver<Request>)> {
        let recovered = recover::open(storage, &index_dir, &options, writer)?;
        let writer = recovered.writer;
        let shared = Arc::new(recovered.shared);
        let (queue, requests) = async_channel::bounded(options.queue_requests_max);
        let (sealer, tasks, news) = Handover::new();
        let committer = Committer {
            shared: Arc::clone(&shared),
            options: options.clone(),
            store_id: recovered.store_id,
            segment: recovered.segment,
            next_position: shared.end(),
            last_revision: shared.revision(),
            recorded_at: shared.recorded_at(),
            streams: shared.streams(),
            sealer,
            unpublished: Unpublished::default(),
            waiting: Vec::new(),
            lineage: (writer == Writer::Log).then(|| recovered.origin.unwrap_or_default()),
        };
        let for_sealer = Arc::clone(&shared);
        let seal = move || seal::run(&for_sealer, &options, &tasks, &news);
        let sealer = spawn("annals-seal", seal)?;
        let threads = Threads { committer: None, sealer, lock: recovered.lock };
        let threads = Mutex::new(Some(threads));
        let report = recovered.report;
        Ok((Self { shared, queue, threads, report, index_dir, writer }, committer, requests))
    }

    /// What opening found and did.
    #[must_use]
    pub const fn report(&self) -> &OpenReport {
        &self.report
    }

    /// Appends events; see [`Backend::append`](annals_core::Backend::append).
    ///
    /// # Errors
    /// Those of the contract.
    pub fn append(&self, append: Append) -> Result<Appended> {
        match self.submit(Prepared::append(append, &self.shared.terms)?)? {
            Receipt::Appended(appended) => Ok(appended),
            _ => Err(crossed()),
        }
    }

    /// Deletes a stream; see [`Backend::delete_stream`](annals_core::Backend::delete_stream).
    ///
    /// # Errors
    /// Those of the contract.
    pub fn delete_stream(&self, delete: DeleteStream) -> Result<Deleted> {
        match self.submit(Prepared::delete(delete, &self.shared.terms))? {
            Receipt::Deleted(deleted) => Ok(deleted),
            _ => Err(crossed()),
        }
    }

    /// Writes keyed state; see [`Backend::put_state`](annals_core::Backend::put_state).
    ///
    /// # Errors
    /// Those of the contract.
    pub fn put_state(&self, put: StatePut) -> Result<u64> {
        match self.submit(Prepared::put_state(put)?)? {
            Receipt::Put { revision } => Ok(revision),
            _ => Err(crossed()),
        }
    }

    /// Stores what another store recorded; see [`Backend::restore`](annals_core::Backend::restore).
    ///
    /// # Errors
    /// Those of the contract.
    pub fn restore(&self, restore: Restore) -> Result<()> {
        match self.submit(Prepared::restore(restore, &self.shared.terms))? {
            Receipt::Restored => Ok(()),
            _ => Err(crossed()),
        }
    }

    fn submit(&self, mut prepared: Prepared) -> Result<Receipt> {
        loop {
            let (request, answer) = match self.request(prepared)? {
                Submission::Answered(receipt) => return Ok(receipt),
                Submission::Sent(request, answer) => (request, answer),
            };
            self.queue.send_blocking(request).map_err(|_| self.gone())?;
            match answer.recv().map_err(|_| self.gone())? {
                Reply::Done(receipt) => return Ok(receipt),
                Reply::Failed(error) => return Err(error),
                Reply::Stale(job) => prepared = job.prepared,
            }
        }
    }

    /// Evaluates a request and makes it ready for the queue.
    pub(crate) fn request(&self, prepared: Prepared) -> Result<Submission> {
        if self.writer == Writer::Log {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this store belongs to a node of a cluster, whose log alone writes it; open it as \
                 `nats://...?dir=DIR` to write",
            ));
        }
        match self.noting(evaluate(&self.shared, &prepared))? {
            Evaluation::Answered(receipt) => Ok(Submission::Answered(receipt)),
            Evaluation::Acceptable(basis) => {
                let (reply, answer) = oneshot::channel();
                let request = Request { job: Job { prepared, basis }, reply };
                Ok(Submission::Sent(request, answer))
            }
        }
    }

    /// Why the committer takes nothing more.
    pub(crate) fn gone(&self) -> Error {
        let why = self.shared.check_open().and_then(|()| self.shared.check_poison());
        why.err().unwrap_or_else(|| {
            Error::new(ErrorKind::Internal, "the committing thread is gone; see its output")
        })
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) const fn queue(&self) -> &async_channel::Sender<Request> {
        &self.queue
    }

    /// Reads events, page by page as they are asked for. The read ends at the newest event there
    /// is now.
    ///
    /// # Errors
    /// `StreamNotFound`, `StreamDeleted`; later, as items, `Corrupted`.
    pub fn read(&self, read: impl Into<Read>) -> Result<Events<'_>> {
        let (read, now) = (read.into(), self.shared.now());
        let begin = |snapshot: &Snapshot| ReadCursor::begin(read.clone(), snapshot, now);
        let cursor = Some(self.noting(self.shared.look(begin))?);
        Ok(Events { engine: self, cursor, page: Vec::new().into_iter() })
    }

    /// The position of the newest event.
    ///
    /// # Errors
    /// `Closed`.
    pub fn head(&self) -> Result<Option<Position>> {
        self.shared.check_open()?;
        Ok(self.shared.end().checked_sub(1).map(Position::new))
    }

    /// What is known about a stream.
    ///
    /// # Errors
    /// Those of the contract.
    pub fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.noting(self.shared.look(|snapshot| snapshot.stream_info(stream)))
    }

    /// The next names of streams begun at or after a position, and where to go on.
    ///
    /// # Errors
    /// Those of the contract.
    pub fn stream_names(
        &self,
        category: Option<&Category>,
        from: u64,
    ) -> Result<(Vec<StreamName>, Option<u64>)> {
        self.noting(self.shared.look(|snapshot| read::names::page(snapshot, category, from)))
    }

    /// A piece of keyed state.
    ///
    /// # Errors
    /// Those of the contract.
    pub fn state(&self, key: &StateKey) -> Result<Option<StateEntry>> {
        self.noting(self.shared.look(|snapshot| read::state::entry(snapshot, key)))
    }

    /// All keyed state of a kind whose name begins with a prefix, sorted by name.
    ///
    /// # Errors
    /// Those of the contract.
    pub fn states(&self, kind: StateKind, prefix: &str) -> Result<Vec<StateEntry>> {
        let keys = self.shared.look(|snapshot| read::state::keys(snapshot, kind, prefix));
        let entries = self.noting(keys)?.into_iter().map(|key| self.state(&key));
        entries.filter_map(Result::transpose).collect()
    }

    /// The size and state of the store.
    ///
    /// # Errors
    /// Those of the contract.
    pub fn info(&self) -> Result<StoreInfo> {
        // Before the head, which may belong to a later commit but not to an earlier one.
        let revision = self.shared.revision();
        let snapshot = self.shared.snapshot()?;
        let end = snapshot.end;
        Ok(StoreInfo {
            backend: "embedded",
            store_id: Some(self.shared.manifest.lock().store_id.to_string()),
            events: end,
            streams: self.shared.streams(),
            head: end.checked_sub(1).map(Position::new),
            revision,
            bytes: Some(self.log_bytes()? + snapshot.view.tree.disk_bytes()),
            segments: Some((snapshot.view.sealed.len() + snapshot.view.memory.len()) as u64),
        })
    }

    fn log_bytes(&self) -> Result<u64> {
        let failed = |error| crate::error::io_failed("measure the log", names::LOG_DIR, error);
        let storage = self.shared.storage.as_ref();
        let mut bytes = 0;
        for name in storage.list(names::LOG_DIR).map_err(failed)? {
            match storage.open(&format!("{}/{name}", names::LOG_DIR)) {
                // The sealer renames and removes while this looks.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                file => bytes += file.and_then(|file| file.size()).map_err(failed)?,
            }
        }
        Ok(bytes)
    }

    /// Finishes what was taken in and gives up the store. Later calls answer `Closed`.
    ///
    /// # Errors
    /// `Internal` when a thread of the engine had panicked.
    pub fn close(&self) -> Result<()> {
        self.shared.close();
        self.queue.close();
        let Some(threads) = self.threads.lock().take() else { return Ok(()) };
        // It may be waiting for room.
        threads.sealer.thread().unpark();
        let committed = threads.committer.map_or(Ok(()), JoinHandle::join);
        let sealed = threads.sealer.join();
        drop(threads.lock);
        committed.and(sealed).map_err(|_| {
            Error::new(ErrorKind::Internal, "a thread of the engine panicked; see its output")
        })
    }

    /// Remembers for the next opening that the index is damaged, when that is what went wrong.
    pub(crate) fn noting<T>(&self, done: Result<T>) -> Result<T> {
        done.inspect_err(|error| {
            if recover::is_of_index(error) {
                recover::mark_damaged(&self.index_dir);
            }
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Errors of closing have no one to go to; whoever wants them calls `close`.
        drop(self.close());
    }
}

/// A request after its evaluation.
pub(crate) enum Submission {
    /// Nothing had to be written.
    Answered(Receipt),
    /// To be handed to the committer, who answers there.
    Sent(Request, oneshot::Receiver<Reply>),
}

/// The events of a read.
#[derive(Debug)]
pub struct Events<'a> {
    engine: &'a Engine,
    cursor: Option<ReadCursor>,
    page: std::vec::IntoIter<RecordedEvent>,
}

impl Iterator for Events<'_> {
    type Item = Result<RecordedEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.page.next() {
                return Some(Ok(event));
            }
            let cursor = self.cursor.as_mut().filter(|cursor| !cursor.is_done())?;
            let page = self.engine.shared.snapshot();
            let page = page.and_then(|snapshot| cursor.page(&snapshot, PageLimit::USUAL));
            match self.engine.noting(page) {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => {
                    self.cursor = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|error| {
        Error::new(ErrorKind::Unavailable, "cannot start a thread").caused_by(error)
    })
}

/// The committer answered another kind of request than was sent.
pub(crate) fn crossed() -> Error {
    Error::new(ErrorKind::Internal, "an answer belongs to another kind of request")
}
