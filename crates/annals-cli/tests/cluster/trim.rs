//! Giving up the beginning of the log.

use serde_json::Value;

use crate::{
    bed::{Bed, are_level},
    nodes::{in_trouble, while_told},
};

/// More entries than always stay.
const MANY: u64 = 70_144;

pub(crate) fn leaves_copies(bed: &Bed) {
    bed.run(&["cluster", "init", "--replicas", "1"]).must(0);
    let one = bed.serve("one");
    bed.annals.ok(&["append", "account-1", "opened", "1", "--at", &one.url]);
    bed.lengthen(MANY);
    bed.annals.ok(&["append", "account-1", "deposited", "2", "--at", &one.url]);
    bed.status_until(|status| are_level(status, 1));

    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    let planned = || bed.json(&["cluster", "trim", "--dry-run"]);
    let is_synced = || number(&planned(), "durable_least") > MANY;
    annals_testbed::wait_until("the node has synced what it applied", is_synced).unwrap();
    let plan = planned();
    assert_eq!(number(&plan, "first_kept"), number(&plan, "durable_least") + 1 - 65_536);
    assert_eq!((&plan["first_entry"], &plan["removed"]), (&1.into(), &false.into()));
    let kept = bed.json(&["cluster", "trim", "--keep-entries", "70000", "--dry-run"]);
    assert_eq!(number(&kept, "first_kept"), number(&kept, "last_entry") + 1 - 70_000);
    let said = bed.run(&["cluster", "trim"]).must(2).stderr;
    assert!(said.contains("nodes that were heard of: one"), "{said}");
    let done = bed.json(&["cluster", "trim", "--yes"]);
    assert_eq!(done["removed"], true);
    assert!(number(&done, "entries") >= number(&plan, "entries"), "{done}");

    let two = bed.node_at("two");
    let said = bed.annals.fails(7, &["cluster", "add-node", "--at", &two]);
    assert!(said.contains("the log begins at entry"), "{said}");
    assert!(said.contains("`--from-backup DIR`"), "{said}");
    let folder = bed.annals.path("one");
    let folder = folder.to_str().unwrap();
    let from_copy = ["cluster", "add-node", "--at", &two, "--from-backup", folder];
    let added = bed.annals.json(&from_copy);
    assert!(number(&added, "applied") >= number(&plan, "last_entry"), "{added}");
    let two = bed.serve("two");
    assert_eq!(bed.read_until(&two, "account-1", 2), ["1", "2"]);
    // A node that was there before starts again, too.
    one.kill();
    let one = bed.serve("one");
    assert_eq!(bed.read_until(&one, "account-1", 2), ["1", "2"]);
}

pub(crate) fn is_refused(bed: &Bed) {
    bed.init();
    let said = bed.run(&["cluster", "trim", "--yes"]).must(4).stderr;
    assert!(said.contains("no node was heard of"), "{said}");
    assert!(said.contains("`--before-entry`"), "{said}");
    while_told(bed, &[in_trouble()], || {
        let said = bed.run(&["cluster", "trim", "--yes"]).must(4).stderr;
        assert!(said.contains("no room on the disk"), "{said}");
    });
    let said = bed.run(&["cluster", "trim", "--before-entry", "9", "--yes"]).must(2).stderr;
    assert!(said.contains("the log ends at entry 1"), "{said}");
    let nothing = bed.json(&["cluster", "trim", "--before-entry", "1"]);
    assert_eq!(nothing["entries"], 0);
}
