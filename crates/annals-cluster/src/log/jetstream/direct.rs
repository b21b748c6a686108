//! Messages without a consumer.
//!
//! To make a consumer, the servers need a leader of all JetStream. When that dies together with
//! the leader of the stream, the two elections end seconds apart, and every node would wait for
//! the later one. So until there is a consumer, any replica of the stream is asked for what comes
//! next. A replica may be behind, but what it gives is in order.

use annals_core::Timestamp;
use async_nats::{Message, StatusCode};
use bytes::Bytes;
use futures_lite::StreamExt;
use serde_json::json;

use super::{api::Api, limits};
use crate::log::Logged;

/// The messages from a sequence on that a replica has, some of them; none when it does not answer.
pub(super) async fn read(api: &Api, from: u64) -> Vec<Logged> {
    let inbox = api.client.new_inbox();
    let Ok(mut answers) = api.client.subscribe(inbox.clone()).await else { return Vec::new() };
    let bytes = limits::DIRECT_BYTES.max(2 * api.client.max_payload());
    let request = json!({ "seq": from, "batch": limits::DIRECT_MESSAGES, "max_bytes": bytes });
    let subject = format!("$JS.API.DIRECT.GET.{}", api.stream);
    let payload = Bytes::from(request.to_string());
    if api.client.publish_with_reply(subject, inbox, payload).await.is_err() {
        return Vec::new();
    }
    let mut read = Vec::new();
    while read.len() < limits::DIRECT_MESSAGES {
        // It ends with a status; without one, what came is still in order.
        let answer = tokio::time::timeout(limits::DIRECT_ANSWERED, answers.next()).await;
        let Some(logged) = answer.ok().flatten().and_then(logged) else { break };
        read.push(logged);
    }
    read
}

fn logged(message: Message) -> Option<Logged> {
    if message.status.is_some_and(|status| status != StatusCode::OK) {
        return None;
    }
    let headers = message.headers?;
    let header = |name: &str| headers.get(name).map(|value| value.as_str());
    let time: Timestamp = header("Nats-Time-Stamp")?.parse().ok()?;
    Some(Logged {
        sequence: header("Nats-Sequence")?.parse().ok()?,
        time,
        message: message.payload,
        behind: header("Nats-Num-Pending").and_then(|text| text.parse().ok()).unwrap_or(0),
    })
}
