//! What of the log a read model still lacks.

use std::time::Duration;

use annals_core::{Direction, Position, Query, Read, ReadAll, Result};
use futures_lite::StreamExt;

use super::Lag;
use crate::app::Store;

/// How far a model at `place` is behind. Stretches without anything for it do not count.
pub(super) async fn lag(store: &Store, query: Query, place: Option<Position>) -> Result<Lag> {
    let from = place.map_or(Position::FIRST, Position::next);
    let read = ReadAll::new(query).from(from).limit(1);
    let Some(oldest) = store.backend.read(Read::All(read)).try_next().await? else {
        return Ok(Lag::default());
    };
    let head = store.backend.head().await?.unwrap_or(oldest.position);
    let events = head.get().saturating_sub(from.get()).saturating_add(1);
    let micros = store.clock.now().as_micros().saturating_sub(oldest.recorded_at.as_micros());
    let age = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    Ok(Lag { events, age })
}

/// The last event up to `to` that matters, which is as far as a model must have come. Beyond it
/// the checkpoint may stay behind without anything lacking.
pub(super) async fn last_that_matters(
    store: &Store,
    query: Query,
    to: Option<Position>,
) -> Result<Option<Position>> {
    let direction = Direction::Backward;
    let read = ReadAll { direction, from: to, limit: Some(1), ..ReadAll::new(query) };
    Ok(store.backend.read(Read::All(read)).try_next().await?.map(|event| event.position))
}
