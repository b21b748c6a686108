//! Input that must be refused with a clear reason, and a store that is usable afterwards.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::harness::Annals;

/// A refusal: the exit code, a part of the reason, and the arguments.
fn check(code: i32, reason: &str, args: &[&str]) {
    let annals = Annals::with_events();
    let text = annals.fails(code, args);
    assert!(text.contains(reason), "{reason}: {text}");
    usable(&annals);
}

/// Everything that was there is there, and more can be appended.
fn usable(annals: &Annals) {
    assert_eq!(annals.json(&["info"])["events"], 4);
    annals.ok(&["append", "account-2", "still", "--expect", "0"]);
    assert_eq!(annals.places(&["read", "account-2"]).len(), 2);
}

#[test]
fn malformed_names() {
    let long = "x".repeat(1_025);
    check(2, "the stream name is empty", &["append", "", "t"]);
    check(2, "the stream name has a control character", &["append", "a\nb", "t"]);
    check(2, "is 1025, the limit is 1024", &["append", &long, "t"]);
    check(2, "the event type is empty", &["append", "s", ""]);
    check(2, "is 513, the limit is 512", &["append", "s", &"t".repeat(513)]);
    check(2, "the tag is empty", &["append", "s", "t", "--tag", ""]);
    check(2, "contains a `-`", &["read", "--category", "a-b"]);
    check(2, "the stream name has a control character", &["read", "a\tb"]);
}

#[test]
fn reserved_names() {
    check(2, "is not a stream but the whole store", &["append", "$all", "t"]);
    check(2, "is reserved", &["append", "$$", "t"]);
    check(2, "is reserved", &["append", "$$$$x", "t"]);
    check(2, "and only they, go to a `$$` stream", &["append", "$$account-1", "t"]);
    check(2, "and only they, go to a `$$` stream", &["append", "account-1", "$metadata"]);
    check(2, "written by the store alone", &["append", "account-1", "$streamDeleted"]);
    check(2, "is not a stream but the whole store", &["stream", "show", "$all"]);
}

#[test]
fn malformed_values() {
    check(2, "`7` is not a UUID", &["append", "s", "t", "--id", "7"]);
    check(2, "nil UUID", &["append", "s", "t", "--id", "00000000-0000-0000-0000-000000000000"]);
    check(2, "the data is not JSON", &["append", "s", "t", "{"]);
    check(2, "the data is not JSON", &["append", "s", "t", "{} {}"]);
    for expect in ["-1", "1.5", "some", "99999999999999999999"] {
        let expect = format!("--expect={expect}");
        check(2, "is no expected version", &["append", "s", "t", &expect]);
    }
    check(2, "is not a time", &["append", "s", "t", "--time", "noon"]);
    check(2, "is not KEY=VALUE", &["append", "s", "t", "--meta", "k"]);
    check(2, "is given twice", &["append", "s", "t", "--meta", "k=1", "--meta", "k=2"]);
    check(2, "is no place", &["read", "--from", "middle"]);
    check(2, "is not a time", &["read", "--from", "@noon"]);
    check(2, "invalid value", &["read", "-n", "many"]);
    check(3, "could not be read", &["append", "s", "t", "@missing.json"]);
    check(2, "a category were both given", &["read", "account-1", "--category", "account"]);
    check(2, "required arguments", &["append"]);
}

#[test]
fn a_tag_of_100_kb() {
    check(2, "is 100000, the limit is 512", &["append", "s", "t", "--tag", &"t".repeat(100_000)]);
}

fn batch(text: &str, reason: &str) {
    let annals = Annals::with_events();
    annals.write("batch", text);
    let told = annals.fails(2, &["append", "--batch", "batch"]);
    assert!(told.contains(reason), "{reason}: {told}");
    usable(&annals);
}

