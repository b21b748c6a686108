//! Keyed state.

use annals_core::{Error, Name, Result, StateEntry, StateExpected, StateKey, StateKind, StatePut};
use annals_proto::annals::{self as wire, state_expected::Expected};

/// Which piece of state a client means.
pub(crate) fn key(key: Option<wire::StateKey>) -> Result<StateKey> {
    let key = key.ok_or_else(|| Error::invalid("`key` is not set"))?;
    Ok(StateKey { kind: kind(key.kind)?, name: Name::new(key.name)? })
}

/// Which kind of state a client means.
pub(crate) fn kind(number: i32) -> Result<StateKind> {
    match wire::StateKind::try_from(number) {
        Ok(wire::StateKind::Checkpoint) => Ok(StateKind::Checkpoint),
        Ok(wire::StateKind::Lease) => Ok(StateKind::Lease),
        Ok(wire::StateKind::Snapshot) => Ok(StateKind::Snapshot),
        Ok(wire::StateKind::Unspecified) | Err(_) => {
            Err(Error::invalid("`kind` is not set, or to something newer than the server"))
        }
    }
}

/// The write that a client sends.
pub(crate) fn put(request: wire::PutStateRequest) -> Result<StatePut> {
    let expected = match request.expected.and_then(|expected| expected.expected) {
        Some(Expected::Any(())) => StateExpected::Any,
        Some(Expected::Absent(())) => StateExpected::Absent,
        Some(Expected::Revision(revision)) => StateExpected::Revision(revision),
        None => {
            let why = "`expected` is not set, or to something newer than the server";
            return Err(Error::invalid(why));
        }
    };
    Ok(StatePut { key: key(request.key)?, expected, value: request.value })
}

/// A piece of state as clients read it.
pub(crate) fn entry(entry: StateEntry) -> wire::StateEntry {
    let kind = match entry.key.kind {
        StateKind::Checkpoint => wire::StateKind::Checkpoint,
        StateKind::Lease => wire::StateKind::Lease,
        StateKind::Snapshot => wire::StateKind::Snapshot,
    };
    let name = entry.key.name.as_str().to_owned();
    wire::StateEntry {
        key: Some(wire::StateKey { kind: kind.into(), name }),
        revision: entry.revision,
        value: entry.value,
        recorded_at_micros: entry.recorded_at.as_micros(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::Timestamp;

    #[test]
    fn every_kind_has_a_number_of_its_own() {
        for expected in StateKind::ALL {
            let key = StateKey { kind: expected, name: Name::new("n").unwrap() };
            let recorded_at = Timestamp::from_micros(0);
            let wire = entry(StateEntry { key, revision: 1, value: "x".into(), recorded_at });
            assert_eq!(kind(wire.key.unwrap().kind).unwrap(), expected);
        }
        assert!(kind(0).is_err());
        assert!(key(None).is_err());
    }

    #[test]
    fn a_write_that_expects_nothing_known_is_refused() {
        let key = Some(wire::StateKey { kind: 1, name: "n".to_owned() });
        let request = wire::PutStateRequest { key, expected: None, value: None };
        assert!(put(request).is_err());
    }
}
