//! When to leave a server that is there and brings no answers.
//!
//! A server that is cut off from the others keeps its clients, and what they ask for goes nowhere
//! until it is back among them. Another server may reach the log's leader. Whether it does is not
//! known before it is tried, so the client tries one after the other.

use std::time::Instant;

use parking_lot::Mutex;

use super::limits;

/// For how long requests of one kind have brought no answers. The leader that was cut off goes on
/// answering some and not others.
#[derive(Debug, Default)]
pub(super) struct Silence {
    since: Mutex<Option<Instant>>,
}

impl Silence {
    /// There was an answer.
    pub(super) fn end(&self) {
        *self.since.lock() = None;
    }

    /// There was none. Says whether that has been so for too long; after that, the next server has
    /// half of the time.
    pub(super) fn lasts_too_long(&self) -> bool {
        let mut since = self.since.lock();
        let is_too_long = since.get_or_insert_with(Instant::now).elapsed() >= limits::SILENT;
        if is_too_long {
            *since = Instant::now().checked_sub(limits::SILENT / 2);
        }
        is_too_long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_too_long_once_and_after_an_answer_it_begins_anew() {
        let silence = Silence::default();
        assert!(!silence.lasts_too_long());
        let long_ago = || *silence.since.lock() = Instant::now().checked_sub(limits::SILENT);
        long_ago();
        assert!(silence.lasts_too_long());
        assert!(!silence.lasts_too_long());
        long_ago();
        silence.end();
        assert!(!silence.lasts_too_long());
    }
}
