//! Two answers to the same question: the same values, or the same kind of error with the same
//! facts. Messages may differ.

use std::fmt::Debug;

use annals_core::{
    AppendCondition, Backend, BoxStream, Error, MemoryBackend, Query, ReadAll, RecordedEvent,
    Result,
};
use futures_lite::{StreamExt, future::block_on};

/// A difference, as a sentence.
pub(super) type Difference = String;

/// Compares what the tested store answered with what the reference did.
pub(super) fn same<T: PartialEq + Debug>(
    tested: &Result<T>,
    reference: &Result<T>,
) -> Result<(), Difference> {
    match (tested, reference) {
        (Ok(tested), Ok(reference)) if tested == reference => Ok(()),
        (Err(tested), Err(reference)) => same_error(tested, reference),
        _ => Err(format!("the store answered\n  {tested:?}\nand the reference\n  {reference:?}")),
    }
}

fn same_error(tested: &Error, reference: &Error) -> Result<(), Difference> {
    if tested.kind() != reference.kind() {
        return Err(format!(
            "the store refused with {:?} ({tested}), the reference with {:?} ({reference})",
            tested.kind(),
            reference.kind()
        ));
    }
    let (ours, theirs) = (tested.wrong_expected_version(), reference.wrong_expected_version());
    if ours != theirs {
        return Err(format!("the facts of the conflict are {ours:?} instead of {theirs:?}"));
    }
    if tested.condition_failed().is_some() != reference.condition_failed().is_some() {
        return Err(format!("the refusals are of two kinds: `{tested}` and `{reference}`"));
    }
    Ok(())
}

/// Of a failed condition any matching event may be named, so that is checked, not compared.
pub(super) fn names_a_match(
    error: &Error,
    conditions: &[AppendCondition],
    reference: &MemoryBackend,
) -> Result<(), Difference> {
    let Some(facts) = error.condition_failed() else { return Ok(()) };
    let Some(condition) = conditions.get(facts.condition) else {
        return Err(format!("condition {} was blamed, which does not exist", facts.condition));
    };
    let read = ReadAll { to: Some(facts.position), ..ReadAll::new(condition.query.clone()) };
    let read = read.from(facts.position);
    let found = collect(reference.read(read.into()));
    let counts = condition.after.is_none_or(|after| facts.position > after);
    match found {
        Ok(events) if counts && events.len() == 1 => Ok(()),
        _ => Err(format!("the event at {} does not match the condition", facts.position)),
    }
}

/// A stream's items up to its first error.
pub(super) fn collect<T>(stream: BoxStream<'static, Result<T>>) -> Result<Vec<T>> {
    block_on(stream.try_collect())
}

/// Everything that is stored.
pub(super) fn everything(backend: &dyn Backend) -> Result<Vec<RecordedEvent>> {
    collect(backend.read(ReadAll::new(Query::all()).into()))
}
