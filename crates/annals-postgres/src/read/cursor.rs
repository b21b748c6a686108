//! A read in progress: one page is given out while the next is on its way.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use annals_core::{
    BoxFuture, BoxStream, Direction, Error, Position, Query, Read, ReadAll, ReadStream,
    RecordedEvent, Result, StreamName,
};
use futures_lite::Stream;

use super::{
    all,
    rows::{ROWS_FIRST, ROWS_MAX},
    stream as one,
};
use crate::{backend::Inner, patience::Patience, replicas::For, shared::Shared};

/// What is left to read.
#[derive(Debug)]
pub(crate) struct Cursor {
    source: Source,
    direction: Direction,
    low: u64,
    high: u64,
    left: u64,
    /// The newest position when the read began.
    head: Option<Position>,
}

#[derive(Debug, Clone)]
enum Source {
    All(Query),
    Stream(StreamName),
}

/// A page of either source.
struct Got {
    events: Vec<RecordedEvent>,
    is_full: bool,
    head: Option<Position>,
}

struct Reader {
    inner: Arc<Inner>,
    cursor: Cursor,
    page: vec::IntoIter<RecordedEvent>,
    ahead: Option<BoxFuture<'static, Result<Got>>>,
}

impl Cursor {
    /// Begins a read. The first page goes on where it is awaited; those after it are read ahead.
    pub(crate) fn begin(
        inner: Arc<Inner>,
        read: Read,
    ) -> BoxStream<'static, Result<RecordedEvent>> {
        let cursor = Self::new(read);
        let ahead = Some(inner.shared.here(cursor.ask(Arc::clone(&inner.shared))));
        Box::pin(Reader { inner, cursor, page: Vec::new().into_iter(), ahead })
    }

    fn new(read: Read) -> Self {
        let (source, direction, from, to, limit) = match read {
            Read::All(ReadAll { query, direction, from, to, limit }) => {
                let [from, to] = [from, to].map(|at| at.map(Position::get));
                (Source::All(query), direction, from, to, limit)
            }
            Read::Stream(ReadStream { stream, direction, from, to, limit }) => {
                let [from, to] = [from, to].map(|at| at.map(annals_core::Version::get));
                (Source::Stream(stream), direction, from, to, limit)
            }
        };
        let (low, high) = match direction {
            Direction::Forward => (from, to),
            Direction::Backward => (to, from),
        };
        Self {
            source,
            direction,
            low: low.unwrap_or(0),
            high: high.unwrap_or(u64::MAX),
            left: limit.unwrap_or(u64::MAX),
            head: None,
        }
    }

    fn limit(&self) -> u64 {
        // Only the first page comes without knowing the head.
        let rows = if self.head.is_none() { ROWS_FIRST } else { ROWS_MAX };
        std::cmp::min(self.left, rows)
    }

    /// The next page.
    fn ask(&self, shared: Arc<Shared>) -> impl Future<Output = Result<Got>> + Send + use<> {
        let (source, direction) = (self.source.clone(), self.direction);
        let (low, high, limit) = (self.low, self.high, self.limit());
        let purpose = For::Read(self.head);
        shared.read(Patience::Limited, move |shared| {
            let source = source.clone();
            async move {
                match source {
                    Source::All(query) => {
                        let stretch = all::Stretch { query, direction, low, high, limit };
                        got_all(&shared, &stretch, purpose).await
                    }
                    Source::Stream(stream) => {
                        let stretch = one::Stretch { stream, direction, low, high, limit };
                        got_one(&shared, &stretch, purpose).await
                    }
                }
            }
        })
    }

    /// Moves past a page; whether there may be another.
    fn pass(&mut self, got: &Got) -> bool {
        self.head = self.head.or(got.head);
        if let (Source::All(_), Some(head)) = (&self.source, self.head) {
            // A read ends at the newest event there was when it began.
            self.high = std::cmp::min(self.high, head.get());
        }
        self.left = self.left.saturating_sub(got.events.len() as u64);
        let Some(last) = got.events.last().filter(|_| got.is_full && self.left > 0) else {
            return false;
        };
        let at = match &self.source {
            Source::All(_) => last.position.get(),
            Source::Stream(_) => last.version.get(),
        };
        match self.direction {
            Direction::Forward => self.low = at + 1,
            Direction::Backward if at == 0 => return false,
            Direction::Backward => self.high = at - 1,
        }
        self.low <= self.high
    }
}

async fn got_all(shared: &Shared, stretch: &all::Stretch, purpose: For) -> Result<Got> {
    let page = all::page(shared, stretch, purpose).await?;
    Ok(Got { events: page.events, is_full: page.is_full, head: page.head })
}

async fn got_one(shared: &Shared, stretch: &one::Stretch, purpose: For) -> Result<Got> {
    let page = one::page(shared, stretch, purpose).await?;
    if page.is_tombstoned {
        return Err(Error::stream_deleted(&stretch.stream));
    }
    if page.last.is_none() || page.is_deleted {
        return Err(Error::stream_not_found(&stretch.stream));
    }
    Ok(Got { events: page.events, is_full: page.is_full, head: page.head })
}

impl Stream for Reader {
    type Item = Result<RecordedEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reader = self.get_mut();
        loop {
            if let Some(event) = reader.page.next() {
                return Poll::Ready(Some(Ok(event)));
            }
            let Some(ahead) = &mut reader.ahead else { return Poll::Ready(None) };
            let got = ready!(ahead.as_mut().poll(context));
            reader.ahead = None;
            match got {
                Ok(got) => reader.turn(got),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl Reader {
    /// Goes on to a page, and asks for the one behind it.
    fn turn(&mut self, got: Got) {
        if self.cursor.pass(&got) {
            let shared = &self.inner.shared;
            self.ahead = Some(shared.run(self.cursor.ask(Arc::clone(shared))));
        }
        self.page = got.events.into_iter();
    }
}
