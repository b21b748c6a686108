//! Groups as messages ask for them.

use annals_core::Error;
use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::{
        CreateReq, UpdateReq,
        create_req::{
            self,
            all_options::{AllOption, FilterOption, FilterOptions, filter_options},
        },
        update_req,
    },
};

use super::{Filter, GroupName, Matching, Settings, Source, Start, Strategy};
use crate::{Server, ids};

/// After how many events that a filter has passed over progress is noted, in windows of 32.
const CHECKPOINT_INTERVAL: u32 = 1;

pub(super) fn create(
    server: &Server,
    group: &GroupName,
    start: Start,
    filter: Option<&Filter>,
    settings: &Settings,
) -> annals_core::Result<CreateReq> {
    use create_req::{options::StreamOption, stream_options::RevisionOption};
    let stream_option = match (&group.source, filter) {
        (Source::Stream(_), Some(_)) => {
            return Err(Error::invalid("only a group of `$all` has a filter"));
        }
        (Source::Stream(stream), None) => StreamOption::Stream(create_req::StreamOptions {
            stream_identifier: Some(ids::stream(stream)),
            revision_option: Some(match start {
                Start::Beginning => RevisionOption::Start(Empty {}),
                Start::End => RevisionOption::End(Empty {}),
                Start::At(version) => RevisionOption::Revision(version),
            }),
        }),
        (Source::All, filter) => StreamOption::All(create_req::AllOptions {
            all_option: Some(match start {
                Start::Beginning => AllOption::Start(Empty {}),
                Start::End => AllOption::End(Empty {}),
                Start::At(position) => {
                    let at = server.position_to(position);
                    let (commit_position, prepare_position) = (at, at);
                    AllOption::Position(create_req::Position { commit_position, prepare_position })
                }
            }),
            filter_option: Some(filter.map_or(FilterOption::NoFilter(Empty {}), filtered)),
        }),
    };
    let options = create_req::Options {
        group_name: group.name.clone(),
        settings: Some(create_settings(settings)),
        stream_option: Some(stream_option),
        ..create_req::Options::default()
    };
    Ok(CreateReq { options: Some(options) })
}

fn filtered(filter: &Filter) -> FilterOption {
    let expression = |matching: &Matching| match matching {
        Matching::Prefixes(prefix) => {
            filter_options::Expression { regex: String::new(), prefix: prefix.clone() }
        }
        Matching::Regex(regex) => {
            filter_options::Expression { regex: regex.clone(), prefix: Vec::new() }
        }
    };
    let filter = match filter {
        Filter::Streams(names) => filter_options::Filter::StreamIdentifier(expression(names)),
        Filter::Types(names) => filter_options::Filter::EventType(expression(names)),
    };
    FilterOption::Filter(FilterOptions {
        checkpoint_interval_multiplier: CHECKPOINT_INTERVAL,
        filter: Some(filter),
        window: Some(filter_options::Window::Count(Empty {})),
    })
}

fn create_settings(settings: &Settings) -> create_req::Settings {
    use create_req::settings::{CheckpointAfter, MessageTimeout};
    create_req::Settings {
        resolve_links: settings.resolve_links,
        extra_statistics: settings.extra_statistics,
        max_retry_count: count(settings.max_retries),
        min_checkpoint_count: count(settings.checkpoint_min),
        max_checkpoint_count: count(settings.checkpoint_max),
        max_subscriber_count: count(settings.max_subscribers),
        live_buffer_size: count(settings.live_buffer),
        read_batch_size: count(settings.read_batch),
        history_buffer_size: count(settings.history_buffer),
        consumer_strategy: settings.strategy.as_str().to_owned(),
        message_timeout: Some(MessageTimeout::MessageTimeoutMs(count(settings.ack_timeout_ms))),
        checkpoint_after: Some(CheckpointAfter::CheckpointAfterMs(count(
            settings.checkpoint_after_ms,
        ))),
        ..create_req::Settings::default()
    }
}

pub(super) fn update(
    server: &Server,
    group: &GroupName,
    start: Start,
    settings: &Settings,
) -> UpdateReq {
    use update_req::{
        all_options::AllOption, options::StreamOption, stream_options::RevisionOption,
    };
    let stream_option = match &group.source {
        Source::Stream(stream) => StreamOption::Stream(update_req::StreamOptions {
            stream_identifier: Some(ids::stream(stream)),
            revision_option: Some(match start {
                Start::Beginning => RevisionOption::Start(Empty {}),
                Start::End => RevisionOption::End(Empty {}),
                Start::At(version) => RevisionOption::Revision(version),
            }),
        }),
        Source::All => StreamOption::All(update_req::AllOptions {
            all_option: Some(match start {
                Start::Beginning => AllOption::Start(Empty {}),
                Start::End => AllOption::End(Empty {}),
                Start::At(position) => {
                    let at = server.position_to(position);
                    let (commit_position, prepare_position) = (at, at);
                    AllOption::Position(update_req::Position { commit_position, prepare_position })
                }
            }),
        }),
    };
    let options = update_req::Options {
        group_name: group.name.clone(),
        settings: Some(update_settings(settings)),
        stream_option: Some(stream_option),
        ..update_req::Options::default()
    };
    UpdateReq { options: Some(options) }
}

fn update_settings(settings: &Settings) -> update_req::Settings {
    use update_req::{
        ConsumerStrategy,
        settings::{CheckpointAfter, MessageTimeout},
    };
    let strategy = match settings.strategy {
        Strategy::DispatchToSingle => ConsumerStrategy::DispatchToSingle,
        Strategy::RoundRobin => ConsumerStrategy::RoundRobin,
        // The message has no name for the other one, so that one is refused before.
        Strategy::Pinned | Strategy::PinnedByCorrelation => ConsumerStrategy::Pinned,
    };
    update_req::Settings {
        resolve_links: settings.resolve_links,
        extra_statistics: settings.extra_statistics,
        max_retry_count: count(settings.max_retries),
        min_checkpoint_count: count(settings.checkpoint_min),
        max_checkpoint_count: count(settings.checkpoint_max),
        max_subscriber_count: count(settings.max_subscribers),
        live_buffer_size: count(settings.live_buffer),
        read_batch_size: count(settings.read_batch),
        history_buffer_size: count(settings.history_buffer),
        named_consumer_strategy: strategy.into(),
        message_timeout: Some(MessageTimeout::MessageTimeoutMs(count(settings.ack_timeout_ms))),
        checkpoint_after: Some(CheckpointAfter::CheckpointAfterMs(count(
            settings.checkpoint_after_ms,
        ))),
        ..update_req::Settings::default()
    }
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
