//! The errors of those who come too late to a checkpoint, in every database.

use annals_core::{Error, ErrorKind, Position};

use super::{Advance, Model};

/// What stands at a checkpoint: its position and fence; `None` when it is gone, and why that could
/// not be looked up.
pub(super) type Found = Result<Option<(Option<Position>, u64)>, String>;

/// The error for a step that was not made.
pub(super) fn of_step(model: &Model, step: &Advance, found: Found) -> Error {
    let from = at(step.from);
    let why = match found {
        Ok(Some((_, fence))) if fence > step.fence => {
            format!("a runner with fence {fence} has taken over from fence {}", step.fence)
        }
        Ok(Some((position, _))) => {
            let stands = at(position);
            format!("it stands {stands} instead of {from}; another runner was here")
        }
        Ok(None) => "the model is no longer there".to_owned(),
        Err(error) => format!("it did not move, and looking why met: {error}"),
    };
    let message = format!("checkpoint of {model}, partition {}: {why}", step.partition);
    Error::new(ErrorKind::ConditionFailed, message)
}

/// The error for a claim that came too late.
pub(super) fn of_claim(model: &Model, fence: u64, highest: u64) -> Error {
    let message =
        format!("{model}: a runner with fence {highest} has taken over from fence {fence}");
    Error::new(ErrorKind::ConditionFailed, message)
}

fn at(position: Option<Position>) -> String {
    position.map_or_else(|| "before the first event".to_owned(), |at| format!("at position {at}"))
}
