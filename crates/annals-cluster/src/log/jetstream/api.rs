//! Questions to JetStream: a subject, JSON there and JSON back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{Error, ErrorKind};
use async_nats::{Client, Request, RequestErrorKind};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};

use super::{limits, link::Link, silence::Silence};
use crate::{names::StoreName, pause::pause};

/// A connection, and what the store on it is called.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) link: Arc<Link>,
    pub(crate) store: StoreName,
    pub(crate) stream: Arc<str>,
}

/// What JetStream says when it does not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Denial {
    /// A class, as in HTTP.
    #[serde(default)]
    pub(crate) code: u16,
    #[serde(default, rename = "err_code")]
    pub(crate) number: u64,
    #[serde(default)]
    pub(crate) description: String,
}

/// The number of a denial: there is no such stream.
pub(crate) const MISSING: u64 = 10_059;

/// Why there is no answer to a question.
#[derive(Debug, Clone)]
pub(crate) enum Unheard {
    /// JetStream answered that it does not do it.
    Denied(Denial),
    /// Nobody listens: no leader, no such thing, or no JetStream.
    Nobody,
    /// Nothing came in time.
    Late,
    /// The client may not ask.
    Forbidden,
    /// Anything else.
    Failed(String),
}

impl Unheard {
    /// Whether the servers may be electing who answers.
    fn is_leaderless(&self) -> bool {
        const NOT_NOW: u64 = 10_008;
        match self {
            Self::Late => true,
            Self::Denied(denial) => denial.number == NOT_NOW,
            Self::Nobody | Self::Forbidden | Self::Failed(_) => false,
        }
    }

