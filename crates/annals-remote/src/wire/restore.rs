//! What one store hands to another.

use annals_core::{RecordedState, Restore};
use annals_proto::annals as wire;

use super::{event::recorded, state::key};

/// What is restored, as a message.
pub(crate) fn restore(restore: Restore) -> wire::RestoreRequest {
    let state = |state: RecordedState| wire::RecordedState {
        key: Some(key(&state.key)),
        revision: state.revision,
        value: state.value,
        recorded_at_micros: state.recorded_at.as_micros(),
    };
    wire::RestoreRequest {
        events: restore.events.into_iter().map(recorded).collect(),
        states: restore.states.into_iter().map(state).collect(),
    }
}
