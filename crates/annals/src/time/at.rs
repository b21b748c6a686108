//! Moments at which a state can be looked at.

use annals_core::{Error, Position, RecordedEvent, Timestamp, Version};

/// A moment at which to look at a state. What it means to an event is decided event by event, so
/// every state there ever was can be had again.
///
/// ```
/// # use annals::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event(prefix = "bank")]
/// # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
/// # #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// # struct Account { cents: u64 }
/// # #[aggregate(stream = "account", key = String)]
/// # impl Aggregate for Account {
/// #     type Event = BankEvent;
/// #     fn apply(&mut self, event: &BankEvent) {
/// #         match event {
/// #             BankEvent::Deposited { cents } => self.cents += cents,
/// #             BankEvent::Withdrawn { cents } => self.cents -= cents,
/// #         }
/// #     }
/// # }
/// # futures_lite::future::block_on(async {
/// # let app = Annals::open("memory:").await?;
/// let mut account = app.load::<Account>(&"ann".into(), At::Latest).await?;
/// account.emit(&BankEvent::Deposited { cents: 100 })?;
/// account.emit(&BankEvent::Withdrawn { cents: 30 })?;
/// app.save(&mut account).await?;
///
/// let before = app.load::<Account>(&"ann".into(), At::Version(Version::new(0))).await?;
/// assert_eq!(before.cents, 100);
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum At {
    /// Now.
    #[default]
    Latest,
    /// After this version of its stream, included. Only for one aggregate with a stream.
    Version(Version),
    /// After this position of the store, included.
    Position(Position),
    /// As known at this time: what the store had taken by then, included.
    Recorded(Timestamp),
    /// As of this time: what had happened by then, included, also if it was recorded later.
    Time(Timestamp),
}

impl At {
    /// Why a version says nothing about events of several streams.
    pub(crate) fn no_version() -> Error {
        Error::invalid(
            "a version means one stream; for a state from several name a position or a time",
        )
    }

    /// What to do with an event, in the order of versions or positions.
    pub(crate) fn place(self, event: &RecordedEvent) -> Place {
        let is_past = match self {
            Self::Latest => false,
            Self::Version(version) => event.version > version,
            Self::Position(position) => event.position > position,
            Self::Recorded(time) => event.recorded_at > time,
            // Times of events may go back and forth, so later events can still count.
            Self::Time(time) if event.time > time => return Place::LeftOut,
            Self::Time(_) => false,
        };
        if is_past { Place::Past } else { Place::Counts }
    }
}

/// Where an event lies, seen from a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It counts.
    Counts,
    /// It does not, but events after it may.
    LeftOut,
    /// Neither it nor any after it counts.
    Past,
}
