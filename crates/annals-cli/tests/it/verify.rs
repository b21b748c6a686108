//! `annals verify`.

use std::{
    fs::{self, OpenOptions},
    io::{Seek, SeekFrom, Write},
};

use crate::harness::Annals;

#[test]
fn a_sound_store_is_told_so() {
    let annals = Annals::with_events();
    let report = annals.json(&["verify"]);
    assert_eq!(
        (&report["sound"], &report["events"], &report["streams"]),
        (&true.into(), &4.into(), &2.into())
    );
    assert_eq!(report["problems"], serde_json::json!([]));
    assert_eq!(annals.ok(&["verify", "-q"]), "sound\n");
    annals.fails(1, &["verify", "--at", "memory:"]);
    annals.fails(3, &["verify", "--at", "missing"]);
}

#[test]
fn damage_is_named_with_file_and_place() {
    let annals = Annals::new();
    let rows: String = (0..20_000)
        .map(|n| format!("{{\"stream\":\"s\",\"type\":\"t\",\"data\":{n}}}\n"))
        .collect();
    annals.run_with(&["import", "-"], rows).must(0);
    let log = annals.path("annals-data/log");
    let mut segments: Vec<_> =
        fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    let mut file = OpenOptions::new().write(true).open(&segments[0]).unwrap();
    file.seek(SeekFrom::Start(5_000)).unwrap();
    file.write_all(b"damage").unwrap();
    drop(file);
    let done = annals.run(&["verify", "-o", "json"]).must(7);
    let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["sound"], false);
    let problem = &report["problems"][0];
    let name = segments[0].file_name().unwrap().to_str().unwrap();
    assert!(problem["file"].as_str().unwrap().ends_with(name), "{problem}");
    assert!(problem["offset"].is_u64(), "{problem}");
    assert!(done.stderr.contains("is damaged"), "{}", done.stderr);
    assert!(annals.run(&["verify", "-o", "plain"]).must(7).stdout.contains(name));
    let refused = annals.run(&["read"]).must(7);
    assert!(refused.stderr.contains("annals verify"), "{}", refused.stderr);
}
