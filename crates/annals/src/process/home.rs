//! Where a process manager keeps things: names, and ids that follow from where something stands.

use annals_core::{
    Append, Category, EventId, EventType, Name, Position, Query, QueryItem, RecordedEvent, Result,
    StateKey, StateKind, StreamName, limits,
};
use bytestring::ByteString;
use serde_json::Value;

use super::records::Ticket;

/// Type of the event that says what an instance made of an input.
pub(super) const REACTED: &str = "annals.process.reacted";
/// Type of the event that says what became of a command.
pub(super) const ANSWERED: &str = "annals.process.answered";
/// Key in the metadata of a deadline's event: which deadline it was.
const DEADLINE: &str = "$deadline";
/// Namespace of the ids that follow from an instance and a place in it; made once, at random.
const NAMESPACE: [u8; 16] = 0x3b0c_8f5e_6d1a_4a27_92e4_71c5_0db6_e8f3_u128.to_be_bytes();

/// The names of one process manager.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) name: &'static str,
    pub(super) category: Category,
    /// The name of the inbox's checkpoint.
    pub(super) checkpoint: Name,
}

impl Home {
    pub(super) fn new(name: &'static str) -> Result<Self> {
        let category = Category::new(format!("process_{name}"))?;
        let checkpoint = Name::new(format!("process/{name}"))?;
        Ok(Self { name, category, checkpoint })
    }

    /// The stream of an instance.
    pub(super) fn stream(&self, key: &impl std::fmt::Display) -> Result<StreamName> {
        StreamName::new(format!("{}-{key}", self.category))
    }

    /// Whether a stream is of one of its instances.
    pub(super) fn owns(&self, stream: &StreamName) -> bool {
        stream.category_str() == Some(self.category.as_str())
    }

    /// Where the list of what is open is saved.
    pub(super) fn saved(&self) -> Result<StateKey> {
        let name = Name::new(format!("process/{}/open", self.name))?;
        Ok(StateKey { kind: StateKind::Snapshot, name })
    }

    /// Everything in the streams of its instances.
    pub(super) fn all(&self) -> Result<Query> {
        Query::any_of([QueryItem::category(self.category.clone())])
    }

    /// Events of these types, and the answers to its commands.
    pub(super) fn inputs(&self, types: Vec<EventType>) -> Result<Query> {
        let answered = EventType::from_stored(ByteString::from_static(ANSWERED));
        let answers =
            QueryItem { types: vec![answered], ..QueryItem::category(self.category.clone()) };
        let events = (!types.is_empty()).then(|| QueryItem::types(types));
        Query::any_of(events.into_iter().chain([answers]))
    }

    /// The inbox's progress alone.
    pub(super) fn progress(&self, position: Position) -> Append {
        Append::default().checkpoint(self.checkpoint.clone(), position)
    }
}

/// The id of what is written once in a stream, told apart by `what`.
pub(super) fn id(stream: &StreamName, what: impl std::fmt::Display) -> EventId {
    let namespace = EventId::from_stored(NAMESPACE).as_uuid();
    EventId::derived(namespace, format!("{stream}\n{what}").as_bytes())
}

/// The idempotency key of a command. Versions of a stream never come again, so neither does this.
pub(super) fn idempotency_key(stream: &StreamName, ticket: Ticket) -> String {
    let key = format!("{stream}/{ticket}");
    // It becomes a tag, with a prefix.
    if key.len() + 64 <= limits::TAG_BYTES_MAX { key } else { id(stream, ticket).to_string() }
}

/// The note that marks the event of a deadline.
pub(super) fn deadline_note(ticket: Ticket) -> (&'static str, String) {
    (DEADLINE, ticket.to_string())
}

/// Which deadline an event of an instance's stream comes from, if it does.
pub(super) fn deadline_of(record: &RecordedEvent) -> Option<Ticket> {
    let metadata: Value = serde_json::from_slice(record.metadata.as_bytes()).ok()?;
    metadata.get(DEADLINE)?.as_str()?.parse().ok()
}
