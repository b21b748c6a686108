//! Which message comes next, and whether it is the right one.
//!
//! Sources may give messages again, and from elsewhere; out comes every sequence once, in order.
//! The last message is asked for again with every new consumer: when it is another one than
//! before, the log has lost messages that it had given out.

use annals_core::{Error, ErrorKind, Result, Timestamp};

use crate::{log::Logged, names::StoreName};

#[derive(Debug)]
pub(super) struct Order {
    pub(super) next: u64,
    /// The last message that was given out.
    last: Option<(u64, Timestamp)>,
}

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Give(Logged),
    /// It was given before.
    Skip,
    /// Some are missing before it.
    Gap,
}

impl Order {
    pub(super) fn new(from: u64) -> Self {
        Self { next: from.max(1), last: None }
    }

    /// Where a new consumer begins: with the last message once more.
    pub(super) fn resume(&self) -> u64 {
        self.last.map_or(self.next, |(sequence, _)| sequence)
    }

    pub(super) fn take(&mut self, logged: Logged) -> Result<Step> {
        if let Some((sequence, time)) = self.last
            && logged.sequence == sequence
            && logged.time != time
        {
            return Err(changed(sequence, time, logged.time));
        }
        if logged.sequence > self.next {
            return Ok(Step::Gap);
        }
        if logged.sequence < self.next {
            return Ok(Step::Skip);
        }
        self.last = Some((logged.sequence, logged.time));
        self.next += 1;
        Ok(Step::Give(logged))
    }
}

fn changed(sequence: u64, before: Timestamp, now: Timestamp) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "the log gives another message at sequence {sequence} than before (of {now}, not of {before}): it has lost messages that it had acknowledged, as after a power loss without `sync_interval: always`; compare the nodes, keep the one that is furthest, and begin a new log from a backup of it"
        ),
    )
}

/// The servers have no such log, and there was one.
pub(super) fn gone(store: &StoreName) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "the servers have no log `{store}` any more: it was removed, or lost as after a power loss without `sync_interval: always`; see in the book how to go on from this node's store"
        ),
    )
}

/// The log begins after what is needed.
pub(super) fn trimmed(next: u64, first: u64) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "the log begins at sequence {first}, but this node needs it from sequence {next} on; start the node from a backup of another node"
        ),
    )
}

/// The log ends before what was given.
pub(super) fn cut(next: u64, last: u64) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "the log ends at sequence {last}, but this node needs it from sequence {next} on: it has lost messages that it had acknowledged, or it is another log; check the URL, compare the nodes, and begin a new log from a backup of the one that is furthest"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(sequence: u64, micros: i64) -> Logged {
        Logged {
            sequence,
            time: Timestamp::from_micros(micros),
            message: bytes::Bytes::new(),
            behind: 0,
        }
    }

    #[test]
    fn every_sequence_comes_once_and_in_order() {
        let mut order = Order::new(0);
        assert_eq!(order.take(logged(1, 10)).unwrap(), Step::Give(logged(1, 10)));
        assert_eq!(order.take(logged(2, 20)).unwrap(), Step::Give(logged(2, 20)));
        assert_eq!(order.take(logged(1, 10)).unwrap(), Step::Skip);
        assert_eq!(order.take(logged(4, 40)).unwrap(), Step::Gap);
        assert_eq!(order.resume(), 2);
        assert_eq!(order.take(logged(2, 20)).unwrap(), Step::Skip);
        assert_eq!(order.take(logged(3, 15)).unwrap(), Step::Give(logged(3, 15)));
    }

    #[test]
    fn another_message_at_the_last_sequence_is_told() {
        let mut order = Order::new(7);
        assert_eq!(order.resume(), 7);
        assert_eq!(order.take(logged(7, 70)).unwrap(), Step::Give(logged(7, 70)));
        let error = order.take(logged(7, 71)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
        assert!(error.to_string().contains("sequence 7"), "{error}");
    }

    #[test]
    fn both_ends_are_named() {
        let error = trimmed(3, 9).to_string();
        assert!(error.contains("sequence 9") && error.contains("sequence 3"), "{error}");
        assert!(error.contains("backup"), "{error}");
        let error = cut(9, 3).to_string();
        assert!(error.contains("sequence 9") && error.contains("sequence 3"), "{error}");
    }
}
