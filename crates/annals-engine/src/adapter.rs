//! The engine for async callers: the one module that knows both worlds.
//!
//! What needs a few lookups runs where the caller's future runs: evaluating requests, keyed state,
//! what is known of a stream, and the first page of most reads, which is all of most aggregates.
//! What may walk far runs on a pool of blocking threads: conditions and queries that bring lists
//! together, later pages. So no runtime is needed, and none is blocked for long; changing threads
//! would cost more than the lookups do.

use std::{path::Path, path::PathBuf, sync::Arc};

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Direction, Error, Follow, Page, Position, Query, Read, ReadStream, RecordedEvent,
    Restore, Result, StateEntry, StateKey, StateKind, StatePut, StoreInfo, StoreWork, StreamInfo,
    StreamName, Subscribe, Timestamp, Version,
};
use blocking::unblock;
use event_listener::EventListener;
use futures_lite::stream;

use crate::{
    engine::{Engine, Submission, crossed},
    index::{plan, view::View},
    options::Options,
    read::{
        all::{self, Stretch},
        cursor,
        snapshot::{PageLimit, Snapshot},
        stream as stream_page,
    },
    reader,
    report::OpenReport,
    storage::Storage,
    write::{
        job::{Receipt, Reply},
        prepare::Prepared,
    },
};

/// The embedded engine as a [`Backend`]. Clones share it; the store is closed with the last one.
#[derive(Debug, Clone)]
pub struct Embedded {
    engine: Arc<Engine>,
}

impl Embedded {
    /// Opens the store in a folder, or begins one there. Blocks.
    ///
    /// # Errors
    /// Those of [`Engine::open`].
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self> {
        Engine::open(dir, options).map(Self::from)
    }

    /// Opens a store on another storage. Blocks.
    ///
    /// # Errors
    /// Those of [`Engine::open_with`].
    pub fn open_with(
        storage: Arc<dyn Storage>,
        index_dir: PathBuf,
        options: Options,
    ) -> Result<Self> {
        Engine::open_with(storage, index_dir, options).map(Self::from)
    }

    /// What opening found and did.
    #[must_use]
    pub fn report(&self) -> &OpenReport {
        self.engine.report()
    }

    /// The engine itself, for callers that block.
    #[must_use]
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    async fn submit(&self, mut prepared: Prepared) -> Result<Receipt> {
        loop {
            let engine = Arc::clone(&self.engine);
            let submission = if may_walk_far(&prepared) {
                unblock(move || engine.request(prepared)).await?
            } else {
                engine.request(prepared)?
            };
            let (request, answer) = match submission {
                Submission::Answered(receipt) => return Ok(receipt),
                Submission::Sent(request, answer) => (request, answer),
            };
            self.engine.queue().send(request).await.map_err(|_| self.engine.gone())?;
            match answer.await.map_err(|_| self.engine.gone())? {
                Reply::Done(receipt) => return Ok(receipt),
                Reply::Failed(error) => return Err(error),
                Reply::Stale(job) => prepared = job.prepared,
            }
        }
    }

    async fn on_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let engine = Arc::clone(&self.engine);
        unblock(move || work(&engine)).await
    }
}

impl From<Engine> for Embedded {
    fn from(engine: Engine) -> Self {
        Self { engine: Arc::new(engine) }
    }
}

fn may_walk_far(prepared: &Prepared) -> bool {
    match prepared {
        Prepared::Append(append) => {
            let conditions = &append.append.conditions;
            !conditions.iter().all(|condition| plan::is_direct(&condition.query))
        }
        _ => false,
    }
}

impl Backend for Embedded {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            store_durable: true,
            append_multi_stream: true,
            append_conditions: true,
            store_exclusive: true,
            position_dense: true,
            store_restore: true,
            projection_inline: false,
        }
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            let prepared = Prepared::append(append, &self.engine.shared().terms)?;
            match self.submit(prepared).await? {
                Receipt::Appended(appended) => Ok(appended),
                _ => Err(crossed()),
            }
        })
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        Box::pin(async move {
            let prepared = Prepared::delete(delete, &self.engine.shared().terms);
            match self.submit(prepared).await? {
                Receipt::Deleted(deleted) => Ok(deleted),
                _ => Err(crossed()),
            }
        })
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        reader::events(Arc::clone(&self.engine), read)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        annals_core::follow(Arc::new(Followed(Arc::clone(&self.engine))), subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(std::future::ready(self.engine.head()))
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        Box::pin(std::future::ready(self.engine.stream_info(stream)))
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        let state = Some((Arc::clone(&self.engine), Vec::new().into_iter(), Some(0)));
        Box::pin(stream::unfold(state, move |state| {
            let category = category.clone();
            async move {
                let (engine, mut names, mut from) = state?;
                loop {
                    if let Some(name) = names.next() {
                        return Some((Ok(name), Some((engine, names, from))));
                    }
                    let at = from?;
                    let (asked, category) = (Arc::clone(&engine), category.clone());
                    match unblock(move || asked.stream_names(category.as_ref(), at)).await {
                        Ok((page, next)) => (names, from) = (page.into_iter(), next),
                        Err(error) => return Some((Err(error), None)),
                    }
                }
            }
        }))
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        Box::pin(std::future::ready(self.engine.state(key)))
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            match self.submit(Prepared::put_state(put)?).await? {
                Receipt::Put { revision } => Ok(revision),
                _ => Err(crossed()),
            }
        })
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        let engine = Arc::clone(&self.engine);
        let prefix = prefix.to_owned();
        let listed = async move { unblock(move || engine.states(kind, &prefix)).await };
        Box::pin(stream::unfold(Listing::Asking(Box::pin(listed)), |listing| async move {
            let mut entries = match listing {
                Listing::Giving(entries) => entries,
                Listing::Asking(listed) => match listed.await {
                    Ok(entries) => entries.into_iter(),
                    Err(error) => {
                        return Some((Err(error), Listing::Giving(Vec::new().into_iter())));
                    }
                },
            };
            entries.next().map(|entry| (Ok(entry), Listing::Giving(entries)))
        }))
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        Box::pin(self.on_pool(Engine::info))
    }

    fn work(&self) -> Option<StoreWork> {
        Some(self.engine.work())
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.on_pool(move |engine| engine.restore(restore)))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.on_pool(Engine::close))
    }
}

