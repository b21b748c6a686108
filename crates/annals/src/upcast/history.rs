//! What earlier events of streams say, kept so that a stream is not read again for each event.

use std::{fmt, sync::Arc};

use annals_core::{
    Backend, Position, Query, QueryItem, ReadAll, RecordedEvent, Result, StreamName, StreamSelector,
};
use futures_lite::StreamExt;
use quick_cache::sync::Cache;

use super::earlier::{Fold, State};

/// How many streams' histories are kept.
const STREAMS_MAX: usize = 1_024;
/// How many states of one stream are kept: the newest of what has been read.
const STATES_MAX: usize = 64;
/// How many events are read ahead of the one in question.
const AHEAD: usize = STATES_MAX / 2;

/// The histories of streams, by fold and stream. The address of a fold stands for it; it lives as
/// long as the store does.
pub(crate) struct Histories {
    kept: Cache<(usize, StreamName), Arc<History>>,
}

/// The states of one stream up to a position.
#[derive(Clone, Default)]
struct History {
    /// Everything up to here has been looked at; `None` before the first read.
    covered: Option<Position>,
    /// The state after each event, oldest first.
    states: Vec<(Position, State)>,
    /// Whether the oldest states were let go.
    is_cut: bool,
}

impl Default for Histories {
    fn default() -> Self {
        Self { kept: Cache::new(STREAMS_MAX) }
    }
}

impl Histories {
    /// What the events before a record say.
    ///
    /// # Errors
    /// Those of reading, and of the fold.
    pub(super) async fn before(
        &self,
        backend: &dyn Backend,
        fold: &Arc<dyn Fold>,
        record: &RecordedEvent,
    ) -> Result<State> {
        let key = (Arc::as_ptr(fold).cast::<()>() as usize, record.stream.clone());
        let kept = self.kept.get(&key);
        let state = kept.as_ref().and_then(|history| history.before(&**fold, record.position));
        if let Some(state) = state {
            return Ok(state);
        }
        let mut history = match kept {
            Some(kept) if kept.covered < Some(record.position) => (*kept).clone(),
            _ => History::default(),
        };
        let state = history.read_on(backend, &**fold, record).await?;
        self.kept.insert(key, Arc::new(history));
        Ok(state)
    }
}

impl History {
    /// The state before a position; `None` when it is not known.
    fn before(&self, fold: &dyn Fold, position: Position) -> Option<State> {
        if self.covered < Some(position) {
            return None;
        }
        let count = self.states.partition_point(|(at, _)| *at < position);
        match count.checked_sub(1).and_then(|last| self.states.get(last)) {
            Some((_, state)) => Some(Arc::clone(state)),
            None => (!self.is_cut).then(|| fold.empty()),
        }
    }

    /// Reads up to the record and some way beyond, and gives the state before the record.
    async fn read_on(
        &mut self,
        backend: &dyn Backend,
        fold: &dyn Fold,
        record: &RecordedEvent,
    ) -> Result<State> {
        let head = backend.head().await?.max(Some(record.position));
        let item = QueryItem {
            types: fold.types()?.to_vec(),
            streams: vec![StreamSelector::Stream(record.stream.clone())],
            ..QueryItem::default()
        };
        let from = self.covered.map(|covered| Position::new(covered.get() + 1));
        let read = ReadAll { from, to: head, ..ReadAll::new(Query::any_of([item])?) };
        let mut events = backend.read(read.into());
        let mut state = self.states.last().map_or_else(|| fold.empty(), |(_, s)| Arc::clone(s));
        let mut before = Arc::clone(&state);
        let mut ahead = 0;
        while let Some(event) = events.try_next().await? {
            let is_before = event.position < record.position;
            match fold.next(&state, &event) {
                Ok(next) => state = next,
                // It may be that nobody ever asks for what comes after that event.
                Err(_) if !is_before => return Ok(before),
                Err(error) => return Err(error),
            }
            self.keep(event.position, &state);
            if is_before {
                before = Arc::clone(&state);
            } else {
                ahead += 1;
            }
            if ahead == AHEAD {
                return Ok(before);
            }
        }
        self.covered = head;
        Ok(before)
    }

    fn keep(&mut self, position: Position, state: &State) {
        if self.states.len() == STATES_MAX {
            self.states.remove(0);
            self.is_cut = true;
        }
        self.states.push((position, Arc::clone(state)));
        self.covered = Some(position);
    }
}

impl fmt::Debug for Histories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histories").field("streams", &self.kept.len()).finish()
    }
}
