//! Inputs: what a record means to a process manager, and to which of its instances.

use annals_core::{RecordedEvent, Result, StreamName};

use super::{
    Process, Rejected, Route,
    home::{ANSWERED, Home, deadline_of},
    instance::Instance,
    records::{self, Answered, InputRecord, Outcome, Ticket},
};
use crate::{Recorded, app::Store, guard::guard};

/// Something an instance may react to.
#[derive(Debug)]
pub(super) enum Input<E> {
    /// An event that was routed to it.
    Event { event: Recorded<E>, begins: bool },
    /// A deadline of its own.
    Deadline { event: Recorded<E>, ticket: Ticket },
    /// A refusal of a command it sent.
    Refusal { refusal: Rejected, ticket: Ticket },
}

/// The inputs that a record stands for, in order, each with the stream of its instance.
pub(super) async fn inputs<P: Process>(
    home: &Home,
    store: &Store,
    record: &RecordedEvent,
) -> Result<Vec<(StreamName, Input<P::Event>)>> {
    let is_own = home.owns(&record.stream);
    if is_own && record.event_type.as_str() == ANSWERED {
        return Ok(refusal(record)?.into_iter().collect());
    }
    let deadline = is_own.then(|| deadline_of(record)).flatten();
    let mut inputs = Vec::new();
    for event in store.decode::<P::Event>(record.clone()).await? {
        if let Some(ticket) = deadline {
            inputs.push((record.stream.clone(), Input::Deadline { event, ticket }));
            continue;
        }
        let (key, begins) = match guard("routing an event", || P::route(&event))? {
            Route::Start(key) => (key, true),
            Route::Continue(key) => (key, false),
            Route::Ignore => continue,
        };
        inputs.push((home.stream(&key)?, Input::Event { event, begins }));
    }
    Ok(inputs)
}

fn refusal<E>(record: &RecordedEvent) -> Result<Option<(StreamName, Input<E>)>> {
    let Answered { command, ticket, outcome } = records::read(record)?;
    Ok(match outcome {
        Outcome::Done { .. } => None,
        Outcome::Refused { reason, data } => {
            let refusal = Rejected { command, data, reason, record: record.clone() };
            Some((record.stream.clone(), Input::Refusal { refusal, ticket }))
        }
    })
}

impl<E> Input<E> {
    /// Whether the instance takes it in.
    pub(super) fn is_for(&self, instance: &Instance) -> bool {
        let (record, part) = self.place();
        let Some(last) = &instance.last else { return self.begins() };
        if !last.input.is_before(record.position, part) {
            // Taken in before: the checkpoint was lost, or put back.
            return false;
        }
        match self {
            Self::Event { begins, .. } => *begins || instance.is_running(),
            // Cancelled deadlines are open no more, and all are cancelled at the end.
            Self::Deadline { ticket, .. } => {
                instance.open.deadlines.iter().any(|pending| pending.ticket == *ticket)
            }
            Self::Refusal { ticket, .. } => ticket.at >= last.began,
        }
    }

    /// Whether it begins the instance when that is not running.
    pub(super) const fn begins(&self) -> bool {
        match self {
            Self::Event { begins, .. } => *begins,
            Self::Deadline { .. } | Self::Refusal { .. } => false,
        }
    }

    /// The deadline that it ends.
    pub(super) const fn deadline(&self) -> Option<Ticket> {
        match self {
            Self::Deadline { ticket, .. } => Some(*ticket),
            Self::Event { .. } | Self::Refusal { .. } => None,
        }
    }

    pub(super) fn to_record(&self) -> InputRecord {
        let (record, part) = self.place();
        InputRecord::of(record, part)
    }

    /// The record it comes from, and which part of it.
    pub(super) const fn place(&self) -> (&RecordedEvent, u32) {
        match self {
            Self::Event { event, .. } | Self::Deadline { event, .. } => (&event.record, event.part),
            Self::Refusal { refusal, .. } => (&refusal.record, 0),
        }
    }
}
