//! The groups of a store, as one event for each change, in the stream and the form in which
//! KurrentDB keeps them.

use std::sync::Arc;

use annals_core::{
    Append, Backend, Clock, Error, ErrorKind, EventType, ExpectedVersion, NewEvent, Read,
    ReadStream, Result, StreamMetadata, StreamName, SystemClock, Version,
};
use futures_lite::StreamExt;
use serde::{Deserialize, Serialize};

use super::{
    fence::Fence,
    identity::{GroupId, Source},
    settings::{Definition, FilterSettings, Settings, Start},
};

const STREAM: &str = "$persistentSubscriptionConfig";
const EVENT_TYPE: &str = "$PersistentConfig";
/// Older configurations are no use to anybody.
const KEPT: u64 = 2;

/// The form of today.
const FORM: &str = "2";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    version: String,
    updated: String,
    updated_by: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    stream: String,
    group: String,
    #[serde(flatten)]
    settings: Settings,
    /// A version or wire position; -1 is the end.
    start_from: i64,
    /// What `start_from` meant when the group was made.
    begin: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<FilterSettings>,
}

/// All groups, and at which version of the configuration.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) definitions: Vec<Definition>,
    pub(super) version: Option<Version>,
}

/// Whether there ever was a group.
///
/// # Errors
/// Those of the store.
pub(super) async fn is_there(store: &dyn Backend) -> Result<bool> {
    Ok(store.stream_info(&StreamName::new(STREAM)?).await?.last_version.is_some())
}

/// Reads the groups.
///
/// # Errors
/// `Corrupted` when the configuration is none, and what reading met.
pub(super) async fn load(store: &dyn Backend) -> Result<Config> {
    let read = ReadStream::new(StreamName::new(STREAM)?).backward().limit(1);
    let event = match store.read(Read::Stream(read)).next().await.transpose() {
        Ok(Some(event)) => event,
        Ok(None) => return Ok(Config::default()),
        Err(error) if error.kind() == ErrorKind::StreamNotFound => return Ok(Config::default()),
        Err(error) => return Err(error),
    };
    let document: Document = serde_json::from_slice(&event.data).map_err(|error| {
        let why = format!("event {} of `{STREAM}` is no configuration", event.version);
        Error::new(ErrorKind::Corrupted, why).caused_by(error)
    })?;
    let definitions = document.entries.into_iter().map(definition).collect::<Result<_>>()?;
    Ok(Config { definitions, version: Some(event.version) })
}

/// Writes the groups, unless somebody else did since they were read.
///
/// # Errors
/// `WrongExpectedVersion` then, and those of an append.
pub(super) async fn save<'a>(
    store: &dyn Backend,
    fence: Fence,
    before: Option<Version>,
    definitions: impl Iterator<Item = &'a Arc<Definition>>,
    by: &str,
) -> Result<Option<Version>> {
    let document = Document {
        version: FORM.to_owned(),
        updated: SystemClock.now().to_string(),
        updated_by: by.to_owned(),
        entries: definitions.map(|definition| entry(definition)).collect(),
    };
    let json = serde_json::to_vec(&document).map_err(|error| {
        Error::new(ErrorKind::Internal, "the configuration cannot be written").caused_by(error)
    })?;
    let stream = StreamName::new(STREAM)?;
    let event = NewEvent::new(EventType::new(EVENT_TYPE)?, json);
    let expected = before.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact);
    let append = fence.guard(Append::to(stream.clone(), expected, [event]))?;
    let appended = store.append(append).await?;
    if before.is_none() {
        let kept = StreamMetadata { max_count: Some(KEPT), ..StreamMetadata::default() };
        store.set_stream_metadata(&stream, ExpectedVersion::Any, &kept).await?;
    }
    Ok(appended.streams.first().and_then(|stream| stream.last_version))
}

fn entry(definition: &Definition) -> Entry {
    Entry {
        stream: definition.id.source.as_str().to_owned(),
        group: definition.id.name.clone(),
        settings: definition.settings,
        start_from: match definition.start {
            Start::End => -1,
            Start::At(at) => i64::try_from(at).unwrap_or(i64::MAX),
        },
        begin: Some(definition.begin),
        filter: definition.filter.clone(),
    }
}

fn definition(entry: Entry) -> Result<Definition> {
    let source = match entry.stream.as_str() {
        "$all" => Source::All,
        stream => Source::Stream(StreamName::new(stream.to_owned())?),
    };
    let start = u64::try_from(entry.start_from).map_or(Start::End, Start::At);
    let begin = entry.begin.or_else(|| start.place(&source)).unwrap_or_default();
    Ok(Definition {
        id: GroupId { source, name: entry.group },
        settings: entry.settings,
        start,
        begin,
        filter: entry.filter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kurrent::persistent::settings::{FilterSubject, Strategy};
    use annals_core::MemoryBackend;
    use futures_lite::future::block_on;
    use std::num::NonZeroU64;

    fn definitions() -> Vec<Arc<Definition>> {
        let settings = Settings {
            resolve_links: true,
            extra_statistics: false,
            message_timeout_ms: 1,
            max_retry_count: 2,
            checkpoint_after_ms: 3,
            min_checkpoint_count: 4,
            max_checkpoint_count: 5,
            max_subscriber_count: 6,
            live_buffer_size: 7,
            read_batch_size: 8,
            history_buffer_size: 9,
            strategy: Strategy::PinnedByCorrelation,
        };
        let stream = Source::Stream(StreamName::new("account-1").unwrap());
        let of = |source, start, filter| {
            let id = GroupId { source, name: "readers".to_owned() };
            Arc::new(Definition { id, settings, start, begin: 11, filter })
        };
        let filter = FilterSettings {
            subject: FilterSubject::EventType,
            regex: "^a".to_owned(),
            prefixes: Vec::new(),
            interval: NonZeroU64::MIN,
        };
        vec![of(stream, Start::At(10), None), of(Source::All, Start::End, Some(filter))]
    }

    #[test]
    fn the_groups_come_back_as_they_were_written() {
        block_on(async {
            let store = MemoryBackend::new();
            assert!(load(&store).await.unwrap().definitions.is_empty());
            let written = definitions();
            let version = save(&store, Fence::NONE, None, written.iter(), "ann").await.unwrap();
            let config = load(&store).await.unwrap();
            assert_eq!(config.version, version);
            let read: Vec<_> = config.definitions.into_iter().map(Arc::new).collect();
            assert_eq!(read, written);
        });
    }

    #[test]
    fn two_servers_do_not_overwrite_each_other() {
        block_on(async {
            let store = MemoryBackend::new();
            save(&store, Fence::NONE, None, definitions().iter(), "ann").await.unwrap();
            let error = save(&store, Fence::NONE, None, [].iter(), "bob").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion);
        });
    }
}
