//! Room for connections: so many at once, and a word in the log when there is none left.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// How many connections there still may be.
#[derive(Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    places_max: usize,
    state: State,
}

/// Whether it was said that there is no room: once, and not for every connection that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Full,
}

impl Room {
    pub(crate) fn for_connections(places_max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places_max)), places_max, state: State::Free }
    }

    /// Waits for a place, which is free again when what this gives is dropped.
    ///
    /// # Errors
    /// None: the semaphore is never closed.
    pub(crate) async fn place(&mut self) -> Result<OwnedSemaphorePermit, AcquireError> {
        let state = if self.places.available_permits() == 0 { State::Full } else { State::Free };
        if state == State::Full && self.state == State::Free {
            let connections = self.places_max;
            tracing::warn!(connections, "there is no room for another connection; more wait");
        }
        self.state = state;
        Arc::clone(&self.places).acquire_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::poll_once;

    use super::*;

    #[tokio::test]
    async fn the_next_one_waits_until_a_place_is_free() {
        let mut room = Room::for_connections(2);
        let (first, _second) = (room.place().await.unwrap(), room.place().await.unwrap());
        assert!(poll_once(room.place()).await.is_none());
        assert_eq!(room.state, State::Full);
        drop(first);
        let _third = room.place().await.unwrap();
        assert_eq!(room.state, State::Free);
    }
}
