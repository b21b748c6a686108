//! Sealing full segments, in the background.
//!
//! A full segment is cut to its length, gets its position table, is entered into the manifest and
//! its lists go into the tree; then memory lets go of it. Each step can be found undone after a
//! crash and is done again on opening, because all of it follows from the segment.
//!
//! Where there is no room, sealing waits for it, and the committer takes nothing that needs another
//! segment; everything else goes on.

mod handover;
mod spare;
mod steps;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender},
    },
    thread,
    time::Duration,
};

pub(crate) use self::handover::Handover;
use self::steps::Sealing;
use crate::{error::is_full, index::memory::MemorySegment, options::Options, shared::Shared};

/// How often sealing is tried again while there is no room.
const TRIED_EVERY: Duration = Duration::from_millis(500);

/// A full segment.
#[derive(Debug)]
pub(crate) struct SealTask {
    pub(crate) segment: Arc<MemorySegment>,
    /// The length of what was written.
    pub(crate) end: u32,
    /// The position after its last event.
    pub(crate) end_position: u64,
    /// How many streams had been begun at its end.
    pub(crate) streams: u64,
    /// The last state revision at its end.
    pub(crate) last_revision: u64,
}

/// What the committer hears of sealing.
#[derive(Debug)]
pub(crate) enum News {
    /// A segment is sealed.
    Sealed,
    /// There is no room to seal the next. It is tried again.
    NoRoom(annals_core::Error),
}

/// Seals segments until the committer is gone, or the store is closed while there is no room.
pub(crate) fn run(
    shared: &Shared,
    options: &Options,
    tasks: &Receiver<SealTask>,
    news: &Sender<News>,
) {
    while let Ok(task) = tasks.recv() {
        // First what the committer will wait for.
        spare::prepare(shared, options, task.segment.number + 2);
        let mut sealing = Sealing::new(&task);
        let mut is_told = false;
        while let Err(error) = sealing.go_on(shared) {
            if !is_full(&error) {
                shared.poison(error.during("sealing a segment"));
                return;
            }
            // The next segment has no use for its room before this one is sealed.
            if spare::give_up(shared) {
                continue;
            }
            // A committer that is gone needs no news.
            if !std::mem::replace(&mut is_told, true) {
                drop(news.send(News::NoRoom(error)));
            }
            thread::park_timeout(TRIED_EVERY);
            // What is not sealed now is sealed when the store is opened.
            if shared.check_open().is_err() {
                return;
            }
        }
        drop(news.send(News::Sealed));
    }
}
