//! Applying the rules to one record.

use annals_core::{ContentType, Error, EventType, RecordedEvent, Result, limits};
use bytes::Bytes;

use super::{
    Stored, Upcasters,
    data::Data,
    earlier::State,
    fault::{Fault, guarded},
    rule::{Action, Rule},
};
use crate::RawEvent;

/// The most parts one record may be split into.
const PARTS_MAX: usize = limits::APPEND_EVENTS_MAX;

/// A record that can be read as today's events without waiting for anything.
///
/// Made by `Store::upcast`, which fetches what rules with context need.
#[derive(Debug, Clone)]
pub(crate) struct Upcasting<'a> {
    record: &'a RecordedEvent,
    upcasters: &'a Upcasters,
    /// What earlier events of the stream say, by the number of the rule that asks.
    pub(super) states: Vec<(usize, State)>,
}

/// One of the events that a record stands for today, before it is read as a Rust type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcast {
    /// Which part of the record, from 0.
    pub part: u32,
    /// Today's type.
    pub event_type: EventType,
    /// Today's schema version.
    pub schema_version: u32,
    /// What the data is written in: what the record is written in.
    pub content_type: ContentType,
    /// The facts.
    pub data: Bytes,
}

impl Upcast {
    /// As decoding takes it.
    #[must_use]
    pub const fn as_raw(&self) -> RawEvent<'_> {
        RawEvent {
            event_type: &self.event_type,
            schema_version: self.schema_version,
            content_type: &self.content_type,
            data: &self.data,
        }
    }
}

impl Upcasters {
    /// Brings a record to today's form by itself, without a store: for tests of the rules.
    /// `earlier` are events of the same stream, oldest first, for the rules that look at them.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); `Undecodable` when a rule fails or panics.
    pub fn upcast(&self, earlier: &[RecordedEvent], record: &RecordedEvent) -> Result<Vec<Upcast>> {
        let mut upcasting = Upcasting::alone(record, self);
        for (rule, fold) in self.contexts(record)? {
            let types = fold.types()?;
            let of_fold = earlier.iter().filter(|event| types.contains(&event.event_type));
            let state = of_fold.into_iter().try_fold(fold.empty(), |s, e| fold.next(&s, e))?;
            upcasting.states.push((rule, state));
        }
        let mut events = Vec::new();
        upcasting.each(|part, raw| {
            events.push(Upcast {
                part,
                event_type: raw.event_type.clone(),
                schema_version: raw.schema_version,
                content_type: raw.content_type.clone(),
                data: raw.data.clone(),
            });
            Ok(())
        })?;
        Ok(events)
    }
}

/// An event on its way through the rules.
struct Form {
    event_type: EventType,
    version: u32,
    data: Data,
}

/// What a rule made of a form.
enum Made {
    One(Form),
    Several(Vec<Form>),
}

impl<'a> Upcasting<'a> {
    /// For a record by itself: a rule with context has nothing to go by and fails.
    pub(crate) const fn alone(record: &'a RecordedEvent, upcasters: &'a Upcasters) -> Self {
        Self { record, upcasters, states: Vec::new() }
    }

