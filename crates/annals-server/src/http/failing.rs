//! What keeps a server from working, for those who ask over HTTP and those who ask over gRPC.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time;

use crate::node::Node;

/// How long the store may take to say where its end is.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How many entries of the log a node may be behind the others.
const BEHIND_MAX: u64 = 1_000;

/// A check that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failing {
    check: &'static str,
    why: String,
}

impl Failing {
    fn new(check: &'static str, why: impl Into<String>) -> Self {
        Self { check, why: why.into() }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "check": self.check, "why": self.why })
    }
}

/// All that fail; none on a server that can work.
pub(crate) async fn failing(node: &Node) -> Vec<Failing> {
    let running = || Failing::new("running", "the server is stopping");
    let mut failing: Vec<_> = node.stopping.has_begun().then(running).into_iter().collect();
    let why = match time::timeout(STORE_ANSWERS_WITHIN, node.store.head()).await {
        Ok(Ok(_)) => None,
        // Its kind only: anybody may ask.
        Ok(Err(error)) => Some(error.kind().code()),
        Err(_) => Some("it did not answer in time"),
    };
    failing.extend(why.map(|why| Failing::new("store", why)));
    failing.extend(cut_off(node));
    failing
}

/// Where several nodes keep the store: whether this one is with them.
fn cut_off(node: &Node) -> Option<Failing> {
    let this = node.store.nodes().into_iter().find(|node| node.is_this)?;
    if !this.is_alive {
        // What it is in particular may tell of disks and paths: anybody may ask.
        let why = "this node is cut off from the log, or has stopped applying it; its own log and \
                   `annals cluster status` say why";
        return Some(Failing::new("node", why));
    }
    (this.behind > BEHIND_MAX).then(|| {
        let behind = this.behind;
        let why =
            format!("this node is {behind} entries of the log behind, and may be {BEHIND_MAX}");
        Failing::new("node", why)
    })
}
