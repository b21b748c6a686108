//! Samples: one stored event of each schema version, which must be readable for ever.

use annals_core::{
    EventId, EventType, Metadata, Position, RecordedEvent, Result, StreamName, Tags, Timestamp,
    Version, in_full,
};
use bytes::Bytes;

use super::{
    Events, Lock,
    compare::{Change, Changed},
};
use crate::{Event, EventSchema, Format, Upcasters};

/// The data of one event of today.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) schema: &'static EventSchema,
    pub(super) data: Result<Bytes>,
}

impl Sample {
    pub(super) fn of<E: Event>(event: &E) -> Self {
        Self { schema: event.schema(), data: event.encode() }
    }
}

/// Reads every sample of the lock as today's events. What cannot be read is a change.
pub(super) fn unreadable<E: Events>(lock: &Lock, upcasters: &Upcasters) -> Vec<Changed> {
    let mut changed = Vec::new();
    for ((name, version), block) in &lock.blocks {
        let Some(sample) = &block.sample else { continue };
        let read = record(name, *version, block.format, sample)
            .and_then(|record| read::<E>(&record, upcasters));
        if let Err(error) = read {
            let why = format!("the sample of this version cannot be read: {}", in_full(&error));
            let change = Change::breaking("  = (the sample)\n".to_owned(), why);
            changed.push(Changed::new(name, *version, change));
        }
    }
    changed
}

/// What is read as no type at all is the matter of `compare`.
fn read<E: Events>(record: &RecordedEvent, upcasters: &Upcasters) -> Result<()> {
    let events = upcasters.upcast(&[], record)?;
    events.iter().try_for_each(|event| E::read(event.as_raw()).map(drop))
}

fn record(name: &str, version: u32, format: Format, data: &Bytes) -> Result<RecordedEvent> {
    Ok(RecordedEvent {
        id: EventId::from_stored([0; 16]),
        stream: StreamName::new("sample-1")?,
        version: Version::FIRST,
        position: Position::new(0),
        event_type: EventType::new(name.to_owned())?,
        schema_version: version,
        data: data.clone(),
        content_type: format.content_type(),
        metadata: Metadata::none(),
        tags: Tags::none(),
        time: Timestamp::from_micros(0),
        recorded_at: Timestamp::from_micros(0),
    })
}
