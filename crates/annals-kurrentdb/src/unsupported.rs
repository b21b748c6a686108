//! What the protocol has no words for.

use annals_core::{Error, ErrorKind};

/// Something that a KurrentDB cannot do, why, and what to try instead.
pub(crate) fn unsupported(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, why)
}

/// There is no place for state beside the events.
pub(crate) fn no_state() -> Error {
    unsupported(
        "a KurrentDB keeps no checkpoints, leases or snapshots beside its events; keep them in \
         another store, or copy the events into one with `annals copy`",
    )
}
