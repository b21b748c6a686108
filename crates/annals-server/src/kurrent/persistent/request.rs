//! What clients ask for, checked and in the words of the groups.

use std::num::NonZeroU64;

use annals_core::{Error, Result};
use annals_proto::kurrentdb::{
    Empty, StreamIdentifier,
    persistent_subscriptions::{
        CreateReq, UpdateReq,
        create_req::{
            self,
            all_options::{AllOption, FilterOption, FilterOptions, filter_options},
            stream_options::RevisionOption,
        },
        update_req,
    },
};

use super::{
    error::Refused,
    identity::{GroupId, Source},
    settings::{FilterSettings, FilterSubject, Settings, Start, Strategy},
    subsystem::Wanted,
};
use crate::wire::ids;

/// The window where the client leaves it to the server.
const WINDOW: u32 = 32;
/// A millisecond in the units of old clients.
const TICKS_PER_MS: i64 = 10_000;

pub(super) fn required(what: &str) -> Error {
    Error::invalid(format!("'{what}' is a required argument"))
}

/// The group of this name.
pub(super) fn group(source: Source, name: String) -> Result<GroupId> {
    if name.is_empty() {
        return Err(required("group_name"));
    }
    Ok(GroupId { source, name })
}

/// The stream of this name as a source.
pub(super) fn stream(stream: Option<StreamIdentifier>) -> Result<Source> {
    Ok(Source::Stream(ids::stream_name(stream)?))
}

/// What a group is to be, and which one; the name is known even when the rest makes no sense.
pub(super) type Asked = (GroupId, Result<Wanted, Refused>);

/// A group that is to be made.
pub(super) fn create(request: CreateReq) -> Result<Asked> {
    use create_req::options::StreamOption;
    let options = request.options.ok_or_else(|| required("options"))?;
    let settings = options.settings.ok_or_else(|| required("settings"))?;
    let (source, start, filter) = match options.stream_option {
        Some(StreamOption::Stream(options)) => {
            let start = match options.revision_option {
                Some(RevisionOption::Revision(revision)) => Start::At(revision),
                Some(RevisionOption::Start(_)) => Start::At(0),
                Some(RevisionOption::End(_)) => Start::End,
                None => return Err(required("revision_option")),
            };
            (stream(options.stream_identifier)?, start, None)
        }
        Some(StreamOption::All(options)) => {
            let start = match options.all_option {
                Some(AllOption::Position(position)) => Start::At(position.commit_position),
                Some(AllOption::Start(_)) => Start::At(0),
                Some(AllOption::End(_)) => Start::End,
                None => return Err(required("all_option")),
            };
            let filter = match options.filter_option {
                Some(FilterOption::Filter(options)) => Some(filter(options)?),
                Some(FilterOption::NoFilter(_)) | None => None,
            };
            (Source::All, start, filter)
        }
        // What clients sent before version 21.
        None => (stream(options.stream_identifier)?, old_start(settings.revision), None),
    };
    let id = group(source, options.group_name)?;
    let strategy = strategy(&settings.consumer_strategy, settings.named_consumer_strategy);
    let of = |strategy| {
        let settings = create_settings(&settings, strategy)?;
        Ok(Wanted { id: id.clone(), settings, start, filter })
    };
    let wanted = strategy.and_then(of);
    Ok((id, wanted))
}

/// A group that is to be changed.
pub(super) fn update(request: UpdateReq) -> Result<Asked> {
    use update_req::{
        all_options::AllOption, options::StreamOption, stream_options::RevisionOption,
    };
    let options = request.options.ok_or_else(|| required("options"))?;
    let settings = options.settings.ok_or_else(|| required("settings"))?;
    let (source, start) = match options.stream_option {
        Some(StreamOption::Stream(options)) => {
            let start = match options.revision_option {
                Some(RevisionOption::Revision(revision)) => Start::At(revision),
                Some(RevisionOption::Start(_)) => Start::At(0),
                Some(RevisionOption::End(_)) => Start::End,
                None => return Err(required("revision_option")),
            };
            (stream(options.stream_identifier)?, start)
        }
        Some(StreamOption::All(options)) => {
            let start = match options.all_option {
                Some(AllOption::Position(position)) => Start::At(position.commit_position),
                Some(AllOption::Start(_)) => Start::At(0),
                Some(AllOption::End(_)) => Start::End,
                None => return Err(required("all_option")),
            };
            (Source::All, start)
        }
        None => (stream(options.stream_identifier)?, old_start(settings.revision)),
    };
    let id = group(source, options.group_name)?;
    let of = |strategy| {
        let settings = update_settings(&settings, strategy)?;
        Ok(Wanted { id: id.clone(), settings, start, filter: None })
    };
    let wanted = strategy("", settings.named_consumer_strategy).and_then(of);
    Ok((id, wanted))
}

