//! The store of a node of a cluster: written by a replicated log, command by command.
//!
//! The same commands at the same places of the log give the same segments, byte for byte, on every
//! node and however often a node was stopped or killed in between. Every commit says which command
//! it comes from, so a node that starts again knows where to go on: nothing is applied twice.
//!
//! The log keeps what it has acknowledged, so a commit is shown when it is written, without a sync.

use std::path::PathBuf;

use annals_core::{Appended, Deleted, Error, ErrorKind, Position, Result, Timestamp};

pub use crate::format::command::Command;
use crate::{
    recover,
    write::{
        committer::Committer,
        evaluate::{Evaluation, evaluate},
        job::{Job, Receipt},
        prepare::Prepared,
    },
};

/// The place of a command in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The sequence of its entry, from 1.
    pub entry: u64,
    /// Its number in the entry, from 0.
    pub index: u32,
    /// When the log took the entry.
    pub time: Timestamp,
    /// What tells the entry from another one in its place, such as a checksum of it.
    pub mark: u32,
}

/// What became of a command that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of an append.
    Appended(Appended),
    /// Of a deletion.
    Deleted(Deleted),
    /// Of a write of state.
    Put {
        /// The revision that it got.
        revision: u64,
    },
    /// Of what was restored.
    Restored,
    /// It had been applied when the store was opened, or in an earlier call.
    AppliedBefore,
}

/// Writes the store of a node. Blocks. It must be dropped before its [`Engine`](crate::Engine) is
/// closed, which waits for it.
///
/// ```
/// use annals_core::*;
/// use annals_engine::{At, Command, Engine, Options, Outcome};
/// # let dir = tempfile::tempdir().unwrap();
/// let (engine, mut replica) = Engine::open_replica(dir.path(), &Options::default())?;
/// let event = NewEvent::new(EventType::new("opened")?, "{}");
/// let append = Append::to(StreamName::new("account-1")?, ExpectedVersion::NoStream, [event]);
/// let at = At { entry: 1, index: 0, time: Timestamp::from_micros(1_000_000), mark: 0 };
/// let Ok(Outcome::Appended(_)) = replica.apply(at, Command::Append(append))? else { panic!() };
/// replica.show()?;
/// assert_eq!((engine.head()?, replica.head()), (Some(Position::FIRST), Some(Position::FIRST)));
/// # drop(replica);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Replica {
    committer: Committer,
    /// The position after the last event that was shown.
    shown: u64,
    /// Commits that are not shown yet.
    commits: u64,
    index_dir: PathBuf,
}

impl Replica {
    pub(crate) const fn new(committer: Committer, index_dir: PathBuf) -> Self {
        Self { shown: committer.next_position, commits: 0, committer, index_dir }
    }

    /// The command that the newest commit comes from, at what was its recorded time; `None` before
    /// the first. Commands after it may have been applied without a commit, because they were
    /// refused.
    #[must_use]
    pub fn newest(&self) -> Option<At> {
        let origin = self.committer.lineage.filter(|origin| origin.entry > 0)?;
        let (entry, index, mark) = (origin.entry, origin.index, origin.mark);
        Some(At { entry, index, time: self.committer.recorded_at, mark })
    }

    /// The newest event that readers are shown; `None` before the first.
    #[must_use]
    pub fn head(&self) -> Option<Position> {
        self.shown.checked_sub(1).map(Position::new)
    }

