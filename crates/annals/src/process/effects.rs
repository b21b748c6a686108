//! What follows from an input: a list of effects, made without doing any of them.

use std::{marker::PhantomData, time::Duration};

use annals_core::{Error, NewEvent, Result, Timestamp};
use serde_json::Value;

use super::{Contains, Message, Process, sends};
use crate::{Event, event::to_new_event};

/// What a process manager makes of an input. Nothing happens yet: all of it is written together
/// with the new state, and done afterwards.
///
/// Order is kept: events are written, and commands executed, as they were asked for. An effect that
/// cannot be written stops the process manager before the input.
#[derive(Debug)]
pub struct Effects<'a, P> {
    list: &'a mut Vec<Effect>,
    /// What deadlines count from.
    recorded_at: Timestamp,
    /// The first effect that could not be written; it surfaces instead of all.
    failure: Option<Error>,
    of: PhantomData<fn(P)>,
}

/// Something that follows from an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A command is sent.
    Send(SentCommand),
    /// An event is emitted into the stream of the instance.
    Emit(NewEvent),
    /// A deadline is set, in place of another with this name.
    Set(Deadline),
    /// The deadline with this name is off.
    Cancel(String),
    /// The instance takes no more events, and its deadlines are off.
    Finish,
}

/// A command that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SentCommand {
    /// Its [`Message::NAME`].
    pub command: &'static str,
    /// The command as JSON.
    pub data: Value,
}

/// A deadline that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Its name, unique within the instance.
    pub name: String,
    /// When it passes.
    pub due: Timestamp,
    /// What is written then. Its id is replaced.
    pub event: NewEvent,
}

#[expect(clippy::needless_pass_by_value, reason = "what is sent or emitted is given away")]
impl<'a, P: Process> Effects<'a, P> {
    pub(crate) const fn new(list: &'a mut Vec<Effect>, recorded_at: Timestamp) -> Self {
        Self { list, recorded_at, failure: None, of: PhantomData }
    }

    /// Sends a command. It is executed once, in effect, whatever is killed when; commands of one
    /// instance one after another in the order they were sent.
    pub fn send<C: Message, I>(&mut self, command: C) -> &mut Self
    where
        P::Sends: Contains<C, I>,
    {
        let data = sends::to_json(&command);
        self.push(data.map(|data| Effect::Send(SentCommand { command: C::NAME, data })))
    }

    /// Emits an event into the stream of the instance, where projections and other process
    /// managers see it like any event.
    pub fn emit<E: Event>(&mut self, event: E) -> &mut Self {
        self.push(encode(&event).map(Effect::Emit))
    }

    /// Sets a deadline, counted from when the store took the input: unless it is cancelled
    /// before, the event is written into the stream of the instance then. When the event is one
    /// of [`Process::Event`], this instance reacts to it without being asked for a route.
    ///
    /// A deadline with the same name is replaced. One that lies in the past passes at once.
    pub fn after<E: Event>(&mut self, name: &str, time: Duration, event: E) -> &mut Self {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let due = self.recorded_at.as_micros().saturating_add(micros);
        self.at(name, Timestamp::from_micros(due), event)
    }

    /// Sets a deadline at a time; see [`after`](Self::after).
    pub fn at<E: Event>(&mut self, name: &str, due: Timestamp, event: E) -> &mut Self {
        let name = name.to_owned();
        self.push(encode(&event).map(|event| Effect::Set(Deadline { name, due, event })))
    }

    /// Cancels a deadline. From here on the instance never sees its event; if it has passed but
    /// was not taken in yet, the event stays in the stream and is ignored. Without such a deadline
    /// there is nothing to do.
    pub fn cancel(&mut self, name: &str) -> &mut Self {
        self.push(Ok(Effect::Cancel(name.to_owned())))
    }

    /// Ends the instance: it takes no more events and its deadlines are off. Commands that were
    /// sent are still executed, and their refusals still reach [`Process::rejected`].
    pub fn finish(&mut self) {
        self.push(Ok(Effect::Finish));
    }

    fn push(&mut self, effect: Result<Effect>) -> &mut Self {
        match effect {
            Ok(effect) if self.failure.is_none() => self.list.push(effect),
            Ok(_) => {}
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
        self
    }

    /// What could not be written, if anything.
    pub(crate) fn end(self) -> Result<()> {
        self.failure.map_or(Ok(()), Err)
    }
}

/// The event without an identity: which it gets follows from where it is written.
fn encode<E: Event>(event: &E) -> Result<NewEvent> {
    Ok(to_new_event(event, None)?.with_id(annals_core::EventId::from_stored([0; 16])))
}
