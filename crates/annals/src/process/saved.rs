//! The ledger as saved in the store's keyed state, so that a start reads only what came since.
//! A cache: without it the streams are read from their beginning.

use annals_core::{Backend, Position, Result, StateExpected, StateKey, StatePut, StreamName};
use serde::{Deserialize, Serialize};

use super::{ledger::Ledger, records::Open};

/// Changes with the form.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    format: u32,
    position: u64,
    entries: Vec<(String, u64, Open)>,
}

/// The ledger as it was saved last, else an empty one.
///
/// # Errors
/// Those of reading state.
pub(super) async fn load(backend: &dyn Backend, key: &StateKey) -> Result<Ledger> {
    let Some(entry) = backend.state(key).await? else { return Ok(Ledger::default()) };
    match rmp_serde::from_slice::<Saved>(&entry.value) {
        Ok(saved) if saved.format == FORMAT => {
            let entries = saved.entries.into_iter().map(|(stream, position, open)| {
                (StreamName::from_stored(stream.into()), Position::new(position), open)
            });
            Ok(Ledger::restored(Position::new(saved.position), entries))
        }
        Ok(_) => Ok(Ledger::default()),
        Err(error) => {
            tracing::debug!(name = %key.name, %error, "the saved ledger cannot be read");
            Ok(Ledger::default())
        }
    }
}

/// Saves the ledger. When that fails, the next start reads more.
pub(super) async fn save(backend: &dyn Backend, key: &StateKey, ledger: &Ledger) {
    let Some(position) = ledger.position else { return };
    let entries = ledger
        .open()
        .map(|(stream, position, open)| (stream.to_string(), position.get(), open.clone()))
        .collect();
    let saved = Saved { format: FORMAT, position: position.get(), entries };
    let value = match rmp_serde::to_vec_named(&saved) {
        Ok(value) => value,
        Err(error) => return tracing::warn!(%error, "the ledger cannot be saved"),
    };
    let put =
        StatePut { key: key.clone(), expected: StateExpected::Any, value: Some(value.into()) };
    if let Err(error) = backend.put_state(put).await {
        tracing::warn!(name = %key.name, %error, "the ledger was not saved");
    }
}
