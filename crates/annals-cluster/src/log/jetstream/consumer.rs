//! An ephemeral consumer of the stream, and the pulls that keep messages coming from it.
//!
//! It lives in the memory of one server. It is never repaired: with the server, or a connection,
//! it is given up, and another one is made. The next pull is sent when half of the last two is
//! used up, so that there is always one; together they bound what waits in memory.

use async_nats::{Message, StatusCode, Subscriber};
use bytes::Bytes;
use futures_lite::{StreamExt, future};
use serde::Deserialize;
use serde_json::json;

use super::{
    api::{Api, Unheard},
    limits, place,
};
use crate::log::Logged;

pub(super) struct Consumer {
    api: Api,
    messages: Subscriber,
    inbox: String,
    name: String,
    /// The first message that it will give.
    pub(super) start: u64,
    /// Whether there was none when it was made.
    pub(super) has_nothing: bool,
    /// How many messages the server may still send.
    owed: usize,
    losses: u64,
}

/// What a consumer gave.
pub(super) enum Got {
    Message(Logged),
    /// It gives nothing any more.
    Lost(&'static str),
}

enum Read {
    Message(Logged),
    Nothing,
    Lost(&'static str),
}

#[derive(Deserialize)]
struct Info {
    name: String,
    delivered: Delivered,
    num_pending: u64,
}

#[derive(Deserialize)]
struct Delivered {
    stream_seq: u64,
}

impl Consumer {
    /// Makes one that begins at a sequence, or where the log begins when that is later.
    pub(super) async fn make(
        api: &Api,
        from: u64,
        patience: std::time::Duration,
    ) -> Result<Self, Unheard> {
        let losses = api.link.losses();
        // Another name each time: one that was made on a server that died would answer nothing.
        let name = format!("annals-{}", uuid::Uuid::new_v4().simple());
        let stream = &api.stream;
        let config = json!({
            "stream_name": &**stream,
            "config": {
                "name": name,
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": from.max(1),
                "ack_policy": "none",
                "replay_policy": "instant",
                "inactive_threshold": nanos(limits::CONSUMER_FORGOTTEN),
                "num_replicas": 1,
                "mem_storage": true,
            },
        });
        let subject = format!("$JS.API.CONSUMER.CREATE.{stream}.{name}");
        let info: Info = api.ask(subject, config.to_string().into_bytes(), patience).await?;
        let inbox = api.client.new_inbox();
        let messages = api
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| Unheard::Failed(error.to_string()))?;
        let start = info.delivered.stream_seq + 1;
        Ok(Self {
            api: api.clone(),
            messages,
            inbox,
            name: info.name,
            start,
            has_nothing: info.num_pending == 0,
            owed: 0,
            losses,
        })
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Got {
        loop {
            if !self.top_up().await {
                return Got::Lost("a pull could not be sent");
            }
            let (link, losses) = (&self.api.link, self.losses);
            let heard = tokio::time::timeout(limits::SILENCE, self.messages.next());
            let received = async { heard.await.map_err(|_| "it was silent") };
            let lost = async {
                link.lost_since(losses).await;
                Err("the connection was lost")
            };
            match future::or(received, lost).await {
                Ok(Some(message)) => match self.read(message) {
                    Read::Message(logged) => return Got::Message(logged),
                    Read::Nothing => {}
                    Read::Lost(why) => return Got::Lost(why),
                },
                Ok(None) => return Got::Lost("the connection was closed"),
                Err(why) => return Got::Lost(why),
            }
        }
    }

    /// Asks for more when little is owed.
    async fn top_up(&mut self) -> bool {
        while self.owed <= limits::PULL_MESSAGES {
            let bytes = limits::PULL_BYTES.max(2 * self.api.client.max_payload());
            let pull = json!({
                "batch": limits::PULL_MESSAGES,
                "max_bytes": bytes,
                "expires": nanos(limits::PULL_EXPIRES),
                "idle_heartbeat": nanos(limits::HEARTBEAT),
            });
            let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.api.stream, self.name);
            let payload = Bytes::from(pull.to_string());
            let sent = self.api.client.publish_with_reply(subject, self.inbox.clone(), payload);
            // While the connection is away, its queue may be full.
            if !matches!(tokio::time::timeout(limits::SILENCE, sent).await, Ok(Ok(()))) {
                return false;
            }
            self.owed += limits::PULL_MESSAGES;
        }
        true
    }

    fn read(&mut self, message: Message) -> Read {
        let Some(status) = message.status else { return self.delivered(message) };
        match status {
            StatusCode::IDLE_HEARTBEAT => return Read::Nothing,
            StatusCode::NO_RESPONDERS => return Read::Lost("its server has forgotten it"),
            _ => {}
        }
        let text = message.description.unwrap_or_default().to_ascii_lowercase();
        let ends_pull = ["timeout", "maxbytes", "batch completed", "no messages"];
        // The rest, such as a leader that changes, ends the consumer.
        let left =
            message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        match left.and_then(|left| left.as_str().parse::<usize>().ok()) {
            Some(left) if ends_pull.iter().any(|part| text.contains(part)) => {
                self.owed = self.owed.saturating_sub(left);
                Read::Nothing
            }
            _ => {
                tracing::debug!(%status, %text, "a consumer of the log ends");
                Read::Lost("its server gave it up")
            }
        }
    }

    fn delivered(&mut self, message: Message) -> Read {
        let Some(place) = message.reply.as_deref().and_then(place::read) else {
            return Read::Lost("it gave a message without a place");
        };
        self.owed = self.owed.saturating_sub(1);
        Read::Message(Logged {
            sequence: place.sequence,
            time: place.time,
            message: message.payload,
            behind: place.behind,
        })
    }

    /// Lets the server forget it now, and not only after a while.
    pub(super) async fn give_up(self) {
        let subject = format!("$JS.API.CONSUMER.DELETE.{}.{}", self.api.stream, self.name);
        let inbox = self.api.client.new_inbox();
        let sent = self.api.client.publish_with_reply(subject, inbox, Bytes::new());
        // Without a connection it waits in vain, and the server forgets it by itself.
        if tokio::time::timeout(limits::SILENCE, sent).await.is_err() {
            tracing::debug!("a consumer of the log is left to be forgotten");
        }
    }
}

/// As JetStream writes a span of time.
fn nanos(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