    /// What stands for all commits up to the newest; 0 before the first. Two nodes that have
    /// applied the same entries differ in it only if their stores differ.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.committer.lineage.unwrap_or_default().digest
    }

    /// Applies the next command. What it did is shown to readers by [`show`](Self::show), and must
    /// not be told before.
    ///
    /// The inner result is an outcome or a refusal, and the same on every node.
    ///
    /// # Errors
    /// What is wrong with this node, and not with the command: `Unavailable` when there is no space,
    /// after which the same command may be applied again; `Poisoned`, `Corrupted`, `Closed`.
    pub fn apply(&mut self, at: At, command: Command) -> Result<Result<Outcome>> {
        self.apply_next(at, command).map_err(|error| {
            if !recover::is_of_index(&error) {
                return error;
            }
            recover::mark_damaged(&self.index_dir);
            let message = "the index of this node's store is damaged; open the store again, \
                           which makes the index anew";
            Error::new(ErrorKind::Corrupted, message).caused_by(error)
        })
    }

    fn apply_next(&mut self, at: At, command: Command) -> Result<Result<Outcome>> {
        let Some(command) = self.left_of(at, command) else {
            return Ok(Ok(Outcome::AppliedBefore));
        };
        let shared = self.committer.shared.clone();
        let mut prepared = match prepare(command, &shared.terms) {
            Ok(prepared) => prepared,
            Err(refusal) => return Ok(Err(refusal)),
        };
        loop {
            // What was evaluated stands on what is shown. It is the last word where nothing was
            // applied since; otherwise it is asked again when that is shown.
            let is_last_word = self.committer.segment.buffer.is_empty();
            match evaluate(&shared, &prepared) {
                Ok(Evaluation::Acceptable(basis)) => {
                    let job = Job { prepared, basis };
                    if self.committer.still_holds(&job) {
                        return self.commit(at, job).map(Ok);
                    }
                    prepared = job.prepared;
                }
                Ok(Evaluation::Answered(receipt)) if is_last_word => {
                    return Ok(Ok(receipt.into()));
                }
                Err(error) if !is_refusal(&error) => return Err(error),
                Err(refusal) if is_last_word => return Ok(Err(refusal)),
                Ok(Evaluation::Answered(_)) | Err(_) => {}
            }
            self.show()?;
        }
    }

    /// Shows readers everything that has been applied.
    ///
    /// # Errors
    /// `Poisoned` when it cannot be written; nothing more is applied then before the store is
    /// opened again.
    pub fn show(&mut self) -> Result<()> {
        self.committer.shared.check_poison()?;
        if self.committer.segment.buffer.is_empty() {
            return Ok(());
        }
        let written = self.committer.segment.write();
        self.committer.show(written)?;
        let events = self.committer.next_position - self.shown;
        self.committer.shared.work.committed(self.commits, events);
        (self.shown, self.commits) = (self.committer.next_position, 0);
        Ok(())
    }

    /// Makes everything durable that was shown, so that nothing of it has to be applied again
    /// after a power failure.
    ///
    /// # Errors
    /// Those of [`show`](Self::show).
    pub fn sync(&mut self) -> Result<()> {
        self.show()?;
        self.committer.sync()
    }

    /// What is still to be applied of a command. Only what is restored becomes several commits, of
    /// which a node that was killed may have the first.
    fn left_of(&self, at: At, command: Command) -> Option<Command> {
        let newest = self.newest().map(|newest| (newest.entry, newest.index));
        if Some((at.entry, at.index)) > newest {
            return Some(command);
        }
        match command {
            Command::Restore(mut restore) if Some((at.entry, at.index)) == newest => {
                let committer = &self.committer;
                restore.events.retain(|event| event.position.get() >= committer.next_position);
                restore.states.retain(|state| state.revision > committer.last_revision);
                let is_left = !restore.events.is_empty() || !restore.states.is_empty();
                is_left.then_some(Command::Restore(restore))
            }
            _ => None,
        }
    }

    fn commit(&mut self, at: At, job: Job) -> Result<Outcome> {
        let before = self.committer.lineage;
        if let Some(lineage) = &mut self.committer.lineage {
            (lineage.entry, lineage.index, lineage.mark) = (at.entry, at.index, at.mark);
        }
        let committed = self.committer.commit(job, at.time);
        match committed {
            Ok(_) => self.commits += 1,
            Err(_) => self.committer.lineage = before,
        }
        committed.map(Outcome::from)
    }
}

fn prepare(command: Command, terms: &crate::index::term::Terms) -> Result<Prepared> {
    match command {
        Command::Append(append) => Prepared::append(append, terms),
        Command::Delete(delete) => Ok(Prepared::delete(delete, terms)),
        Command::PutState(put) => Prepared::put_state(put),
        Command::Restore(restore) => Ok(Prepared::restore(restore, terms)),
    }
}

/// Whether an error says something about the command, and not about this node.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WrongExpectedVersion
            | ErrorKind::ConditionFailed
            | ErrorKind::StreamNotFound
            | ErrorKind::StreamDeleted
            | ErrorKind::InvalidArgument
            | ErrorKind::TooLarge
    )
}

impl From<Receipt> for Outcome {
    fn from(receipt: Receipt) -> Self {
        match receipt {
            Receipt::Appended(appended) => Self::Appended(appended),
            Receipt::Deleted(deleted) => Self::Deleted(deleted),
            Receipt::Put { revision } => Self::Put { revision },
            Receipt::Restored => Self::Restored,
        }
    }
}
