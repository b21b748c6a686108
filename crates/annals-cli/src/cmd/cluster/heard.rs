//! The nodes that tell of themselves, which they do once a second.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use annals::cluster::{
    Notice,
    log::{JetStreamLog, OrderedLog},
};
use futures_lite::StreamExt;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::log::Log;
use crate::{failure::Result, output::Item, progress::Progress, session::Session};

/// How long nodes are listened to: each tells twice in that time.
const LISTENED: Duration = Duration::from_millis(2_200);

/// More entries than a node has on its way while it is well.
const BEHIND_FROM: u64 = 1_000;

/// What nodes told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    nodes: BTreeMap<u64, Notice>,
    /// The first digest told of each entry, and by which node.
    digests: HashMap<u64, (u64, u64)>,
    differing: Option<Differing>,
}

/// Two nodes whose stores are not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Differing {
    pub(super) entry: u64,
    pub(super) nodes: [String; 2],
}

/// A node as printed.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: String,
    node: String,
    address: Option<String>,
    applied: u64,
    behind: u64,
    head: Option<u64>,
    digest: Option<String>,
    state: &'static str,
    trouble: Option<String>,
}

impl Heard {
    /// Listens to the nodes of a log.
    pub(super) fn listen(log: &Log<'_>, session: &Session) -> Result<Self> {
        let progress = Progress::waiting(session, "listening to the nodes");
        let heard = log.wait(|| "the nodes could not be listened to", async {
            let connected = JetStreamLog::connect(log.target(), "status").await?;
            let (mut heard, until) = (Self::default(), Instant::now() + LISTENED);
            let mut told = connected.hear();
            while let Ok(Some(bytes)) = timeout_at(until, told.next()).await {
                if let Some(notice) = Notice::decode(&bytes) {
                    heard.add(notice);
                }
            }
            Ok(heard)
        });
        progress.clear();
        heard
    }

    fn add(&mut self, notice: Notice) {
        if notice.is_leaving {
            self.nodes.remove(&notice.node);
            return;
        }
        if let Some(digest) = notice.digest {
            let (other, node) =
                *self.digests.entry(notice.applied).or_insert((digest, notice.node));
            if other != digest && node != notice.node {
                let told = self.nodes.get(&node).map(|notice| notice.name.clone());
                let nodes = [told.unwrap_or_else(|| id(node)), notice.name.clone()];
                self.differing = Some(Differing { entry: notice.applied, nodes });
            }
        }
        self.nodes.insert(notice.node, notice);
    }

    /// The nodes, by name.
    pub(super) fn nodes(&self) -> Vec<&Notice> {
        let mut nodes: Vec<_> = self.nodes.values().collect();
        nodes.sort_by(|a, b| (&a.name, a.node).cmp(&(&b.name, b.node)));
        nodes
    }

    /// Two nodes that say different things of the same entry.
    pub(super) const fn differing(&self) -> Option<&Differing> {
        self.differing.as_ref()
    }

    /// The entry of the newest synced commit of the node that has synced least, 0 where one has
    /// synced none; `None` where no node was heard of.
    pub(super) fn durable_least(&self) -> Option<u64> {
        self.nodes.values().map(|notice| notice.durable.unwrap_or(0)).min()
    }
}

/// Why a node is not to be counted on now.
pub(super) fn complaint(notice: &Notice) -> Option<String> {
    let name = &notice.name;
    match &notice.trouble {
        Some(trouble) => Some(format!("node `{name}` applies nothing: {trouble}")),
        None if notice.behind >= BEHIND_FROM => {
            Some(format!("node `{name}` is {} entries behind", notice.behind))
        }
        None => None,
    }
}

fn id(node: u64) -> String {
    format!("{node:016x}")
}

impl From<&Notice> for Row {
    fn from(notice: &Notice) -> Self {
        let state = match &notice.trouble {
            Some(_) => "trouble",
            None if notice.behind >= BEHIND_FROM => "behind",
            None => "well",
        };
        Self {
            name: notice.name.clone(),
            node: id(notice.node),
            address: notice.address.clone(),
            applied: notice.applied,
            behind: notice.behind,
            head: notice.head,
            digest: notice.digest.map(|digest| format!("{digest:016x}")),
            state,
            trouble: notice.trouble.clone(),
        }
    }
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["NAME", "ADDRESS", "APPLIED", "BEHIND", "HEAD", "DIGEST", "STATE", "TROUBLE"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.address.clone().unwrap_or_default(),
            self.applied.to_string(),
            self.behind.to_string(),
            self.head.map(|head| head.to_string()).unwrap_or_default(),
            self.digest.clone().unwrap_or_default(),
            self.state.to_owned(),
            self.trouble.clone().unwrap_or_default(),
        ]
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(node: u64, applied: u64, digest: u64) -> Notice {
        Notice {
            node,
            name: format!("n{node}"),
            address: None,
            applied,
            durable: Some(applied),
            behind: 0,
            head: None,
            digest: Some(digest),
            trouble: None,
            is_leaving: false,
        }
    }

    fn heard(notices: impl IntoIterator<Item = Notice>) -> Heard {
        let mut heard = Heard::default();
        notices.into_iter().for_each(|notice| heard.add(notice));
        heard
    }

    #[test]
    fn stores_are_compared_at_the_same_entry_alone() {
        let same = heard([notice(1, 5, 50), notice(2, 6, 60), notice(1, 6, 60)]);
        assert_eq!(same.differing(), None);
        let other = heard([notice(1, 5, 50), notice(1, 6, 60), notice(2, 5, 51)]);
        let nodes = ["n1".to_owned(), "n2".to_owned()];
        assert_eq!(other.differing(), Some(&Differing { entry: 5, nodes }));
    }

    #[test]
    fn the_newest_word_of_a_node_counts_and_who_leaves_is_gone() {
        let leaving = Notice { is_leaving: true, ..notice(2, 9, 9) };
        let heard = heard([notice(2, 1, 1), notice(1, 5, 5), notice(1, 7, 7), leaving]);
        assert_eq!(heard.durable_least(), Some(7));
        assert_eq!(heard.nodes().len(), 1);
    }

    #[test]
    fn trouble_comes_before_being_behind() {
        let behind = Notice { behind: BEHIND_FROM, ..notice(1, 1, 1) };
        assert_eq!(Row::from(&behind).state, "behind");
        assert!(complaint(&behind).unwrap().contains("1000 entries behind"));
        let trouble = Notice { trouble: Some("no room".to_owned()), ..behind };
        assert_eq!(Row::from(&trouble).state, "trouble");
        assert!(complaint(&trouble).unwrap().contains("no room"));
        assert_eq!(complaint(&notice(1, 1, 1)), None);
    }
}
