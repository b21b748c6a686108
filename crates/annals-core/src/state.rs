//! Small keyed state beside the events: snapshots, checkpoints and leases.

use bytes::Bytes;

use crate::{Error, Name, Position, Result, Timestamp, limits};

/// What a piece of state is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateKind {
    /// How far a consumer has come. The value is a position: 8 bytes, big endian.
    Checkpoint,
    /// Who may run a consumer.
    Lease,
    /// A saved aggregate.
    Snapshot,
}

impl StateKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Checkpoint, Self::Lease, Self::Snapshot];

    /// The kind as a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::Lease => "lease",
            Self::Snapshot => "snapshot",
        }
    }
}

/// Which piece of state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateKey {
    /// What it is for.
    pub kind: StateKind,
    /// Its name within the kind.
    pub name: Name,
}

/// A piece of state as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateEntry {
    /// Which piece.
    pub key: StateKey,
    /// Grows with every write to any state of the store, and never comes again, also not after
    /// a delete; so it serves as a fencing token.
    pub revision: u64,
    /// The value.
    pub value: Bytes,
    /// When the store took it.
    pub recorded_at: Timestamp,
}

/// What a write of state expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateExpected {
    /// Whatever is there.
    Any,
    /// Nothing.
    Absent,
    /// This revision.
    Revision(u64),
}

/// A write of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePut {
    /// Which piece.
    pub key: StateKey,
    /// What must be there before.
    pub expected: StateExpected,
    /// The new value; `None` deletes it.
    pub value: Option<Bytes>,
}

impl StateKey {
    /// The key of a checkpoint.
    #[must_use]
    pub const fn checkpoint(name: Name) -> Self {
        Self { kind: StateKind::Checkpoint, name }
    }
}

impl StateEntry {
    /// The position a checkpoint stands at.
    ///
    /// # Errors
    /// `Corrupted` when the value is not 8 bytes.
    pub fn checkpoint_position(&self) -> Result<Position> {
        let bytes: [u8; 8] = self.value.as_ref().try_into().map_err(|_| {
            let found = self.value.len();
            Error::new(
                crate::ErrorKind::Corrupted,
                format!("checkpoint `{}` holds {found} bytes instead of 8", self.key.name),
            )
        })?;
        Ok(Position::new(u64::from_be_bytes(bytes)))
    }
}

impl StatePut {
    /// The value of a checkpoint at a position.
    #[must_use]
    pub fn checkpoint_value(position: Position) -> Bytes {
        Bytes::copy_from_slice(&position.get().to_be_bytes())
    }

    /// Checks the size, and that a checkpoint holds a position.
    ///
    /// # Errors
    /// `TooLarge` or `InvalidArgument`.
    pub fn check(&self) -> Result<()> {
        Self::check_value(&self.key, self.value.as_ref())
    }

    pub(crate) fn check_value(key: &StateKey, value: Option<&Bytes>) -> Result<()> {
        let Some(value) = value else { return Ok(()) };
        if value.len() > limits::STATE_VALUE_BYTES_MAX {
            let what = format!("the value of {} `{}` in bytes", key.kind.as_str(), key.name);
            return Err(Error::too_large(&what, value.len(), limits::STATE_VALUE_BYTES_MAX));
        }
        if key.kind == StateKind::Checkpoint && value.len() != 8 {
            return Err(Error::invalid("a checkpoint's value is a position: 8 bytes, big endian"));
        }
        Ok(())
    }
}
