//! A read for async callers, page after page.
//!
//! The first page is short and read where the caller's future runs when that takes a few lookups:
//! changing threads would cost more than they do.
//! Every other page is read on a pool of blocking threads, and asked for when half of the one
//! before has been given: so a long read goes on while its events are worked on, and one that is
//! given up early has cost little more than it gave.

use std::{sync::Arc, vec};

use annals_core::{BoxStream, Read, RecordedEvent, Result};
use blocking::{Task, unblock};
use futures_lite::stream;

use crate::{
    engine::Engine,
    index::plan,
    read::{
        cursor::ReadCursor,
        snapshot::{PageLimit, Snapshot},
    },
};

/// The events of a read, whose end is fixed now.
pub(crate) fn events(engine: Arc<Engine>, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
    let begun = engine.shared().snapshot();
    let reader = Reader { engine, next: Next::Begin(begun, read), page: Given::default() };
    // Boxed, because it moves with every event.
    Box::pin(stream::unfold(Some(Box::new(reader)), |reader| async move {
        let mut reader = reader?;
        match reader.event().await {
            Ok(event) => event.map(|event| (Ok(event), Some(reader))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Reader {
    engine: Arc<Engine>,
    page: Given,
    next: Next,
}

/// The page that is being given out.
#[derive(Default)]
struct Given {
    events: vec::IntoIter<RecordedEvent>,
    /// How many are left when half of them have been given.
    half: usize,
}

/// What comes after it.
enum Next {
    /// The first page; this is what there was when the read began.
    Begin(Result<Snapshot>, Read),
    /// To be asked for.
    Left(ReadCursor),
    Asked(Task<Result<(Vec<RecordedEvent>, ReadCursor)>>),
    Nothing,
}

impl Reader {
    async fn event(&mut self) -> Result<Option<RecordedEvent>> {
        loop {
            if let Some(event) = self.page.events.next() {
                if self.page.events.len() == self.page.half {
                    self.ask();
                }
                return Ok(Some(event));
            }
            let (events, cursor) = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Nothing => return Ok(None),
                Next::Begin(begun, read) => first(Arc::clone(&self.engine), begun?, read).await?,
                Next::Left(cursor) => page(Arc::clone(&self.engine), cursor).await?,
                Next::Asked(asked) => asked.await?,
            };
            if !cursor.is_done() {
                self.next = Next::Left(cursor);
            }
            self.page = Given { half: events.len() / 2, events: events.into_iter() };
        }
    }

    fn ask(&mut self) {
        self.next = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Left(cursor) => Next::Asked(page(Arc::clone(&self.engine), cursor)),
            other => other,
        };
    }
}

type Page = (Vec<RecordedEvent>, ReadCursor);

async fn first(engine: Arc<Engine>, begun: Snapshot, read: Read) -> Result<Page> {
    let is_short = match &read {
        Read::Stream(_) => true,
        Read::All(read) => plan::is_direct(&read.query),
    };
    let look = move |limit| {
        let (shared, now) = (engine.shared(), engine.shared().now());
        let begin = |snapshot: &Snapshot| ReadCursor::begin(read.clone(), snapshot, now);
        let mut cursor = engine.noting(shared.look_first(begun, begin))?;
        let page = engine.noting(cursor.page(&shared.snapshot()?, limit))?;
        Ok((page, cursor))
    };
    if is_short { look(PageLimit::SHORT) } else { unblock(move || look(PageLimit::USUAL)).await }
}

fn page(engine: Arc<Engine>, mut cursor: ReadCursor) -> Task<Result<Page>> {
    unblock(move || {
        let page = engine.noting(cursor.page(&engine.shared().snapshot()?, PageLimit::USUAL))?;
        Ok((page, cursor))
    })
}
