//! Waiting, after a command was done, until its events are in read models.

use std::{
    any::{TypeId, type_name},
    time::Duration,
};

use annals_core::{Error, Position, Result};

use crate::{Annals, ProjectionHandle};

/// How long to wait unless said otherwise.
const AT_MOST: Duration = Duration::from_secs(5);

/// Which read models to wait for.
#[derive(Debug)]
pub(super) struct Wait {
    models: Vec<(TypeId, &'static str)>,
    pub(super) at_most: Duration,
}

impl Default for Wait {
    fn default() -> Self {
        Self { models: Vec::new(), at_most: AT_MOST }
    }
}

impl Wait {
    /// Adds the projection or view of this type.
    pub(super) fn for_type<R: 'static>(mut self) -> Self {
        self.models.push((TypeId::of::<R>(), type_name::<R>()));
        self
    }

    /// Before anything is done, so that a slip does not look like a command that failed.
    pub(super) fn handles(&self, app: &Annals) -> Result<Vec<ProjectionHandle>> {
        self.models.iter().map(|(of, name)| app.read_model(*of, name)).collect()
    }

    /// Waits for all of them, together no longer than was said.
    pub(super) async fn until_reached(
        &self,
        handles: &[ProjectionHandle],
        position: Option<Position>,
    ) -> Result<()> {
        let Some(position) = position else { return Ok(()) };
        let begun = std::time::Instant::now();
        for handle in handles {
            let left = self.at_most.saturating_sub(begun.elapsed());
            handle.reached(position, left).await.map_err(|error| {
                let message = format!(
                    "the command was done, its last event is at position {position}, and only the \
                     wait for it failed: {error}"
                );
                Error::new(error.kind(), message).with("position", position).caused_by(error)
            })?;
        }
        Ok(())
    }
}
