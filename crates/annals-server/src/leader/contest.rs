//! Whether the lease may be taken, without trusting the clock of anybody else.

use std::time::Instant;

use annals_core::{Result, StateEntry, StateExpected};
use uuid::Uuid;

use super::record::Record;

/// What one who wants the lease has seen of it.
#[derive(Debug, Default)]
pub(super) struct Contest {
    /// The last revision, and when it was first seen.
    seen: Option<(u64, Instant)>,
}

/// What to make of the lease.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be taken by whoever finds this there; the last one to have it had this number.
    Free(StateExpected, u64),
    /// Somebody has it.
    Kept(Record),
}

impl Contest {
    /// Looks at the lease; `now` is the time after it was read.
    ///
    /// # Errors
    /// `Corrupted` when it is no lease.
    pub(super) fn look(
        &mut self,
        entry: Option<&StateEntry>,
        me: Uuid,
        now: Instant,
    ) -> Result<Verdict> {
        let Some(entry) = entry else {
            return Ok(Verdict::Free(StateExpected::Absent, 0));
        };
        let record = Record::of(entry)?;
        let since = match self.seen {
            Some((revision, since)) if revision == entry.revision => since,
            _ => now,
        };
        self.seen = Some((entry.revision, since));
        // What is left of this server's own is a write whose answer was lost.
        let is_free = record.is_of(me) || now.duration_since(since) >= record.promised();
        Ok(if is_free {
            Verdict::Free(StateExpected::Revision(entry.revision), record.number)
        } else {
            Verdict::Kept(record)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use annals_core::{StatePut, Timestamp};

    use super::*;
    use crate::leader::{Address, Leader};

    const PROMISED: Duration = Duration::from_secs(4);

    fn record(owner: Uuid, promised: Duration) -> Record {
        let address = Address { host: "n1".to_owned(), port: 2_113 };
        Record::new(&Leader { id: owner, address }, 7, promised)
    }

    fn entry(revision: u64, record: &Record) -> StateEntry {
        let StatePut { key, value, .. } = record.put(StateExpected::Any).unwrap();
        let recorded_at = Timestamp::from_micros(0);
        StateEntry { key, revision, value: value.unwrap(), recorded_at }
    }

    #[test]
    fn a_lease_is_free_once_it_has_not_changed_for_as_long_as_it_promises() {
        let (mut contest, start) = (Contest::default(), Instant::now());
        let record = record(Uuid::new_v4(), PROMISED);
        let mut at = |revision, seconds| {
            let now = start + Duration::from_secs(seconds);
            contest.look(Some(&entry(revision, &record)), Uuid::new_v4(), now).unwrap()
        };
        let kept = || Verdict::Kept(record.clone());
        let free = |revision| Verdict::Free(StateExpected::Revision(revision), 7);
        assert_eq!(at(1, 0), kept());
        assert_eq!(at(1, 3), kept());
        // Renewed: its time begins anew when that is seen.
        assert_eq!(at(2, 5), kept());
        assert_eq!(at(2, 8), kept());
        assert_eq!(at(2, 9), free(2));
    }

    #[test]
    fn what_nobody_has_is_free_at_once() {
        let (mut contest, now, me) = (Contest::default(), Instant::now(), Uuid::new_v4());
        let absent = contest.look(None, me, now).unwrap();
        assert_eq!(absent, Verdict::Free(StateExpected::Absent, 0));
        let given_back = entry(3, &record(Uuid::new_v4(), Duration::ZERO));
        let free = |revision| Verdict::Free(StateExpected::Revision(revision), 7);
        assert_eq!(contest.look(Some(&given_back), me, now).unwrap(), free(3));
        let own = entry(4, &record(me, PROMISED));
        assert_eq!(contest.look(Some(&own), me, now).unwrap(), free(4));
    }
}