enum Listing {
    Asking(BoxFuture<'static, Result<Vec<StateEntry>>>),
    Giving(std::vec::IntoIter<StateEntry>),
}

/// The engine as the source of subscriptions.
struct Followed(Arc<Engine>);

impl Follow for Followed {
    fn listen(&self) -> EventListener {
        self.0.shared().changed.listen()
    }

    fn newest(&self) -> Result<Option<Position>> {
        self.0.head()
    }

    fn newest_of(&self, stream: &StreamName) -> BoxFuture<'static, Result<Option<Version>>> {
        let newest = || {
            let head = self.0.shared().look(|snapshot| snapshot.head(stream))?;
            let lane = head.to_stream_head().lane(stream);
            if lane.is_tombstoned { Err(Error::stream_deleted(stream)) } else { Ok(lane.last) }
        };
        Box::pin(std::future::ready(newest()))
    }

    fn page(&self, query: &Query, from: Position) -> BoxFuture<'static, Result<Page<Position>>> {
        let (engine, query) = (Arc::clone(&self.0), query.clone());
        Box::pin(unblock(move || engine.noting(page(&engine, &query, from))))
    }

    fn page_of(
        &self,
        stream: &StreamName,
        from: Version,
    ) -> BoxFuture<'static, Result<Page<Version>>> {
        let (engine, stream) = (Arc::clone(&self.0), stream.clone());
        Box::pin(unblock(move || {
            let (shared, read) = (engine.shared(), ReadStream::new(stream).from(from));
            engine.noting(shared.look(|snapshot| page_of(snapshot, &read, shared.now())))
        }))
    }
}

fn page(engine: &Engine, query: &Query, from: Position) -> Result<Page<Position>> {
    let snapshot = engine.shared().snapshot()?;
    let head = newest(&snapshot);
    let Some(high) = head.map(Position::get).filter(|high| *high >= from.get()) else {
        return Ok(Page { events: Vec::new(), next: from, head, is_last: true, is_closed: false });
    };
    let stretch = Stretch { low: from.get(), high };
    let (events, left) =
        all::page(&snapshot, query, stretch, Direction::Forward, PageLimit::USUAL)?;
    let is_last = left.is_empty();
    let next = Position::new(if is_last { snapshot.end } else { left.low });
    Ok(Page { events, next, head, is_last, is_closed: false })
}

fn page_of(snapshot: &Snapshot, read: &ReadStream, now: Timestamp) -> Result<Page<Version>> {
    let head = snapshot.head(&read.stream)?;
    let lane = head.to_stream_head().lane(&read.stream);
    let stretch = cursor::readable(read, &head, snapshot, now)?;
    let (mut events, left) =
        stream_page::page(snapshot, &read.stream, stretch, Direction::Forward, PageLimit::USUAL)?;
    let is_last = left.is_empty();
    let end = lane.last.map_or(Version::FIRST, Version::next);
    let next = if is_last { end } else { Version::new(left.low) };
    let is_closed = is_last && lane.is_tombstoned;
    if is_closed {
        events.extend(tombstone(&snapshot.view, head.tombstone)?);
    }
    Ok(Page { events, next, head: newest(snapshot), is_last, is_closed })
}

fn newest(snapshot: &Snapshot) -> Option<Position> {
    snapshot.end.checked_sub(1).map(Position::new)
}

fn tombstone(view: &View, position: Option<u64>) -> Result<Option<RecordedEvent>> {
    match position {
        Some(position) => view.try_event(position),
        None => Err(Error::new(
            annals_core::ErrorKind::Internal,
            "a stream is tombstoned without an event that says so",
        )),
    }
}