#[test]
fn batches_that_make_no_sense() {
    batch("", "the append is empty");
    batch("\n\n", "the append is empty");
    batch("{\"stream\":\"s\"}", "line 1: field `type` is missing");
    batch("{\"stream\":\"s\",\"type\":\"t\"}\n{", "line 2: not a JSON object");
    batch("{\"type\":\"t\"}", "line 1: field `stream` is missing");
    let id = "6f1d9b8e-52c4-4c8f-9f37-0c5c3ad17e42";
    let event = format!("{{\"stream\":\"s\",\"type\":\"t\",\"id\":\"{id}\"}}\n");
    batch(&event.repeat(2), "stands twice in the append");
    let annals = Annals::with_events();
    annals.write("two", "{\"stream\":\"a\",\"type\":\"t\"}\n{\"stream\":\"b\",\"type\":\"t\"}");
    annals.fails(2, &["append", "--batch", "two", "--expect", "3"]);
    usable(&annals);
}

#[test]
fn events_and_batches_over_the_limits() {
    let annals = Annals::with_events();
    annals.write("large", format!("\"{}\"", "x".repeat(16 * 1024 * 1024)));
    let told = annals.fails(2, &["append", "s", "t", "@large"]);
    assert!(told.contains("the limit is 16777216"), "{told}");
    annals.write("many", "{\"stream\":\"s\",\"type\":\"t\"}\n".repeat(65_537));
    let told = annals.fails(2, &["append", "--batch", "many"]);
    assert!(told.contains("is 65537, the limit is 65536"), "{told}");
    let event =
        format!("{{\"stream\":\"s\",\"type\":\"t\",\"data\":\"{}\"}}\n", "x".repeat(14 << 20));
    annals.write("heavy", event.repeat(5));
    let told = annals.fails(2, &["append", "--batch", "heavy"]);
    assert!(told.contains("the limit is 67108864"), "{told}");
    let tags = vec!["--tag"; 129].into_iter().zip((0..129).map(|n| n.to_string()));
    let tags: Vec<String> = tags.flat_map(|(flag, tag)| [flag.to_owned(), tag]).collect();
    let args: Vec<&str> =
        ["append", "s", "t"].into_iter().chain(tags.iter().map(String::as_str)).collect();
    assert!(annals.fails(2, &args).contains("is 129, the limit is 128"));
    usable(&annals);
}

#[test]
fn a_folder_that_is_no_store() {
    let annals = Annals::new();
    fs::create_dir(annals.path("other")).unwrap();
    assert!(annals.fails(3, &["read", "--at", "other"]).contains("no store"));
    annals.write("other/letter.txt", "Dear Ann");
    let at = |command: &'static [&'static str]| [command, &["--at", "other"]].concat();
    for args in [at(&["append", "s", "t"]), at(&["read"]), at(&["info"]), at(&["verify"])] {
        annals.fails(2, &args);
    }
    assert_eq!(fs::read_dir(annals.path("other")).unwrap().count(), 1, "nothing was put into it");
    annals.write("file", "");
    assert_ne!(annals.run(&["append", "s", "t", "--at", "file"]).code, Some(0));
}

#[test]
fn a_store_of_a_newer_format() {
    let annals = Annals::with_events();
    let log = annals.path("annals-data/log");
    let segment = fs::read_dir(log).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    // The format version stands behind the eight magic bytes.
    bytes[8] += 1;
    fs::write(&segment, &bytes).unwrap();
    assert!(annals.fails(1, &["read"]).contains("newer version of Annals"));
    bytes[8] -= 1;
    fs::write(&segment, &bytes).unwrap();
    usable(&annals);
}

#[test]
fn a_store_that_another_process_holds() {
    let annals = Annals::with_events();
    // The process that the demo kills appends until its output is closed.
    let mut holder = annals
        .command()
        .args(["demo", "--writer", "annals-data"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    for args in [&["append", "s", "t"][..], &["read"], &["info"]] {
        let told = annals.fails(6, args);
        assert!(told.contains(&holder.id().to_string()), "it names the holder: {told}");
    }
    let report = annals.json(&["verify"]);
    assert_eq!((&report["sound"], &report["in_use"]), (&true.into(), &true.into()));
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(annals.json(&["info"])["events"].as_u64().unwrap() > 4);
    annals.ok(&["append", "account-2", "still", "--expect", "0"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_without_permission() {
    let annals = Annals::new();
    // Nobody may make folders here, root included.
    annals.fails(5, &["append", "s", "t", "--at", "/sys/annals-data"]);
    annals.ok(&["append", "s", "t"]);
}
