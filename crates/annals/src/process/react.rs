//! Reacting: from a state and an input to the next state and its effects. Nothing else happens,
//! so this is also what tests of a process manager call.

use annals_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::{Effect, Effects, Process, Rejected};
use crate::{Recorded, guard::guard};

/// What an event does to a state: the effects, in the order they were asked for.
///
/// # Errors
/// `Application` when the process manager panics, `Undecodable` or `InvalidArgument` for an effect
/// that cannot be written. The state must not be used after an error.
pub(crate) fn react<P: Process>(state: &mut P, event: &Recorded<P::Event>) -> Result<Vec<Effect>> {
    let mut list = Vec::new();
    let mut effects = Effects::new(&mut list, event.recorded_at());
    guard("reacting to an event", || state.react(event, &mut effects))?;
    effects.end()?;
    Ok(list)
}

/// What a refusal does to a state; like [`react`].
///
/// # Errors
/// Those of [`react`].
pub(crate) fn rejected<P: Process>(state: &mut P, refusal: &Rejected) -> Result<Vec<Effect>> {
    let mut list = Vec::new();
    let mut effects = Effects::new(&mut list, refusal.recorded_at());
    guard("taking in a refusal", || state.rejected(refusal, &mut effects))?;
    effects.end()?;
    Ok(list)
}

/// The stored form of a state, which can be read again.
pub(super) fn to_json<P: Process>(state: &P) -> Result<Value> {
    let unwritable = |error: serde_json::Error| {
        let message = format!(
            "the state of process manager `{}` cannot be stored as JSON and read again",
            P::NAME
        );
        Error::new(ErrorKind::Undecodable, message).caused_by(error)
    };
    let json = serde_json::to_value(state).map_err(unwritable)?;
    P::deserialize(&json).map_err(unwritable)?;
    Ok(json)
}

/// A state from its stored form.
pub(super) fn from_json<P: Process>(state: &Value, version: u32) -> Result<P> {
    P::deserialize(state).map_err(|error| {
        let message = format!(
            "the state of process manager `{}` was stored by version {version} of it, and version \
             {} cannot read that; give new fields a serde default, or rename with a serde alias",
            P::NAME,
            P::VERSION
        );
        Error::new(ErrorKind::Undecodable, message).caused_by(error)
    })
}