    /// The record as stored.
    pub(crate) const fn record(&self) -> &'a RecordedEvent {
        self.record
    }

    /// Gives each of today's events that the record stands for, with the number of the part.
    /// What is dropped keeps its number, so a drop that is added later leaves the others alone.
    ///
    /// # Errors
    /// `Undecodable` when a rule fails or panics; those of `take`.
    pub(crate) fn each(&self, mut take: impl FnMut(u32, RawEvent<'_>) -> Result<()>) -> Result<()> {
        let (record, table) = (self.record, &self.upcasters.table);
        if table.is_empty() || table.rule(&record.event_type, record.schema_version)?.is_none() {
            return take(0, RawEvent::from(record));
        }
        let mut part = 0;
        let mut todo = vec![Form {
            event_type: record.event_type.clone(),
            version: record.schema_version,
            data: Data::Written(record.data.clone()),
        }];
        while let Some(form) = todo.pop() {
            let Some(rule) = table.rule(&form.event_type, form.version)? else {
                self.give(form, part, &mut take)?;
                part += 1;
                continue;
            };
            match self.apply(rule, form).map_err(|fault| fault.at(record, rule))? {
                Made::One(form) => todo.push(form),
                Made::Several(forms) if forms.is_empty() => part += 1,
                Made::Several(forms) => todo.extend(forms.into_iter().rev()),
            }
            if part as usize + todo.len() > PARTS_MAX {
                return Err(too_many_parts(record, rule));
            }
        }
        Ok(())
    }

    fn give(
        &self,
        form: Form,
        part: u32,
        take: &mut impl FnMut(u32, RawEvent<'_>) -> Result<()>,
    ) -> Result<()> {
        let content_type = &self.record.content_type;
        let data = form.data.into_bytes(content_type);
        let data = data.map_err(|fault| fault.at(self.record, "the last rule"))?;
        let (event_type, schema_version) = (&form.event_type, form.version);
        take(part, RawEvent { event_type, schema_version, content_type, data: &data })
    }

    fn apply(&self, rule: &Rule, form: Form) -> Result<Made, Fault> {
        let (old, content_type) = (Stored::new(self.record), &self.record.content_type);
        let next = |data| Form { event_type: rule.source.clone(), version: form.version + 1, data };
        match &rule.action {
            Action::Rename(to, version) => Ok(Made::One(Form {
                event_type: to.clone(),
                version: version.unwrap_or(form.version),
                data: form.data,
            })),
            Action::Lift(lift) => {
                let value = form.data.into_value(content_type)?;
                let lifted = guarded(|| lift(&old, value))?.map_err(Fault::of_rule)?;
                Ok(Made::One(next(Data::Value(lifted))))
            }
            Action::Typed(lift) => Ok(Made::One(next(lift(form.data, content_type, &old)?))),
            Action::LiftWith(_, lift) => {
                let state = self.state_of(rule)?;
                let value = form.data.into_value(content_type)?;
                let lifted = guarded(|| lift(&**state, &old, value))?.map_err(Fault::of_rule)?;
                Ok(Made::One(next(Data::Value(lifted))))
            }
            Action::Split(into, split) => {
                let value = form.data.into_value(content_type)?;
                let parts = guarded(|| split(&old, value))?.map_err(Fault::of_rule)?;
                let parts = parts.into_iter().map(|(name, value)| part_of(into, name, value));
                Ok(Made::Several(parts.collect::<Result<_, _>>()?))
            }
            Action::Drop => Ok(Made::Several(Vec::new())),
        }
    }

    fn state_of(&self, rule: &Rule) -> Result<&State, Fault> {
        let is_this = |at: usize| {
            self.upcasters.table.rules.get(at).is_some_and(|other| std::ptr::eq(other, rule))
        };
        self.states.iter().find(|(at, _)| is_this(*at)).map(|(_, state)| state).ok_or_else(|| {
            Fault::new(
                "it needs earlier events of the stream, which only the application's handle can \
                 fetch; load the aggregate instead of replaying records by hand",
            )
        })
    }
}

fn part_of(into: &[(EventType, u32)], name: &str, value: serde_json::Value) -> Result<Form, Fault> {
    let declared = into.iter().find(|(declared, _)| declared.as_str() == name);
    let (event_type, version) = declared.ok_or_else(|| {
        Fault::new(format!("it gave type `{name}`, which is not among those it declares"))
    })?;
    Ok(Form { event_type: event_type.clone(), version: *version, data: Data::Value(value) })
}

fn too_many_parts(record: &RecordedEvent, rule: &Rule) -> Error {
    Fault::new(format!("the record has more than {PARTS_MAX} parts by now")).at(record, rule)
}
