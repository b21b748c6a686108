//! The committer's end of the way to the sealer.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use annals_core::{Error, ErrorKind, Result};

use super::{News, SealTask};

/// Full segments that may wait to be sealed. They are in memory.
const UNSEALED_MAX: usize = 3;

/// Hands full segments over to the sealer, and hears of them.
#[derive(Debug)]
pub(crate) struct Handover {
    tasks: Sender<SealTask>,
    news: Receiver<News>,
    unsealed: usize,
    /// Why the sealer waits.
    no_room: Option<Error>,
}

impl Handover {
    /// Both ends.
    pub(crate) fn new() -> (Self, Receiver<SealTask>, Sender<News>) {
        let (tasks, for_sealer) = channel();
        let (from_sealer, news) = channel();
        (Self { tasks, news, unsealed: 0, no_room: None }, for_sealer, from_sealer)
    }

    /// Waits until another segment may become full.
    ///
    /// # Errors
    /// `Unavailable` while there is no room to seal those that are; `Internal` when the sealer has
    /// ended.
    pub(crate) fn wait(&mut self) -> Result<()> {
        loop {
            match self.news.try_recv() {
                Ok(news) => self.hear(news),
                Err(TryRecvError::Disconnected) if self.no_room.is_none() => return Err(gone()),
                Err(_) => break,
            }
        }
        while self.unsealed >= UNSEALED_MAX && self.no_room.is_none() {
            let news = self.news.recv().map_err(|_| gone())?;
            self.hear(news);
        }
        match &self.no_room {
            None => Ok(()),
            Some(why) => Err(no_room(why.clone())),
        }
    }

    /// Has a segment sealed.
    ///
    /// # Errors
    /// `Internal` when the sealer has ended.
    pub(crate) fn hand(&mut self, task: SealTask) -> Result<()> {
        self.unsealed += 1;
        self.tasks.send(task).map_err(|_| gone())
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Sealed => {
                self.unsealed = self.unsealed.saturating_sub(1);
                self.no_room = None;
            }
            News::NoRoom(why) => self.no_room = Some(why),
        }
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Internal, "the sealing thread is gone")
}

fn no_room(why: Error) -> Error {
    let message = "the disk is full, so a full segment cannot be sealed and no other be begun; \
                   nothing was stored; make room, and the store goes on";
    Error::new(ErrorKind::Unavailable, message).caused_by(why)
}
