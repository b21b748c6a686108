//! Reactions of instances on their way into the store: what one record leads to, as writes.

use annals_core::{ExpectedVersion, NewEvent, Result, StreamName, StreamWrite, Version};

use super::{
    Deadline, Effect, Process,
    home::{self, REACTED},
    input::Input,
    instance::Instance,
    react,
    records::{self, EventRecord, Pending, Reacted, SentRecord, SetRecord, Ticket},
};
use crate::{Context, trace::Operation};

/// An instance, and what it has made of the inputs of one record so far.
#[derive(Debug)]
pub(super) struct Reacting {
    stream: StreamName,
    expected: ExpectedVersion,
    instance: Instance,
    events: Vec<NewEvent>,
}

impl Reacting {
    pub(super) fn new(stream: StreamName, instance: Instance) -> Self {
        Self { stream, expected: instance.expected(), instance, events: Vec::new() }
    }

    pub(super) const fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// What to write, if there is anything.
    pub(super) fn into_write(self) -> Option<StreamWrite> {
        let Self { stream, expected, events, .. } = self;
        (!events.is_empty()).then_some(StreamWrite { stream, expected, events })
    }

    /// Lets the instance react to an input, unless it does not take it in.
    pub(super) fn take<P: Process>(&mut self, input: &Input<P::Event>) -> Result<()> {
        if !input.is_for(&self.instance) {
            return Ok(());
        }
        let at = self.instance.next();
        let begins = input.begins() && !self.instance.is_running();
        let last = self.instance.last.as_ref().filter(|_| !begins);
        let mut state = match last {
            Some(last) => react::from_json::<P>(&last.state, last.version)?,
            None => P::default(),
        };
        let span = Operation::React.span(Some(&self.stream));
        span.position(Some(input.place().0.position));
        let reacting = || match input {
            Input::Event { event, .. } | Input::Deadline { event, .. } => {
                react::react(&mut state, event)
            }
            Input::Refusal { refusal, .. } => react::rejected(&mut state, refusal),
        };
        let effects = span.enter(reacting).inspect_err(|error| span.failed(error))?;
        span.batch(effects.len());
        let mut open = self.instance.open.clone();
        open.deadlines.retain(|pending| Some(pending.ticket) != input.deadline());
        let mut reacted = Reacted {
            input: input.to_record(),
            version: P::VERSION,
            fingerprint: P::FINGERPRINT,
            began: last.map_or(at.get(), |last| last.began),
            finished: last.is_some_and(|last| last.finished),
            state: react::to_json(&state)?,
            sent: Vec::new(),
            set: Vec::new(),
            cancelled: Vec::new(),
            open,
        };
        let emitted = reacted.take(at, effects);
        self.write(input, reacted, emitted)
    }

    /// Adds the events of a reaction. Their ids follow from the input, so that two who react to
    /// it at once write the same.
    fn write<E>(
        &mut self,
        input: &Input<E>,
        reacted: Reacted,
        emitted: Vec<NewEvent>,
    ) -> Result<()> {
        let (record, part) = input.place();
        let metadata = Context::new().caused_by(record).to_metadata();
        let first = records::write(REACTED, &reacted)?;
        let before = self.instance.next().get();
        let events = std::iter::once(first).chain(emitted).enumerate().map(|(number, event)| {
            let id = home::id(&self.stream, format_args!("{}.{part}/{number}", record.id));
            event.with_id(id).with_metadata(metadata.clone())
        });
        let count = self.events.len();
        self.events.extend(events);
        let written = (self.events.len() - count) as u64;
        self.instance.reacted(reacted, Version::new(before + written - 1));
        Ok(())
    }
}

impl Reacted {
    /// Takes in the effects, for a reaction that is written at a version. Gives what is emitted.
    fn take(&mut self, at: Version, effects: Vec<Effect>) -> Vec<NewEvent> {
        let mut emitted = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send(sent) => {
                    self.open.commands.push(Ticket::new(at, self.sent.len()));
                    let command = sent.command.to_owned();
                    self.sent.push(SentRecord { command, data: sent.data });
                }
                Effect::Emit(event) => emitted.push(event),
                Effect::Set(deadline) => self.set(at, deadline),
                Effect::Cancel(name) => {
                    self.open.deadlines.retain(|pending| pending.name != name);
                    self.cancelled.push(name);
                }
                Effect::Finish => self.finished = true,
            }
        }
        if self.finished {
            self.open.deadlines.clear();
        }
        emitted
    }

    fn set(&mut self, at: Version, deadline: Deadline) {
        let Deadline { name, due, event } = deadline;
        self.open.deadlines.retain(|pending| pending.name != name);
        let ticket = Ticket::new(at, self.set.len());
        let pending =
            Pending { name: name.clone(), due: due.as_micros(), ticket, has_passed: false };
        self.open.deadlines.push(pending);
        let event = EventRecord::of(&event);
        self.set.push(SetRecord { name, due: due.to_string(), event });
    }
}
