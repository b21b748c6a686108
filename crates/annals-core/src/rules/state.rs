//! Writes of keyed state against what is stored.

use crate::{CheckpointWrite, Error, ErrorKind, Position, Result, StateExpected, StateKey};

/// What a checkpoint inside an append means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is new and is stored.
    Advance,
    /// It is what is stored already, as after a retry.
    Unchanged,
}

/// Decides about a write of keyed state, by compare and set.
///
/// # Errors
/// `ConditionFailed` with the stored revision.
pub fn decide_state(key: &StateKey, expected: StateExpected, stored: Option<u64>) -> Result<()> {
    let holds = match expected {
        StateExpected::Any => true,
        StateExpected::Absent => stored.is_none(),
        StateExpected::Revision(revision) => stored == Some(revision),
    };
    if holds {
        return Ok(());
    }
    let expected = match expected {
        StateExpected::Any | StateExpected::Absent => "nothing".to_owned(),
        StateExpected::Revision(revision) => format!("revision {revision}"),
    };
    let found = stored.map_or_else(|| "nothing".to_owned(), |found| format!("revision {found}"));
    let message =
        format!("{} `{}`: expected {expected}, found {found}", key.kind.as_str(), key.name);
    Err(Error::new(ErrorKind::ConditionFailed, message))
}

/// Decides about a checkpoint inside an append: it must be beyond the stored one, so that two
/// runners of one consumer cannot both count.
///
/// # Errors
/// `ConditionFailed` with the stored position.
pub fn decide_checkpoint(
    checkpoint: &CheckpointWrite,
    stored: Option<Position>,
    has_events: bool,
) -> Result<Progress> {
    match stored {
        Some(stored) if stored == checkpoint.position && !has_events => Ok(Progress::Unchanged),
        Some(stored) if stored >= checkpoint.position => {
            let message = format!(
                "checkpoint `{}` is at {stored} already and cannot be set to {}",
                checkpoint.name, checkpoint.position
            );
            Err(Error::new(ErrorKind::ConditionFailed, message).with("stored", stored))
        }
        _ => Ok(Progress::Advance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    #[test]
    fn compare_and_set_compares() {
        let key = StateKey::checkpoint(Name::new("c").unwrap());
        let check = |expected, stored| decide_state(&key, expected, stored).is_ok();
        assert!(check(StateExpected::Any, Some(1)) && check(StateExpected::Any, None));
        assert!(check(StateExpected::Absent, None) && !check(StateExpected::Absent, Some(1)));
        assert!(check(StateExpected::Revision(1), Some(1)));
        assert!(!check(StateExpected::Revision(1), Some(2)));
        assert!(!check(StateExpected::Revision(1), None));
    }

    #[test]
    fn a_checkpoint_only_goes_forward() {
        let name = Name::new("c").unwrap();
        let write = CheckpointWrite { name, position: Position::new(5) };
        let check = |stored: Option<u64>, events| {
            decide_checkpoint(&write, stored.map(Position::new), events).ok()
        };
        assert_eq!(check(None, true), Some(Progress::Advance));
        assert_eq!(check(Some(4), true), Some(Progress::Advance));
        assert_eq!(check(Some(5), false), Some(Progress::Unchanged));
        assert_eq!(check(Some(5), true), None);
        assert_eq!(check(Some(6), false), None);
    }
}
