//! The bank of the demo: accounts as streams, money in cents.

use std::{collections::BTreeMap, sync::Arc};

use annals::{
    Append, Appended, Backend, EventType, ExpectedVersion, NewEvent, Position, Query, Read,
    ReadAll, ReadStream, RecordedEvent, StreamName, Tag, Tags, Version,
};
use futures_lite::{StreamExt, future::block_on};

use crate::failure::{OrFail, Result};

/// A store, and what should be in it.
pub(super) struct Bank {
    pub(super) store: Arc<dyn Backend>,
    /// What the balances must be, kept beside the store.
    balances: BTreeMap<String, i64>,
    /// How many events there must be.
    pub(super) events: u64,
}

impl Bank {
    pub(super) fn new(store: Arc<dyn Backend>) -> Self {
        Self { store, balances: BTreeMap::new(), events: 0 }
    }

    /// Appends, and keeps book of what should follow.
    pub(super) fn append(&mut self, append: Append) -> annals::Result<Appended> {
        let mut changes = Vec::new();
        for write in &append.writes {
            let cents =
                write.events.iter().map(|event| cents(event.event_type.as_str(), &event.data));
            changes.push((write.stream.to_string(), cents.sum::<i64>()));
        }
        let count = append.event_count() as u64;
        let appended = block_on(self.store.append(append))?;
        if !appended.duplicate {
            self.events += count;
            for (stream, change) in changes {
                *self.balances.entry(stream).or_default() += change;
            }
        }
        Ok(appended)
    }

    /// What the balance must be.
    pub(super) fn balance(&self, account: &StreamName) -> i64 {
        self.balances.get(account.as_str()).copied().unwrap_or_default()
    }

    /// Reads events.
    pub(super) fn read(&self, read: impl Into<Read>) -> Result<Vec<RecordedEvent>> {
        read_all_of(self.store.as_ref(), read)
    }

    /// The version an account is at.
    pub(super) fn version(&self, account: &StreamName) -> Result<ExpectedVersion> {
        let info = block_on(self.store.stream_info(account)).or_fail(|| "an account is gone")?;
        Ok(info.last_version.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact))
    }

    /// The newest position.
    pub(super) fn head(&self) -> Result<Option<Position>> {
        block_on(self.store.head()).or_fail(|| "the head could not be read")
    }

    pub(super) fn close(self) -> Result<()> {
        block_on(self.store.close()).or_fail(|| "the store could not be closed")
    }
}

/// Reads events to the end.
pub(super) fn read_all_of(
    store: &dyn Backend,
    read: impl Into<Read>,
) -> Result<Vec<RecordedEvent>> {
    block_on(store.read(read.into()).try_collect()).or_fail(|| "the events could not be read")
}

/// The stream of an account.
pub(super) fn account(owner: &str) -> Result<StreamName> {
    Ok(StreamName::new(format!("account-{owner}"))?)
}

/// The tag of an email address.
pub(super) fn email(owner: &str) -> Result<Tag> {
    Ok(Tag::new(format!("email:{owner}@example.com"))?)
}

/// An account is opened.
pub(super) fn opened(owner: &str) -> Result<NewEvent> {
    let data = format!(r#"{{"owner":"{owner}","cents":0}}"#);
    Ok(NewEvent::new(EventType::new("opened")?, data).with_tags(Tags::new([email(owner)?])?))
}

/// Money comes or goes.
pub(super) fn moved(event_type: &'static str, cents: i64) -> Result<NewEvent> {
    Ok(NewEvent::new(EventType::new(event_type)?, format!(r#"{{"cents":{cents}}}"#)))
}

/// Money moves as part of something that has a name.
pub(super) fn moved_for(event_type: &'static str, cents: i64, tag: &Tag) -> Result<NewEvent> {
    Ok(moved(event_type, cents)?.with_tags(Tags::new([tag.clone()])?))
}

/// By how much an event changes a balance.
pub(super) fn cents(event_type: &str, data: &[u8]) -> i64 {
    let data: serde_json::Value = serde_json::from_slice(data).unwrap_or_default();
    let cents = data.get("cents").and_then(serde_json::Value::as_i64).unwrap_or_default();
    if event_type == "withdrawn" { -cents } else { cents }
}

/// The balance that follows from events.
pub(super) fn fold(events: &[RecordedEvent]) -> i64 {
    events.iter().map(|event| cents(event.event_type.as_str(), &event.data)).sum()
}

/// A whole stream.
pub(super) fn stream(stream: &StreamName) -> ReadStream {
    ReadStream::new(stream.clone())
}

/// The whole store.
pub(super) fn everything() -> ReadAll {
    ReadAll::new(Query::all())
}

/// The number of a version that must be there.
pub(super) fn number(version: Option<Version>) -> String {
    version.map_or_else(|| "none".to_owned(), |version| version.to_string())
}
