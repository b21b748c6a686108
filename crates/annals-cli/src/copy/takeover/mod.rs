//! Taking over the events of a store whose positions have gaps, such as a KurrentDB: they get the
//! target's own positions, in the order in which they stand there.
//!
//! Everything else stays as it is: id, stream, version, type, data, metadata, content type, tags
//! and time. Two things cannot, and are told:
//! * Where a store has removed the beginning of a stream for good, the rest is numbered from 0,
//!   and a `$tb` in the settings of the stream moves along.
//! * Where the clock of a server went back, the time at which an event is recorded here is that of
//!   the one before it. Its own time stays.
//!
//! With each batch the target keeps how far it is, in the same commit, so that a copy that was
//! killed goes on where it was, and one whose source has grown is taken further.

mod begin;
mod events;
mod numbering;

use annals::{Backend, Error, ErrorKind, Name, Position, Result, StateKey};

use super::{Copied, Options, Step, Verify, digest::Digest, events::read_stretch};
use begin::Begun;

/// The checkpoint that says up to which position of its source a target is a copy.
const CHECKPOINT: &str = "annals-copy";

/// Takes over everything up to the head of the source as it is now.
pub(super) fn take_over(
    source: &dyn Backend,
    target: &dyn Backend,
    options: Options,
    observe: &mut dyn FnMut(Step),
) -> Result<Copied> {
    let begun = begin::begin(source, target)?;
    observe(Step::Begun { work: 0, present: begun.present });
    let taken = events::take(source, target, &begun, observe)?;
    let end = begun.present + taken.digest.events();
    let digest = match options.verify {
        Verify::Skip => None,
        Verify::Digest => {
            let theirs = read_back(target, &begun, end, observe)?;
            Some(compare(&taken.digest, &theirs)?)
        }
    };
    Ok(Copied {
        copied: taken.digest.events(),
        present: begun.present,
        head: end.checked_sub(1).map(Position::new),
        source_head: begun.head,
        checkpoints: 0,
        snapshots: 0,
        renumbered: taken.renumbered,
        digest,
    })
}

fn read_back(
    target: &dyn Backend,
    begun: &Begun,
    end: u64,
    observe: &mut dyn FnMut(Step),
) -> Result<Digest> {
    match end.checked_sub(1) {
        Some(head) if end > begun.present => read_stretch(target, begun.present, head, observe),
        _ => Ok(Digest::new()),
    }
}

fn compare(ours: &Digest, theirs: &Digest) -> Result<String> {
    if ours == theirs {
        return Ok(ours.to_string());
    }
    Err(Error::new(
        ErrorKind::Corrupted,
        format!(
            "{} events with digest {ours} were taken over, but the target has {} with digest \
             {theirs}",
            ours.events(),
            theirs.events()
        ),
    ))
}

fn checkpoint() -> Result<StateKey> {
    Ok(StateKey::checkpoint(Name::new(CHECKPOINT)?))
}
