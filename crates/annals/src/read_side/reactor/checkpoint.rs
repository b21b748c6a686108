//! How far a partition of a reactor has come, kept in the event store.

use annals_core::{Backend, Name, Position, Result, StateExpected, StateKey, StatePut};

/// A checkpoint as it was stored last. It moves by compare-and-set, so of two runners one notices.
#[derive(Debug)]
pub(super) struct Checkpoint {
    key: StateKey,
    revision: Option<u64>,
    pub(super) position: Option<Position>,
}

impl Checkpoint {
    pub(super) async fn load(backend: &dyn Backend, reactor: &str, partition: u32) -> Result<Self> {
        let key = StateKey::checkpoint(Name::new(format!("reactor/{reactor}/{partition}"))?);
        let entry = backend.state(&key).await?;
        let revision = entry.as_ref().map(|entry| entry.revision);
        let position = entry.map(|entry| entry.checkpoint_position()).transpose()?;
        Ok(Self { key, revision, position })
    }

    /// Stores a new place.
    ///
    /// # Errors
    /// `ConditionFailed` when another runner was here.
    pub(super) async fn store(&mut self, backend: &dyn Backend, place: Position) -> Result<()> {
        let expected = self.revision.map_or(StateExpected::Absent, StateExpected::Revision);
        let value = Some(StatePut::checkpoint_value(place));
        let put = StatePut { key: self.key.clone(), expected, value };
        self.revision = Some(backend.put_state(put).await?);
        self.position = Some(place);
        Ok(())
    }
}
