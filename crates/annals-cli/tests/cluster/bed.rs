//! What the cases share: three servers of NATS, a store of one's own on them, and served nodes.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use annals::cluster::{
    log::{JetStreamLog, OrderedLog},
    url::Target,
};
use annals_testbed::nats::{Cluster, Options};
use futures_lite::StreamExt;
use serde_json::Value;

use crate::harness::{Annals, Done};

/// The servers of this process.
static SERVERS: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(&Options::default()).unwrap());
/// How many stores were made.
static STORES: AtomicU32 = AtomicU32::new(0);

/// A folder to run in, and a store of its own that is not made yet.
pub(crate) struct Bed {
    pub(crate) annals: Annals,
    pub(crate) store: String,
}

/// A node that is served; it is killed with this value.
pub(crate) struct Node {
    process: Child,
    pub(crate) url: String,
}

impl Bed {
    pub(crate) fn new() -> Self {
        let store = format!("store-{}", STORES.fetch_add(1, Ordering::Relaxed));
        Self { annals: Annals::new(), store }
    }

    /// The log's URL.
    pub(crate) fn at(&self) -> String {
        let urls = SERVERS.urls();
        let places: Vec<_> = urls.iter().map(|url| url.trim_start_matches("nats://")).collect();
        format!("nats://{}/{}", places.join(","), self.store)
    }

    /// The URL of a node.
    pub(crate) fn node_at(&self, name: &str) -> String {
        format!("{}?dir={}&node={name}", self.at(), self.annals.path(name).display())
    }

    /// The monitoring ports of the servers, which they tell in their logs.
    pub(crate) fn monitors() -> Vec<String> {
        let monitor = |server| {
            let log = SERVERS.log(server);
            let line = log.lines().rfind(|line| line.contains("http monitor on")).unwrap();
            format!("http://{}", line.rsplit(' ').next().unwrap())
        };
        (0..3).map(monitor).collect()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.annals.run(&[args, &["--at", &self.at()]].concat())
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let said = self.run(&[args, &["-o", "json"]].concat()).must(0).stdout;
        serde_json::from_str(&said).unwrap()
    }

    /// A log on all servers.
    pub(crate) fn init(&self) {
        self.run(&["cluster", "init"]).must(0);
    }

    /// Serves a node, and waits until it answers.
    pub(crate) fn serve(&self, name: &str) -> Node {
        let mut command = self.annals.command();
        command.args(["serve", "--insecure", "--listen=127.0.0.1:0", "--at", &self.node_at(name)]);
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server of `{name}` has ended");
            let said: Value = serde_json::from_str(&line).unwrap();
            if let Some(address) = said["address"].as_str() {
                break address.to_owned();
            }
        };
        // Nobody reads it, but it must not fill up.
        std::thread::spawn(move || drop(log.read_to_end(&mut Vec::new())));
        Node { process, url: format!("annals://{address}?tls=false") }
    }

    /// Looks at the cluster until it is as it should be.
    pub(crate) fn status_until(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        loop {
            let status = self.json(&["cluster", "status"]);
            if is_so(&status) {
                return status;
            }
        }
    }

    /// The versions in a stream as a node has them, as soon as there are so many.
    pub(crate) fn read_until(&self, node: &Node, stream: &str, events: usize) -> Vec<String> {
        loop {
            let done = self.annals.run(&["read", stream, "--at", &node.url, "-o", "json"]);
            if done.code == Some(0) {
                let read: Value = serde_json::from_str(&done.stdout).unwrap();
                let read = read.as_array().unwrap();
                if read.len() == events {
                    return read.iter().map(|event| event["data"].to_string()).collect();
                }
            }
        }
    }

    /// Does something with a connection to the log.
    pub(crate) fn on_log<T>(&self, work: impl AsyncFnOnce(&JetStreamLog) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let target: Target = self.at().parse().unwrap();
            work(&JetStreamLog::connect(&target, "test").await.unwrap()).await
        })
    }

    /// Makes the log longer by entries that nodes pass over: its first, again and again.
    pub(crate) fn lengthen(&self, entries: u64) {
        self.on_log(async |log| {
            let first = log.follow(1).next().await.unwrap().unwrap().message;
            for _ in 0..entries.div_ceil(256) {
                let sent = (0..256).map(|_| log.publish(first.clone()));
                for published in futures_util::future::join_all(sent).await {
                    published.unwrap();
                }
            }
        });
    }
}

impl Node {
    /// Ends it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Whether all nodes of a status have applied what the log had then, and there are so many.
pub(crate) fn are_level(status: &Value, nodes: usize) -> bool {
    let last = status["log"]["last_entry"].as_u64();
    let listed = status["nodes"].as_array().unwrap();
    listed.len() == nodes && listed.iter().all(|node| node["applied"].as_u64() >= last)
}
