//! What a server tells of a group.

use annals_core::Error;
use annals_proto::kurrentdb::persistent_subscriptions::{
    SubscriptionInfo, subscription_info::ConnectionInfo,
};

use super::{GroupName, Settings, Source, Start};
use crate::{Refused, Result, Server};

/// What a server tells of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// Which group.
    pub group: GroupName,
    /// What it does, in the server's words, such as `Live`.
    pub status: String,
    /// Where it was told to begin.
    pub start: Start,
    /// How it works.
    pub settings: Settings,
    /// Up to which version or position it has finished, as far as that is stored.
    pub checkpoint: Option<u64>,
    /// The version or position of the newest event there is for it, where the server knows it.
    pub last_known: Option<u64>,
    /// How many events are parked.
    pub parked: u64,
    /// How many events its consumers have and said nothing of yet.
    pub in_flight: u64,
    /// How many events it gave out since the server started.
    pub total: u64,
    /// Its consumers.
    pub connections: Vec<Connection>,
}

/// A consumer of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where it comes from.
    pub from: String,
    /// Who it logged in as.
    pub user: String,
    /// What it calls itself.
    pub name: String,
    /// How many events it got.
    pub total: u64,
    /// How many of them it said nothing of yet.
    pub in_flight: u64,
    /// How many more it may have at once.
    pub free: u64,
}

impl GroupInfo {
    pub(crate) fn read(server: &Server, info: SubscriptionInfo) -> Result<Self> {
        let source: Source = info.event_source.parse()?;
        let settings = settings(&info)?;
        let place = |text: &str| {
            let place = place(&source, text)?;
            Ok::<_, Refused>(place.map(|place| match &source {
                Source::Stream(_) => place,
                Source::All => server.position_from(place),
            }))
        };
        let start = match place(&info.start_from)? {
            None => Start::End,
            Some(_) if is_beginning(&info.start_from) => Start::Beginning,
            Some(at) => Start::At(at),
        };
        Ok(Self {
            start,
            settings,
            checkpoint: place(&info.last_checkpointed_event_position)?,
            last_known: place(&info.last_known_event_position)?,
            group: GroupName { source, name: info.group_name },
            status: info.status,
            parked: large(info.parked_message_count),
            in_flight: large(info.total_in_flight_messages.into()),
            total: large(info.total_items),
            connections: info.connections.into_iter().map(Connection::from).collect(),
        })
    }
}

impl From<ConnectionInfo> for Connection {
    fn from(info: ConnectionInfo) -> Self {
        Self {
            from: info.from,
            user: info.username,
            name: info.connection_name,
            total: large(info.total_items),
            in_flight: large(info.in_flight_messages.into()),
            free: large(info.available_slots.into()),
        }
    }
}

fn settings(info: &SubscriptionInfo) -> Result<Settings> {
    Ok(Settings {
        resolve_links: info.resolve_link_tos,
        extra_statistics: info.extra_statistics,
        ack_timeout_ms: small(info.message_timeout_milliseconds),
        max_retries: small(info.max_retry_count),
        checkpoint_after_ms: small(info.check_point_after_milliseconds),
        checkpoint_min: small(info.min_check_point_count),
        checkpoint_max: small(info.max_check_point_count),
        max_subscribers: small(info.max_subscriber_count),
        live_buffer: small(info.live_buffer_size),
        read_batch: small(info.read_batch_size),
        history_buffer: small(info.buffer_size),
        strategy: info.named_consumer_strategy.parse()?,
    })
}

/// A version as `7`, a position as `C:7/P:7`; nothing, or what is below 0, is no place.
fn place(source: &Source, text: &str) -> Result<Option<u64>> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = match source {
        Source::Stream(_) => Some(text),
        Source::All => text.strip_prefix("C:").and_then(|text| text.split('/').next()),
    };
    let number: Option<i64> = number.and_then(|number| number.parse().ok());
    let Some(number) = number else { return Err(unknown(text)) };
    Ok(u64::try_from(number).ok())
}

fn unknown(text: &str) -> Refused {
    Error::invalid(format!("the server gives a place as `{text}`, which is not understood")).into()
}

fn is_beginning(text: &str) -> bool {
    matches!(text, "0" | "C:0/P:0")
}

fn small(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn large(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_servers_write_them() {
        let stream: Source = "account-1".parse().unwrap();
        let of_stream = |text| place(&stream, text).unwrap();
        assert_eq!(["7", "0", "-1", ""].map(of_stream), [Some(7), Some(0), None, None]);
        let of_all = |text| place(&Source::All, text).unwrap();
        assert_eq!(["C:7/P:7", "C:-1/P:-1", ""].map(of_all), [Some(7), None, None]);
        for (source, wrong) in [(&stream, "C:7/P:7"), (&stream, "x"), (&Source::All, "7")] {
            assert!(place(source, wrong).is_err(), "{wrong}");
        }
    }
}
