//! Whether there is a connection, as the client tells it.
//!
//! What was under way on a connection that is lost gets no answer any more, so that those who wait
//! want to know at once.

use async_nats::{Event, ServerError};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::silence::Silence;

/// The state of the connection of one client.
#[derive(Debug)]
pub(crate) struct Link {
    state: watch::Sender<State>,
    /// What the server said last that the client may not do.
    denied: Mutex<Option<String>>,
    /// That of questions about the log.
    pub(super) questions: Silence,
    /// That of messages for the log.
    pub(super) publishes: Silence,
}

#[derive(Debug, Clone, Copy)]
struct State {
    connected: bool,
    /// How many connections were lost.
    losses: u64,
}

impl Link {
    pub(crate) fn new() -> Self {
        let state = watch::Sender::new(State { connected: true, losses: 0 });
        Self {
            state,
            denied: Mutex::default(),
            questions: Silence::default(),
            publishes: Silence::default(),
        }
    }

    pub(super) fn hear(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.state.send_modify(|state| state.connected = true);
                tracing::info!("connected to the log");
            }
            Event::Disconnected => {
                self.state.send_modify(|state| {
                    state.connected = false;
                    state.losses += 1;
                });
                tracing::warn!("the connection to the log is lost; connecting again");
            }
            Event::ServerError(ServerError::Other(text)) => {
                // The server does not say to which request it belongs.
                if text.to_ascii_lowercase().contains("permissions violation") {
                    *self.denied.lock() = Some(text.clone());
                }
                tracing::warn!(error = %text, "a server of the log refuses something");
            }
            other => tracing::debug!(event = %other, "the connection to the log"),
        }
    }

    /// How many connections were lost up to now.
    pub(super) fn losses(&self) -> u64 {
        self.state.borrow().losses
    }

    /// Waits until another connection is lost than those that were.
    pub(super) async fn lost_since(&self, losses: u64) {
        let mut state = self.state.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _lost = state.wait_for(|state| state.losses > losses).await;
    }

    /// Waits until there is a connection.
    pub(super) async fn connected(&self) {
        let mut state = self.state.subscribe();
        let _connected = state.wait_for(|state| state.connected).await;
    }

    /// Whether the server said that the client may not use a subject.
    pub(super) fn denies(&self, subject: &str) -> bool {
        self.denied.lock().as_deref().is_some_and(|text| text.contains(subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_denied_is_known_by_its_subject() {
        let link = Link::new();
        let text = "Permissions Violation for Publish to \"annals.orders.log\"".to_owned();
        link.hear(&Event::ServerError(ServerError::Other(text)));
        assert!(link.denies("annals.orders.log"));
        assert!(!link.denies("annals.other.log"));
    }

    #[tokio::test]
    async fn a_loss_is_told_to_those_who_began_before_it() {
        let link = Link::new();
        let before = link.losses();
        link.hear(&Event::Disconnected);
        link.lost_since(before).await;
        assert_eq!(link.losses(), before + 1);
        link.hear(&Event::Connected);
        link.connected().await;
    }
}
