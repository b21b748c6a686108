//! What consumers get, and what people are told of a group.

use annals_core::RecordedEvent;
use annals_proto::kurrentdb::persistent_subscriptions::{
    ReadResp, SubscriptionInfo,
    read_resp::{
        Content, ReadEvent, SubscriptionConfirmation,
        read_event::{Count, Position, RecordedEvent as WireEvent},
    },
    subscription_info::{ConnectionInfo, Measurement},
};

use super::{
    command::Told,
    consumer::{Delivered, Who},
    group::ConsumerNumbers,
    identity::GroupId,
    settings::{Definition, place_shown},
};
use crate::{
    links::Entry,
    wire::{
        event::properties,
        ids::{self, UuidForm},
        position,
    },
};

/// That the consumer belongs to the group now.
pub(super) fn confirmation(group: &GroupId) -> ReadResp {
    let subscription_id = group.to_string();
    let confirmed = SubscriptionConfirmation { subscription_id };
    ReadResp { content: Some(Content::SubscriptionConfirmation(confirmed)) }
}

/// An event; both it and its link carry the position of what was read.
pub(super) fn event(delivered: &Delivered, form: UuidForm) -> ReadResp {
    let entry = delivered.entry.as_ref();
    let at = position::to_wire(entry.original().position);
    let recorded = |event: &RecordedEvent| recorded(event, at, form);
    let (event, link) = match entry {
        Entry::Event(event) => (Some(recorded(event)), None),
        Entry::Link(link) => (link.target.as_ref().map(recorded), Some(recorded(&link.link))),
    };
    let retries = i32::try_from(delivered.retries).unwrap_or(i32::MAX);
    ReadResp {
        content: Some(Content::Event(ReadEvent {
            event,
            link,
            position: Some(Position::CommitPosition(at)),
            count: Some(Count::RetryCount(retries)),
        })),
    }
}

fn recorded(event: &RecordedEvent, at: u64, form: UuidForm) -> WireEvent {
    WireEvent {
        id: Some(ids::uuid_to_wire(event.id.as_uuid(), form)),
        stream_identifier: Some(ids::stream_to_wire(&event.stream)),
        stream_revision: event.version.get(),
        prepare_position: at,
        commit_position: at,
        metadata: properties(event),
        custom_metadata: event.metadata.as_bytes().clone(),
        data: event.data.clone(),
    }
}

/// Everything that is told of a group; `known` is the place of the last event there is for it.
pub(super) fn info(definition: &Definition, told: &Told, known: Option<u64>) -> SubscriptionInfo {
    let (source, settings, numbers) = (&definition.id.source, &definition.settings, &told.numbers);
    let shown =
        |place: Option<u64>| place.map_or_else(String::new, |place| place_shown(source, place));
    let (caught_up, catching_up) =
        if numbers.is_live { (numbers.fresh, 0) } else { (0, numbers.fresh) };
    let connections = numbers.consumers.iter().zip(&told.who);
    SubscriptionInfo {
        event_source: source.as_str().to_owned(),
        group_name: definition.id.name.clone(),
        status: status(told),
        connections: connections.map(|(numbers, who)| connection(numbers, who)).collect(),
        average_per_second: small(numbers.sent.per_second),
        total_items: large(numbers.sent.total),
        count_since_last_measurement: large(numbers.sent.since_last),
        last_checkpointed_event_position: shown(told.checkpoint()),
        last_known_event_position: shown(known.max(numbers.next.checked_sub(1))),
        resolve_link_tos: settings.resolve_links,
        start_from: definition.start.shown(source),
        message_timeout_milliseconds: settings.message_timeout_ms,
        extra_statistics: settings.extra_statistics,
        max_retry_count: settings.max_retry_count,
        live_buffer_size: settings.live_buffer_size,
        buffer_size: settings.history_buffer_size,
        read_batch_size: settings.read_batch_size,
        check_point_after_milliseconds: settings.checkpoint_after_ms,
        min_check_point_count: settings.min_checkpoint_count,
        max_check_point_count: settings.max_checkpoint_count,
        read_buffer_count: small(catching_up as u64),
        live_buffer_count: large(caught_up as u64),
        retry_buffer_count: small(numbers.again as u64),
        total_in_flight_messages: small(numbers.held as u64),
        outstanding_messages_count: small(numbers.held as u64),
        named_consumer_strategy: settings.strategy.as_str().to_owned(),
        max_subscriber_count: settings.max_subscriber_count,
        parked_message_count: large(told.parked),
    }
}

/// The state of a group in the words that people know from elsewhere.
fn status(told: &Told) -> String {
    let mut words = Vec::new();
    if told.numbers.is_live {
        words.push("Live");
    } else {
        words.push("Behind");
        if told.numbers.wants_fresh {
            words.push("OutstandingPageRequest");
        }
    }
    if told.is_replaying {
        words.push("ReplayingParkedMessages");
    }
    words.join(", ")
}

fn connection(numbers: &ConsumerNumbers, who: &Who) -> ConnectionInfo {
    let measurement = |(key, value): &(&'static str, u64)| Measurement {
        key: (*key).to_owned(),
        value: large(*value),
    };
    ConnectionInfo {
        from: who.from.clone(),
        username: who.user.clone(),
        average_items_per_second: small(numbers.sent.per_second),
        total_items: large(numbers.sent.total),
        count_since_last_measurement: large(numbers.sent.since_last),
        observed_measurements: numbers.latencies.iter().map(measurement).collect(),
        available_slots: small(numbers.free as u64),
        in_flight_messages: small(numbers.held as u64),
        connection_name: who.connection.clone(),
    }
}

fn small(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn large(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
