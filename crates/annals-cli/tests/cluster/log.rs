//! The log: made, found, looked over.

use crate::bed::Bed;

pub(crate) fn is_made_once(bed: &Bed) {
    let done = bed.run(&["cluster", "init", "--max-bytes", "1GiB", "-o", "json"]).must(0);
    let made: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&made["made"], &made["begun"]), (&true.into(), &true.into()));
    assert_eq!((&made["replicas"], &made["max_bytes"]), (&3.into(), &(1u64 << 30).into()));
    assert!(done.stderr.contains("unknown: whether the servers sync"), "{}", done.stderr);
    // What is not said is as it is found.
    let found = bed.json(&["cluster", "init"]);
    assert_eq!((&found["made"], &found["begun"]), (&false.into(), &false.into()));
    assert_eq!(found["max_bytes"], 1u64 << 30);
    let said = bed.run(&["cluster", "init", "--replicas", "1"]).must(2).stderr;
    assert!(said.contains("`num_replicas` is 3, not 1"), "{said}");

    let unseen = bed.run(&["cluster", "check"]).must(9).stdout;
    assert!(unseen.contains("unknown\twhether the servers sync to disk"), "{unseen}");
    let monitors = Bed::monitors();
    let mut args = vec!["cluster", "check"];
    monitors.iter().for_each(|monitor| args.extend(["--monitor", monitor]));
    let seen = bed.run(&args).must(1).stdout;
    assert_eq!(seen.matches("it syncs to disk only every 120s").count(), 3, "{seen}");
    assert!(seen.contains("sync_interval: always"), "{seen}");
}

pub(crate) fn that_is_not_there(bed: &Bed) {
    let said = bed.run(&["cluster", "status"]).must(3).stderr;
    assert!(said.contains("`annals cluster init`"), "{said}");
    let said = bed.run(&["cluster", "init", "--replicas", "5"]).must(1).stderr;
    assert!(said.contains("the log cannot have 5 replicas"), "{said}");
    for args in [&["--replicas", "2"][..], &["--max-bytes", "much"]] {
        bed.run(&[&["cluster", "init"], args].concat()).must(2);
    }
    let nobody = "nats://127.0.0.1:1/orders";
    let said = bed.annals.fails(6, &["cluster", "init", "--at", nobody]);
    assert!(said.contains("127.0.0.1:1"), "{said}");
    assert_eq!(said.lines().count(), 3, "{said}");
}

pub(crate) fn of_other_stores(bed: &Bed) {
    for command in ["init", "status", "check", "add-node", "trim"] {
        let said = bed.annals.fails(2, &["cluster", command, "--at", "memory:"]);
        assert!(said.contains("nats://HOST:4222/STORE"), "{said}");
    }
}
