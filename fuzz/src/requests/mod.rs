//! Well-formed requests: at least one for each method of each service, and those of HTTP.

mod kurrentdb;
mod others;
mod own;
mod persistent;

use std::sync::OnceLock;

use prost::Message;

/// A call that a client might make.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Such as `/package.Service/Method`, or that of an HTTP resource.
    pub path: &'static str,
    /// What the client sends, encoded.
    pub messages: Vec<Vec<u8>>,
}

/// What is served beside gRPC, and what is not there.
const HTTP: [&str; 17] = [
    "/health/live",
    "/health/live?liveCode=200",
    "/health/live?liveCode=99999999999",
    "/health/ready",
    "/health/startup",
    "/metrics",
    "/stats",
    "/stats/es/store",
    "/stats/%ff/../..//",
    "/ping",
    "/info",
    "/info/options",
    "/gossip",
    "/",
    "/nothing.Here/AtAll",
    "/event_store.client.streams.Streams/Nothing",
    "/umadb.UmaDBService/Head",
];

/// All of them, those of one method together.
#[must_use]
pub fn all() -> &'static [Seed] {
    static ALL: OnceLock<Vec<Seed>> = OnceLock::new();
    ALL.get_or_init(|| {
        let http = HTTP.map(|path| Seed { path, messages: Vec::new() });
        [kurrentdb::all(), persistent::all(), others::all(), own::all(), http.to_vec()].concat()
    })
}

/// The path of each method and resource, once.
#[must_use]
pub fn paths() -> &'static [&'static str] {
    static PATHS: OnceLock<Vec<&'static str>> = OnceLock::new();
    PATHS.get_or_init(|| {
        let mut paths: Vec<_> = all().iter().map(|seed| seed.path).collect();
        paths.dedup();
        paths
    })
}

fn one(path: &'static str, message: impl Message) -> Seed {
    many(path, [message])
}

fn many<M: Message>(path: &'static str, messages: impl IntoIterator<Item = M>) -> Seed {
    let messages = messages.into_iter().map(|message| message.encode_to_vec());
    Seed { path, messages: messages.collect() }
}
