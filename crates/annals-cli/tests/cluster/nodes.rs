//! Nodes: served, killed, added, in trouble.

use std::sync::atomic::{AtomicBool, Ordering};

use annals::cluster::{Notice, log::OrderedLog};

use crate::bed::{Bed, are_level};

pub(crate) fn are_served_and_killed(bed: &Bed) {
    bed.init();
    let (one, two) = (bed.serve("one"), bed.serve("two"));
    bed.annals.ok(&["append", "account-1", "opened", "1", "--expect", "none", "--at", &one.url]);
    assert_eq!(bed.read_until(&two, "account-1", 1), ["1"]);
    bed.annals.fails(4, &["append", "account-1", "opened", "--expect", "none", "--at", &two.url]);

    let status = bed.status_until(|status| are_level(status, 2));
    let nodes = status["nodes"].as_array().unwrap();
    assert_eq!((&nodes[0]["name"], &nodes[1]["name"]), (&"one".into(), &"two".into()));
    assert!(status["differing"].is_null(), "{status}");
    assert!(nodes.iter().all(|node| node["state"] == "well"), "{status}");
    assert_eq!(status["log"]["replicas"].as_array().unwrap().len(), 3);

    two.kill();
    bed.annals.ok(&["append", "account-1", "deposited", "2", "--at", &one.url]);
    // It waits until it has applied the log before it answers.
    let two = bed.serve("two");
    let read = bed.annals.ok(&["read", "account-1", "--at", &two.url, "-q"]);
    assert_eq!(read.lines().count(), 2, "{read}");
    bed.annals.ok(&["append", "account-1", "deposited", "3", "--expect", "1", "--at", &two.url]);
    assert_eq!(bed.read_until(&one, "account-1", 3), ["1", "2", "3"]);
}

pub(crate) fn whose_folder_is_in_use(bed: &Bed) {
    bed.init();
    let node = bed.serve("one");
    for command in [&["append", "a", "t"][..], &["read"], &["serve", "--insecure"]] {
        let said = bed.annals.fails(6, &[command, &["--at", &bed.node_at("one")]].concat());
        assert!(said.contains("the store is in use by process"), "{said}");
        assert!(said.contains("annals://HOST:2113"), "{said}");
    }
    drop(node);
    let info = bed.annals.json(&["info", "--at", &bed.node_at("one")]);
    assert_eq!((&info["backend"], &info["node"]), (&"cluster".into(), &"one".into()));
    assert!(info["applied"].as_u64() >= Some(1), "{info}");
}

pub(crate) fn are_added(bed: &Bed) {
    bed.init();
    let said = bed.run(&["cluster", "add-node"]).must(2).stderr;
    assert!(said.contains("?dir=FOLDER"), "{said}");
    let one = bed.serve("one");
    bed.annals.ok(&["append", "account-1", "opened", "1", "--at", &one.url]);

    let from_log = ["cluster", "add-node", "--at", &bed.node_at("two")];
    let added = bed.annals.json(&from_log);
    assert_eq!((&added["name"], &added["from_backup"]), (&"two".into(), &false.into()));
    assert!(added["head"].is_u64(), "{added}");
    assert_eq!(bed.annals.json(&from_log)["node"], added["node"], "it is the node it was");

    let folder = bed.annals.path("one");
    let folder = folder.to_str().unwrap();
    let at = bed.node_at("three");
    let from_copy = ["cluster", "add-node", "--at", &at, "--name", "drei", "--from-backup", folder];
    let added = bed.annals.json(&from_copy);
    assert_eq!((&added["name"], &added["from_backup"]), (&"drei".into(), &true.into()));
    assert!(added["head"].is_u64(), "{added}");
    let said = bed.annals.fails(2, &from_copy);
    assert!(said.contains("empty folder"), "{said}");

    let served = [bed.serve("two"), bed.serve("three")];
    bed.annals.ok(&["append", "account-1", "deposited", "2", "--at", &served[1].url]);
    let status = bed.status_until(|status| are_level(status, 3));
    assert!(status["differing"].is_null(), "{status}");
}

fn notice(node: u64, digest: u64, trouble: Option<&str>) -> Notice {
    Notice {
        node,
        name: format!("node-{node}"),
        address: Some("127.0.0.1:2113".to_owned()),
        applied: 1,
        durable: None,
        behind: 0,
        head: None,
        digest: Some(digest),
        trouble: trouble.map(str::to_owned),
        is_leaving: false,
    }
}

/// Runs a command while nodes tell something of themselves.
pub(crate) fn while_told(bed: &Bed, notices: &[Notice], work: impl FnOnce()) {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            bed.on_log(async |log| {
                while !is_done.load(Ordering::Acquire) {
                    for notice in notices {
                        log.tell(serde_json::to_vec(notice).unwrap().into()).await.unwrap();
                    }
                    log.extent().await.unwrap();
                }
            });
        });
        work();
        is_done.store(true, Ordering::Release);
    });
}

/// A node that cannot go on.
pub(crate) fn in_trouble() -> Notice {
    notice(2, 7, Some("no room on the disk"))
}

pub(crate) fn with_trouble(bed: &Bed) {
    bed.init();
    while_told(bed, &[notice(1, 7, None), in_trouble()], || {
        let done = bed.run(&["cluster", "status"]).must(1);
        assert!(done.stdout.contains("trouble\tno room on the disk"), "{}", done.stdout);
        assert!(done.stderr.contains("node `node-2` has trouble"), "{}", done.stderr);
    });
    while_told(bed, &[notice(1, 7, None), notice(2, 8, None)], || {
        let said = bed.run(&["cluster", "status"]).must(7).stderr;
        assert!(said.contains("different things of entry 1"), "{said}");
    });
}
