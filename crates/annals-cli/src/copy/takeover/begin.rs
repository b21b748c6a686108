//! What both sides hold before events are taken over.

use annals::{
    Backend, Error, ErrorKind, Position, Query, ReadAll, RecordedEvent, Result, Timestamp,
};
use futures_lite::{StreamExt, future::block_on};

/// Both sides at the beginning.
pub(super) struct Begun {
    /// The head of the source; everything up to it is taken over.
    pub(super) head: Option<Position>,
    /// Up to which position of the source the target has it.
    pub(super) done: Option<Position>,
    /// How many events the target holds.
    pub(super) present: u64,
    /// When the newest of them was recorded.
    pub(super) recorded_at: Timestamp,
    /// The revision of the newest write of state there.
    pub(super) revision: u64,
}

/// Looks at both sides.
pub(super) fn begin(source: &dyn Backend, target: &dyn Backend) -> Result<Begun> {
    if !target.capabilities().store_restore || !target.capabilities().position_dense {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the target takes no events as another store recorded them; use `annals export` and \
             `annals import`",
        ));
    }
    let held = block_on(target.info())?;
    let done = block_on(target.state(&super::checkpoint()?))?;
    let done = done.map(|entry| entry.checkpoint_position()).transpose()?;
    let newest = first(target, ReadAll::new(Query::all()).backward())?;
    check(source, done, newest.as_ref())?;
    Ok(Begun {
        head: block_on(source.head())?,
        done,
        present: held.head.map_or(0, |head| head.get() + 1),
        recorded_at: newest.map_or(Timestamp::from_micros(i64::MIN), |newest| newest.recorded_at),
        revision: held.revision,
    })
}

/// Refuses a target that holds something else than a beginning of the source.
fn check(
    source: &dyn Backend,
    done: Option<Position>,
    newest: Option<&RecordedEvent>,
) -> Result<()> {
    let refused = |why: &str| {
        let why = format!("the target is not a beginning of the source: {why}");
        Err(Error::new(ErrorKind::ConditionFailed, why))
    };
    let (done, newest) = match (done, newest) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return refused("it has events that were not taken over"),
        (Some(_), None) => return refused("it has lost its events"),
        (Some(done), Some(newest)) => (done, newest),
    };
    let there = first(source, ReadAll::new(Query::all()).from(done))?;
    match there.filter(|there| there.position == done) {
        Some(there) if there.id == newest.id && there.stream == newest.stream => Ok(()),
        Some(_) => {
            refused("its newest event is another, so it has gone on, or is of another store")
        }
        None => refused(&format!("the source has no event at {done} any more")),
    }
}

fn first(of: &dyn Backend, read: ReadAll) -> Result<Option<RecordedEvent>> {
    block_on(of.read(read.limit(1).into()).next()).transpose()
}
