//! One message into the log, and what its answer means.

use annals_core::{Error, ErrorKind};
use async_nats::{HeaderMap, Request, RequestErrorKind, header::NATS_EXPECTED_STREAM};
use bytes::Bytes;
use futures_lite::future;
use serde::Deserialize;

use super::{
    api::{Api, Denial, Unheard},
    limits,
};
use crate::log::PublishError;

/// What JetStream answers to a message.
#[derive(Deserialize)]
struct Acknowledgement {
    #[serde(default)]
    seq: u64,
    error: Option<Denial>,
}

/// Publishes, and waits until the log has the message or is known not to have it.
pub(super) async fn publish(api: &Api, message: Bytes) -> Result<u64, PublishError> {
    let most = message_bytes_max(api);
    if message.len() > most {
        return Err(PublishError::Refused(Error::too_large(
            "a message for the log",
            message.len(),
            most,
        )));
    }
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_STREAM, &*api.stream);
    let request = Request::new().headers(headers).payload(message).timeout(None);
    let subject = api.store.subject();
    let losses = api.link.losses();
    let answered = async {
        // A task that has done much would be sent back before it stands in the queue, and others
        // would overtake it.
        let sent = tokio::task::unconstrained(api.client.send_request(subject.clone(), request));
        tokio::time::timeout(limits::ACKNOWLEDGED, sent).await.map_or_else(
            |_| Err(if api.link.denies(&subject) { Unheard::Forbidden } else { Unheard::Late }),
            |answer| answer.map_err(|error| unheard(&error)),
        )
    };
    // The answer to what was sent on a lost connection never comes.
    let lost = async {
        api.link.lost_since(losses).await;
        Err(Unheard::Failed("the connection was lost".to_owned()))
    };
    let answer = future::or(answered, lost).await;
    api.note(&api.link.publishes, answer.as_ref().err()).await;
    let answer = answer.map_err(|error| classify(api, &error))?;
    match serde_json::from_slice::<Acknowledgement>(&answer.payload) {
        Ok(Acknowledgement { error: None, seq: seq @ 1.. }) => Ok(seq),
        Ok(Acknowledgement { error: Some(denial), .. }) => {
            Err(classify(api, &Unheard::Denied(denial)))
        }
        Ok(_) | Err(_) => {
            let why = "its answer is not understood".to_owned();
            Err(classify(api, &Unheard::Failed(why)))
        }
    }
}

/// The payload that a server takes, less the header that every message has.
pub(super) fn message_bytes_max(api: &Api) -> usize {
    const AROUND: usize = "NATS/1.0\r\nNats-Expected-Stream: \r\n\r\n".len();
    api.client.max_payload().saturating_sub(AROUND + api.stream.len())
}

fn unheard(error: &async_nats::RequestError) -> Unheard {
    match error.kind() {
        RequestErrorKind::NoResponders => Unheard::Nobody,
        RequestErrorKind::TimedOut => Unheard::Late,
        // Another server than before may take less.
        RequestErrorKind::MaxPayloadExceeded => Unheard::Denied(Denial {
            code: 400,
            number: 10_054,
            description: "the server takes smaller messages".to_owned(),
        }),
        _ => Unheard::Failed(error.to_string()),
    }
}

fn classify(api: &Api, unheard: &Unheard) -> PublishError {
    match unheard {
        Unheard::Denied(denial) => denied(api, denial),
        Unheard::Forbidden => PublishError::Refused(api.explain(unheard)),
        Unheard::Nobody | Unheard::Late | Unheard::Failed(_) => {
            PublishError::Unanswered(api.explain(unheard))
        }
    }
}

fn denied(api: &Api, denial: &Denial) -> PublishError {
    let store = &api.store;
    let why = &denial.description;
    let refused = |kind, message| PublishError::Refused(Error::new(kind, message));
    match verdict(denial) {
        Verdict::TooLarge => refused(
            ErrorKind::TooLarge,
            format!(
                "a message is larger than the log of `{store}` takes: {why}; raise `max_payload` of the servers and `max_msg_size` of the stream"
            ),
        ),
        Verdict::Full => refused(
            ErrorKind::Unavailable,
            format!(
                "the log is full: the servers of `{store}` say {why}; trim it, raise its limit, or add disk"
            ),
        ),
        Verdict::Misplaced => refused(
            ErrorKind::InvalidArgument,
            format!(
                "another stream takes the subject `{}`; remove it from that stream, and run `annals cluster check`",
                store.subject()
            ),
        ),
        Verdict::Never => refused(
            ErrorKind::InvalidArgument,
            format!("the log of `{store}` refuses a message: {why} ({})", denial.number),
        ),
        Verdict::Unknown => PublishError::Unanswered(api.explain(&Unheard::Denied(denial.clone()))),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    TooLarge,
    Full,
    /// Another stream would have taken it.
    Misplaced,
    /// Refused for what it is.
    Never,
    /// It cannot be excluded that it gets into the log.
    Unknown,
}

/// What an answer means for the message: it says "never" only where it cannot be otherwise.
fn verdict(denial: &Denial) -> Verdict {
    match denial.number {
        10_054 | 10_097 | 10_199 => Verdict::TooLarge,
        // Resources of the account, memory, storage and the server, and what a store said.
        10_002 | 10_023 | 10_028 | 10_047 | 10_077 | 10_122 => Verdict::Full,
        10_056 | 10_060 => Verdict::Misplaced,
        10_109 => Verdict::Never,
        _ if (400..500).contains(&denial.code) => Verdict::Never,
        _ => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_in_the_log_is_refused() {
        let verdict =
            |code, number| super::verdict(&Denial { code, number, description: String::new() });
        assert_eq!(verdict(400, 10_054), Verdict::TooLarge);
        assert_eq!(verdict(400, 10_097), Verdict::TooLarge);
        assert_eq!(verdict(503, 10_077), Verdict::Full);
        assert_eq!(verdict(503, 10_023), Verdict::Full);
        assert_eq!(verdict(500, 10_047), Verdict::Full);
        assert_eq!(verdict(400, 10_060), Verdict::Misplaced);
        assert_eq!(verdict(400, 10_109), Verdict::Never);
        assert_eq!(verdict(503, 10_008), Verdict::Unknown);
        assert_eq!(verdict(500, 10_118), Verdict::Unknown);
        assert_eq!(verdict(0, 0), Verdict::Unknown);
    }
}
