//! SierraDB, by its own client.
//!
//! A stream is in the partition that its name says; there is no order across partitions, so
//! everything is read and followed partition by partition.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use annals_core::{Append, BoxFuture, ExpectedVersion, StreamName, StreamWrite};
use futures_util::{future, stream};
use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};
use sierradb_client::{
    AsyncTypedCommands, EAppendOptions, EMAppendEvent, ExpectedVersion as Expected,
    SierraAsyncClientExt, SierraMessage, SubscriptionManager, stream_partition_key,
};

use crate::{
    contest::{
        crowd,
        store::{Deed, Deliveries, Store, Work},
    },
    problem::Result,
};

/// As many as a server has by default.
const PARTITIONS: u16 = 32;
const CONNECTIONS: usize = crowd::WRITERS as usize;
/// Events asked for at a time.
const PAGE: u64 = 1_000;

pub(super) struct OnSierradb {
    client: Client,
    /// A connection answers one command after the other, so there is one for each writer.
    connections: Vec<MultiplexedConnection>,
    next: AtomicUsize,
}

impl OnSierradb {
    pub(super) async fn connect(port: u16) -> Result<Self> {
        let client = Client::open(format!("redis://127.0.0.1:{port}?protocol=resp3"))?;
        // However long it takes.
        let patient = AsyncConnectionConfig::new().set_response_timeout(None);
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(client.get_multiplexed_async_connection_with_config(&patient).await?);
        }
        Ok(Self { client, connections, next: AtomicUsize::new(0) })
    }

    fn connection(&self) -> MultiplexedConnection {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        self.connections[next].clone()
    }

    async fn append_to_one(&self, write: StreamWrite) -> Result<u64> {
        let mut connection = self.connection();
        let stream = write.stream.as_str();
        if let [event] = write.events.as_slice() {
            let options = EAppendOptions::new()
                .expected_version(expected(write.expected, 0))
                .payload(event.data.as_ref());
            connection.eappend(stream, event.event_type.as_str(), options).await?;
            return Ok(1);
        }
        let events: Vec<_> = (0..)
            .zip(&write.events)
            .map(|(number, event)| {
                EMAppendEvent::new(stream, event.event_type.as_str())
                    .expected_version(expected(write.expected, number))
                    .payload(event.data.as_ref())
            })
            .collect();
        connection.emappend(stream_partition_key(stream), &events).await?;
        Ok(events.len() as u64)
    }

    async fn manager(&self) -> Result<SubscriptionManager> {
        Ok(self.client.subscription_manager().await?)
    }
}

/// What the event of this number in an append expects.
fn expected(first: ExpectedVersion, number: u64) -> Expected {
    let last = match first {
        ExpectedVersion::Exact(version) => version.get().checked_add(number),
        _ => number.checked_sub(1),
    };
    last.map_or(Expected::Empty, Expected::Exact)
}

impl Store for OnSierradb {
    fn name(&self) -> &'static str {
        "SierraDB"
    }

    fn lacks(&self, deed: Deed) -> Option<&'static str> {
        match deed {
            Deed::ReadTag | Deed::Condition => Some("it has no tags"),
            _ => None,
        }
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        Ok(Box::pin(async move {
            let appends = append.writes.into_iter().map(|write| self.append_to_one(write));
            Ok(future::try_join_all(appends).await?.into_iter().sum())
        }))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        let stream = stream.as_str().to_owned();
        Box::pin(async move {
            let mut connection = self.connection();
            let batch = connection.escan(&stream, 0, None, Some(PAGE)).await?;
            Ok(std::hint::black_box(batch).events.len() as u64)
        })
    }

    fn read_all(&self) -> Work<'_> {
        Box::pin(async move {
            let mut connection = self.connection();
            let mut count = 0;
            for partition in 0..PARTITIONS {
                let mut next = 0;
                loop {
                    let batch = connection.epscan_by_id(partition, next, None, Some(PAGE)).await?;
                    count += batch.events.len() as u64;
                    let Some(last) = batch.events.last() else { break };
                    next = last.partition_sequence + 1;
                    if !std::hint::black_box(batch).has_more {
                        break;
                    }
                }
            }
            Ok(count)
        })
    }

    fn catch_up(&self, events: u64) -> Work<'_> {
        Box::pin(async move {
            let mut manager = self.manager().await?;
            // What it sends at most before it hears of what was read: everything.
            let window = Some(u32::MAX);
            let mut deliveries = manager.subscribe_to_all_partitions(0, window).await?;
            let mut count = 0;
            while count < events {
                let message = deliveries.next_message().await.ok_or("the subscription ended")?;
                count += u64::from(matches!(message, SierraMessage::Event { .. }));
                std::hint::black_box(message);
            }
            deliveries.unsubscribe().await?;
            Ok(count)
        })
    }

    fn follow(&self) -> BoxFuture<'_, Result<Deliveries<'_>>> {
        Box::pin(async move {
            let mut connection = self.connection();
            let mut ends = HashMap::new();
            for partition in 0..PARTITIONS {
                let last = connection.epseq_by_id(partition).await?;
                ends.insert(partition, last.map_or(0, |last| last + 1));
            }
            let mut manager = self.manager().await?;
            let window = Some(u32::MAX);
            let deliveries = manager.subscribe_to_partitions_with_sequences(ends, window).await?;
            // With the manager, whose end ends the subscription.
            let events = stream::unfold((deliveries, manager), |(mut deliveries, manager)| async {
                loop {
                    let message = deliveries.next_message().await?;
                    if matches!(message, SierraMessage::Event { .. }) {
                        return Some((Ok(1), (deliveries, manager)));
                    }
                }
            });
            let events: Deliveries<'_> = Box::pin(events);
            Ok(events)
        })
    }
}
