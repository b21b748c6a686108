//! The writers of a round, and what they share.

use std::sync::Arc;

use annals_core::{EventId, StreamName, Version};
use annals_testkit::History;
use parking_lot::Mutex;
use tokio::{runtime::Handle, task::JoinHandle};

use crate::{seats::Seats, stop::Stop, tally::Tally, writer::Writer};

/// How many writers there are.
const WRITERS: usize = 48;

/// What the writers of a round share. None of it is in what is killed.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) seats: Arc<Seats>,
    /// Every attempt, with its answer.
    pub(crate) history: History,
    pub(crate) tally: Tally,
    pub(crate) stop: Stop,
    /// What cannot be, but was answered.
    surprises: Mutex<Vec<String>>,
    shown: async_channel::Sender<Shown>,
}

/// An event that was acknowledged, and that every node that is up to date has to show.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) seat: usize,
    pub(crate) stream: StreamName,
    pub(crate) version: Version,
    pub(crate) id: EventId,
}

/// The writers.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) shared: Arc<Shared>,
    /// Gives what was just acknowledged, now and then.
    pub(crate) shown: async_channel::Receiver<Shown>,
    writers: Vec<JoinHandle<()>>,
}

impl Crowd {
    pub(crate) fn start(seats: Arc<Seats>, runtime: &Handle) -> Self {
        let (sender, shown) = async_channel::bounded(1);
        let shared = Arc::new(Shared {
            seats,
            history: History::new(),
            tally: Tally::new(),
            stop: Stop::new(),
            surprises: Mutex::default(),
            shown: sender,
        });
        let writer = |number| runtime.spawn(Writer::new(number, Arc::clone(&shared)).run());
        let writers = (0..WRITERS).map(writer).collect();
        Self { shared, shown, writers }
    }

    /// Lets all writers finish what they are at.
    pub(crate) async fn stop(&mut self) {
        self.shared.stop.say();
        for writer in self.writers.drain(..) {
            writer.await.unwrap();
        }
        let surprises = self.shared.surprises.lock().clone();
        assert!(surprises.is_empty(), "{surprises:?}");
    }
}

impl Shared {
    pub(crate) fn surprise(&self, what: String) {
        self.surprises.lock().push(what);
    }

    /// Offers what was acknowledged to who looks for it on another node.
    pub(crate) fn show(&self, seat: usize, stream: &StreamName, version: Version, id: EventId) {
        if self.shown.is_empty() {
            // Whoever is busy looks at a later one.
            drop(self.shown.try_send(Shown { seat, stream: stream.clone(), version, id }));
        }
    }
}