    /// Whether another server may bring an answer.
    fn is_silence(&self) -> bool {
        self.is_leaderless() || matches!(self, Self::Nobody)
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    error: Option<Denial>,
    #[serde(flatten)]
    value: Option<T>,
}

impl Api {
    /// Asks, and waits for the answer at most so long.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        subject: String,
        payload: Vec<u8>,
        patience: Duration,
    ) -> Result<T, Unheard> {
        // The client's own patience is another one.
        let request = Request::new().payload(Bytes::from(payload)).timeout(None);
        let asked = self.client.send_request(subject.clone(), request);
        let message = match tokio::time::timeout(patience, asked).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => {
                return Err(match error.kind() {
                    RequestErrorKind::NoResponders => Unheard::Nobody,
                    RequestErrorKind::TimedOut => self.late(&subject),
                    _ => Unheard::Failed(error.to_string()),
                });
            }
            Err(_) => return Err(self.late(&subject)),
        };
        read(&message.payload)
    }

    /// Asks for something that may be asked for twice, until the servers have a leader who answers:
    /// new ones have none yet, and an election takes 4 s to 9 s.
    pub(crate) async fn ask_until_led<T: DeserializeOwned>(
        &self,
        subject: &str,
        payload: &[u8],
    ) -> Result<T, Unheard> {
        let begun = Instant::now();
        loop {
            match self.ask(subject.to_owned(), payload.to_vec(), limits::ANSWERED).await {
                Err(unheard) if unheard.is_leaderless() && begun.elapsed() < limits::LED => {
                    pause(limits::LED_PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// How it stands with the stream, as its leader knows.
    pub(crate) async fn info(&self) -> Result<StreamInfo, Unheard> {
        let subject = format!("$JS.API.STREAM.INFO.{}", self.stream);
        self.ask(subject, Vec::new(), limits::ANSWERED).await.and_then(StreamInfo::of_leader)
    }

    /// Notes whether there was an answer. Where there was none for too long it goes to another
    /// server, as that of this connection may be cut off.
    pub(super) async fn note(&self, silence: &Silence, unheard: Option<&Unheard>) {
        if !unheard.is_some_and(Unheard::is_silence) {
            silence.end();
        } else if silence.lasts_too_long() {
            tracing::warn!("the server brings no answers of the log; connecting to another one");
            // Where the connection has ended for good there is none.
            drop(self.client.force_reconnect().await);
        }
    }

    fn late(&self, subject: &str) -> Unheard {
        if self.link.denies(subject) { Unheard::Forbidden } else { Unheard::Late }
    }

    /// An answer that did not come, for people.
    pub(crate) fn explain(&self, unheard: &Unheard) -> Error {
        let store = &self.store;
        let (kind, message) = match unheard {
            Unheard::Denied(denial) => return self.denied(denial),
            Unheard::Nobody => (
                ErrorKind::Unavailable,
                format!(
                    "the log of `{store}` has no leader now, or the servers have no JetStream; wait for an election, or check the servers"
                ),
            ),
            Unheard::Late => (
                ErrorKind::Timeout,
                format!(
                    "the log of `{store}` did not answer in time; it may be electing a leader, or too few of its servers are up"
                ),
            ),
            Unheard::Forbidden => (
                ErrorKind::PermissionDenied,
                format!(
                    "the login may not use the log of `{store}`; let it use the subjects `$JS.API.>`, `{}` and `_INBOX.>`",
                    store.subject()
                ),
            ),
            Unheard::Failed(why) => {
                (ErrorKind::Unavailable, format!("the log of `{store}` cannot be asked: {why}"))
            }
        };
        Error::new(kind, message)
    }

    fn denied(&self, denial: &Denial) -> Error {
        let store = &self.store;
        let Denial { number, description, .. } = denial;
        let (kind, message) = match *number {
            MISSING => return missing(store),
            10_039 | 10_076 => (
                ErrorKind::Unsupported,
                "JetStream is not enabled for this login; start the servers with `--jetstream`, or enable it for the account".to_owned(),
            ),
            _ => (
                ErrorKind::Unavailable,
                format!("the log of `{store}` refuses: {description} ({number})"),
            ),
        };
        Error::new(kind, message)
    }
}

/// Nobody has made the log. The context names it under `log`, which no other refusal does.
fn missing(store: &StoreName) -> Error {
    let message =
        format!("there is no log `{store}` on these servers; make it with `annals cluster init`");
    Error::new(ErrorKind::InvalidArgument, message).with("log", store.to_string())
}

fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Unheard> {
    let strange = || Unheard::Failed("its answer is not understood".to_owned());
    let answer: Answer<serde_json::Value> =
        serde_json::from_slice(payload).map_err(|_| strange())?;
    match (answer.error, answer.value) {
        (Some(denial), _) => Err(Unheard::Denied(denial)),
        (None, Some(value)) => serde_json::from_value(value).map_err(|_| strange()),
        (None, None) => Err(strange()),
    }
}

/// What is needed of `STREAM.INFO`.
#[derive(Debug, Deserialize)]
pub(crate) struct StreamInfo {
    pub(crate) config: StreamConfig,
    pub(crate) state: StreamState,
    /// Not of a single server.
    cluster: Option<StreamCluster>,
}

impl StreamInfo {
    /// Itself, when it is from the leader. After a while without one the other servers answer, too,
    /// such as one that is cut off, and know too little.
    fn of_leader(self) -> Result<Self, Unheard> {
        match &self.cluster {
            Some(cluster) if cluster.leader.is_empty() => Err(Unheard::Nobody),
            _ => Ok(self),
        }
    }
}

#[derive(Debug, Deserialize)]
struct StreamCluster {
    #[serde(default)]
    leader: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StreamConfig {
    #[serde(default)]
    pub(crate) max_bytes: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StreamState {
    pub(crate) bytes: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_value_or_a_denial() {
        let json = br#"{"type":"x","config":{"max_bytes":-1},"state":{"bytes":1,"first_seq":2,"last_seq":3,"messages":2}}"#;
        let info: StreamInfo = read(json).unwrap();
        assert_eq!(info.state.last_seq, 3);
        let json = br#"{"type":"x","error":{"code":404,"err_code":10059,"description":"no"}}"#;
        let Err(Unheard::Denied(denial)) = read::<StreamInfo>(json) else { panic!("a value") };
        assert_eq!((denial.code, denial.number), (404, 10_059));
        assert!(matches!(read::<StreamInfo>(b"+OK"), Err(Unheard::Failed(_))));
    }

    #[test]
    fn only_the_leader_is_believed() {
        let of_leader = |cluster: &str| {
            let rest = r#""config":{},"state":{"bytes":1,"first_seq":2,"last_seq":3}"#;
            read::<StreamInfo>(format!("{{{cluster}{rest}}}").as_bytes()).unwrap().of_leader()
        };
        assert!(of_leader("").is_ok(), "a single server");
        assert!(of_leader(r#""cluster":{"leader":"n1","replicas":[]},"#).is_ok());
        for cluster in [r#""cluster":{"replicas":[]},"#, r#""cluster":{"leader":""},"#] {
            assert!(matches!(of_leader(cluster), Err(Unheard::Nobody)), "{cluster}");
        }
    }
}
