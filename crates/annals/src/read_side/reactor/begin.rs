//! Where a reactor began: written down once, so that later starts neither skip nor repeat what
//! lay before.

use annals_core::{
    Error, ErrorKind, Name, Position, Result, StateExpected, StateKey, StateKind, StatePut,
    SubscribeStart,
};
use serde::{Deserialize, Serialize};

use super::Reactor;
use crate::{app::Store, read_side::Run};

/// What stays as it was when the reactor first ran.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Begun {
    partitions: u32,
    /// The position after which it began.
    after: Option<u64>,
}

/// Gives the position after which the reactor began, which is now if it never did.
pub(super) async fn begin<R: Reactor>(
    store: &Store,
    run: &Run<R::Event>,
) -> Result<Option<Position>> {
    let name = Name::new(format!("reactor/{}", R::NAME))?;
    let key = StateKey { kind: StateKind::Snapshot, name };
    loop {
        if let Some(entry) = store.backend.state(&key).await? {
            let begun = serde_json::from_slice(&entry.value).map_err(|error| {
                let message = format!("the beginning of reactor `{}` cannot be read", R::NAME);
                Error::new(ErrorKind::Corrupted, message).caused_by(error)
            })?;
            return check::<R>(begun, run.partitions);
        }
        let after = match run.start {
            SubscribeStart::Beginning => None,
            SubscribeStart::After(position) => Some(position),
            SubscribeStart::End => store.backend.head().await?,
        };
        let begun = Begun { partitions: run.partitions, after: after.map(Position::get) };
        let value = serde_json::to_vec(&begun).map_err(|error| {
            Error::new(ErrorKind::Internal, "a beginning has no form in JSON").caused_by(error)
        })?;
        let put = StatePut {
            key: key.clone(),
            expected: StateExpected::Absent,
            value: Some(value.into()),
        };
        match store.backend.put_state(put).await {
            Ok(_) => return Ok(after),
            // Another process began at the same time, and its beginning counts.
            Err(error) if error.kind() == ErrorKind::ConditionFailed => {}
            Err(error) => return Err(error),
        }
    }
}

fn check<R: Reactor>(begun: Begun, partitions: u32) -> Result<Option<Position>> {
    if begun.partitions == partitions {
        return Ok(begun.after.map(Position::new));
    }
    Err(Error::invalid(format!(
        "reactor `{}` is divided into {} partitions, each with its own checkpoint, and the run has \
         {partitions}; keep the number, or give the reactor another name",
        R::NAME,
        begun.partitions
    )))
}