const fn old_start(revision: u64) -> Start {
    // The end was told as -1.
    if revision == u64::MAX { Start::End } else { Start::At(revision) }
}

fn strategy(name: &str, number: i32) -> Result<Strategy, Refused> {
    use create_req::ConsumerStrategy;
    let named = match (name, ConsumerStrategy::try_from(number)) {
        ("", Ok(ConsumerStrategy::DispatchToSingle)) => Some(Strategy::DispatchToSingle),
        ("", Ok(ConsumerStrategy::RoundRobin)) => Some(Strategy::RoundRobin),
        ("", Ok(ConsumerStrategy::Pinned)) => Some(Strategy::Pinned),
        ("", Err(_)) => None,
        (name, _) => Strategy::named(name),
    };
    let shown = if name.is_empty() { number.to_string() } else { name.to_owned() };
    named.ok_or_else(|| Refused::Failed(format!("Consumer strategy {shown} does not exist.")))
}

fn filter(options: FilterOptions) -> Result<FilterSettings> {
    let (subject, expression) = match options.filter {
        Some(filter_options::Filter::StreamIdentifier(expression)) => {
            (FilterSubject::Stream, expression)
        }
        Some(filter_options::Filter::EventType(expression)) => {
            (FilterSubject::EventType, expression)
        }
        None => return Err(required("filter")),
    };
    let window = match options.window {
        Some(filter_options::Window::Max(max)) => max,
        Some(filter_options::Window::Count(Empty {})) => WINDOW,
        None => return Err(required("window")),
    };
    let interval = u64::from(window) * u64::from(options.checkpoint_interval_multiplier);
    let interval = NonZeroU64::new(interval).ok_or_else(|| {
        Error::invalid("'window' and 'checkpointIntervalMultiplier' must be greater than zero")
    })?;
    let (regex, prefixes) = (expression.regex, expression.prefix);
    Ok(FilterSettings { subject, regex, prefixes, interval })
}

fn ms(ticks: i64) -> i32 {
    i32::try_from(ticks / TICKS_PER_MS).unwrap_or(i32::MAX)
}

fn create_settings(wire: &create_req::Settings, strategy: Strategy) -> Result<Settings, Refused> {
    use create_req::settings::{CheckpointAfter, MessageTimeout};
    Ok(Settings {
        resolve_links: wire.resolve_links,
        extra_statistics: wire.extra_statistics,
        message_timeout_ms: match wire.message_timeout {
            Some(MessageTimeout::MessageTimeoutTicks(ticks)) => ms(ticks),
            Some(MessageTimeout::MessageTimeoutMs(ms)) => ms,
            None => 0,
        },
        max_retry_count: wire.max_retry_count,
        checkpoint_after_ms: match wire.checkpoint_after {
            Some(CheckpointAfter::CheckpointAfterTicks(ticks)) => ms(ticks),
            Some(CheckpointAfter::CheckpointAfterMs(ms)) => ms,
            None => 0,
        },
        min_checkpoint_count: wire.min_checkpoint_count,
        max_checkpoint_count: wire.max_checkpoint_count,
        max_subscriber_count: wire.max_subscriber_count,
        live_buffer_size: wire.live_buffer_size,
        read_batch_size: wire.read_batch_size,
        history_buffer_size: wire.history_buffer_size,
        strategy,
    })
}

fn update_settings(wire: &update_req::Settings, strategy: Strategy) -> Result<Settings, Refused> {
    use update_req::settings::{CheckpointAfter, MessageTimeout};
    Ok(Settings {
        resolve_links: wire.resolve_links,
        extra_statistics: wire.extra_statistics,
        message_timeout_ms: match wire.message_timeout {
            Some(MessageTimeout::MessageTimeoutTicks(ticks)) => ms(ticks),
            Some(MessageTimeout::MessageTimeoutMs(ms)) => ms,
            None => 0,
        },
        max_retry_count: wire.max_retry_count,
        checkpoint_after_ms: match wire.checkpoint_after {
            Some(CheckpointAfter::CheckpointAfterTicks(ticks)) => ms(ticks),
            Some(CheckpointAfter::CheckpointAfterMs(ms)) => ms,
            None => 0,
        },
        min_checkpoint_count: wire.min_checkpoint_count,
        max_checkpoint_count: wire.max_checkpoint_count,
        max_subscriber_count: wire.max_subscriber_count,
        live_buffer_size: wire.live_buffer_size,
        read_batch_size: wire.read_batch_size,
        history_buffer_size: wire.history_buffer_size,
        strategy,
    })
}
