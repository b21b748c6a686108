//! Copying a store into another one, exactly: events with their ids, versions, positions, times
//! and tags, and keyed state with its revisions.
//!
//! What must stay true:
//! * The copy is of one moment: the head at the beginning, and the checkpoints as they stood then,
//!   never beyond that head.
//! * A target is taken further only if what it holds is a beginning of the source; so a copy that
//!   was killed is begun again by the same command, and so is one whose source has grown.
//! * Memory is bounded: a few batches, whatever the stores hold. Of keyed state, names and
//!   checkpoints are held, snapshots one batch at a time.
//!
//! A source whose positions have gaps, such as a KurrentDB, cannot be copied exactly: its events
//! are taken over, as `takeover` says.
//!
//! `begin` looks at both sides, `events` moves events with reading and writing side by side,
//! `state` moves keyed state, and `digest` is how both sides are compared.
//!
//! Public for tests that copy between stores which no URL names.

mod begin;
mod digest;
mod events;
mod state;
mod takeover;

use annals::{Backend, Error, ErrorKind, Position, Result};
use futures_lite::future::block_on;

use begin::Begun;
pub use digest::Digest;

/// Which keyed state to copy besides checkpoints. Leases are never copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshots {
    /// They are a cache, and are made again when they are needed.
    Leave,
    /// Copied too.
    Copy,
}

/// Whether to compare both sides at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Both sides are read whole once.
    Digest,
    /// Nothing that was copied is read again.
    Skip,
}

/// What to copy and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether to copy snapshots.
    pub snapshots: Snapshots,
    /// Whether to compare both sides at the end.
    pub verify: Verify,
}

/// What happens during a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many events have to be passed: read, and where it is verified read again. Comes again
    /// when the copy begins anew; what was passed before does not count.
    Begun {
        /// Events to pass.
        work: u64,
        /// Events that the target held already.
        present: u64,
    },
    /// So many events more were passed.
    Passed {
        /// Events passed.
        events: u64,
        /// Whether they were read back.
        is_check: bool,
    },
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Events that were stored now.
    pub copied: u64,
    /// Events that the target held before.
    pub present: u64,
    /// The position of the last event of the copy.
    pub head: Option<Position>,
    /// The head of the source up to which it was copied. The same, where the copy is exact.
    pub source_head: Option<Position>,
    /// Checkpoints that were stored now.
    pub checkpoints: u64,
    /// Snapshots that were stored now.
    pub snapshots: u64,
    /// Events that have another version than at their source, which has lost the beginning of
    /// their streams; zero, where the copy is exact.
    pub renumbered: u64,
    /// The digest of both sides, in hexadecimal; `None` when it was not asked for.
    pub digest: Option<String>,
}

/// Copies everything up to the head of the source as it is now.
///
/// A copy that was killed may leave a server with its last batch, which is stored only after this
/// one has looked; so one that meets a target which went on begins anew, once.
///
/// # Errors
/// `ConditionFailed` when the target holds something else than a beginning of the source, or when
/// somebody else writes to it; `Corrupted` when the two sides differ at the end; what reading and
/// [`restore`](Backend::restore) meet.
pub fn copy(
    source: &dyn Backend,
    target: &dyn Backend,
    options: Options,
    observe: &mut dyn FnMut(Step),
) -> Result<Copied> {
    if !source.capabilities().position_dense {
        return takeover::take_over(source, target, options, observe);
    }
    let begun = begin::begin(source, target)?;
    match go_on(source, target, &begun, options, observe) {
        Err(error) if error.kind() == ErrorKind::ConditionFailed => {
            let begun = begin::begin(source, target)?;
            go_on(source, target, &begun, options, observe)
        }
        done => done,
    }
}

fn go_on(
    source: &dyn Backend,
    target: &dyn Backend,
    begun: &Begun,
    options: Options,
    observe: &mut dyn FnMut(Step),
) -> Result<Copied> {
    let end = begun.end();
    let reads = match options.verify {
        Verify::Digest => 2 * end,
        Verify::Skip => end - begun.present,
    };
    observe(Step::Begun { work: reads, present: begun.present });
    let ours = events::copy(source, target, begun, options.verify, observe)?;
    let stored = state::copy(source, target, begun, options.snapshots)?;
    let digest = match options.verify {
        Verify::Skip => None,
        Verify::Digest => {
            let theirs = events::read_back(target, end, observe)?;
            state::check(target, begun)?;
            Some(compare(begun, &ours, &theirs)?)
        }
    };
    Ok(Copied {
        copied: end - begun.present,
        present: begun.present,
        head: begun.head,
        source_head: begun.head,
        checkpoints: stored.checkpoints,
        snapshots: stored.snapshots,
        renumbered: 0,
        digest,
    })
}

fn compare(begun: &Begun, ours: &Digest, theirs: &Digest) -> Result<String> {
    if ours.events() == begun.end() && ours == theirs {
        return Ok(ours.to_string());
    }
    Err(Error::new(
        ErrorKind::Corrupted,
        format!(
            "the source has {} events with digest {ours}, the target {} with digest {theirs}",
            ours.events(),
            theirs.events()
        ),
    ))
}

/// The digest of a store's first events, as many as given.
///
/// # Errors
/// What reading meets.
pub fn digest(of: &dyn Backend) -> Result<Digest> {
    let end = block_on(of.head())?.map_or(0, |head| head.get() + 1);
    events::read_back(of, end, &mut |_| {})
}
