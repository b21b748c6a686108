//! What one store hands to another.

use annals_core::{RecordedState, Restore, Result, Timestamp};
use annals_proto::annals as wire;

use super::{event::recorded_from, state::key};

/// What a client restores.
pub(crate) fn restore(request: wire::RestoreRequest) -> Result<Restore> {
    Ok(Restore {
        events: request.events.into_iter().map(recorded_from).collect::<Result<_>>()?,
        states: request.states.into_iter().map(state).collect::<Result<_>>()?,
    })
}

fn state(state: wire::RecordedState) -> Result<RecordedState> {
    Ok(RecordedState {
        key: key(state.key)?,
        revision: state.revision,
        value: state.value,
        recorded_at: Timestamp::from_micros(state.recorded_at_micros),
    })
}
