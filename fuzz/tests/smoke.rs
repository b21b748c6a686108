//! Each target with a fixed sequence of inputs: the same in every run, over in seconds.
//!
//! `ANNALS_FUZZ_ROUNDS=100` gives each target a hundred times as many.

use std::collections::{BTreeMap, BTreeSet};

use annals_fuzz::{
    corpus, event_decode, frame_decode, import_parse, random::Random, requests, segment_recover,
    server_connection, server_request,
};
use segment_recover::Outcome;
use tonic::Code;

/// How many inputs a target gets.
fn inputs(in_a_round: usize) -> usize {
    let rounds = std::env::var("ANNALS_FUZZ_ROUNDS").ok();
    in_a_round * rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

#[test]
fn every_decoder_takes_any_bytes() {
    let mut random = Random::new(1);
    let pieces = corpus::store_files();
    let mut taken: BTreeSet<&str> =
        pieces.iter().flat_map(|piece| frame_decode::run(piece)).collect();
    for _ in 0..inputs(20_000) {
        taken.extend(frame_decode::run(&random.changed(&pieces)));
        let len = random.below(200);
        taken.extend(frame_decode::run(&random.bytes(len)));
    }
    assert_eq!(taken.len(), 12, "only these decoded anything: {taken:?}");
}

#[test]
fn any_data_is_read_as_an_event_or_refused() {
    let mut random = Random::new(4);
    let pieces = corpus::event_data();
    let mut taken: BTreeSet<&str> =
        pieces.iter().filter_map(|piece| event_decode::run(piece)).collect();
    assert_eq!(taken.len(), 4, "only these were right: {taken:?}");
    for _ in 0..inputs(20_000) {
        taken.extend(event_decode::run(&random.changed(&pieces)));
        let len = random.below(60);
        taken.extend(event_decode::run(&random.bytes(len)));
    }
}

#[test]
fn a_damaged_store_is_refused_or_gives_what_was_written() {
    let mut random = Random::new(2);
    let mut outcomes = BTreeMap::new();
    for number in 0..inputs(200) {
        let len = if number < 2 { number } else { 2 + random.below(30) };
        let outcome = segment_recover::run(&random.bytes(len));
        *outcomes.entry(format!("{outcome:?}")).or_insert(0) += 1;
    }
    // Both are met, or the changes are too weak or too strong to tell anything.
    for outcome in [Outcome::Refused, Outcome::Whole] {
        assert!(outcomes.contains_key(&format!("{outcome:?}")), "{outcomes:?}");
    }
}

#[test]
fn a_store_without_damage_is_whole() {
    assert_eq!(segment_recover::run(&[]), Outcome::Whole);
    assert_eq!(segment_recover::run(&[1]), Outcome::Whole);
}

#[test]
fn any_file_is_imported_or_refused() {
    let mut random = Random::new(3);
    let pieces = corpus::import_files();
    let right: Vec<usize> = pieces.iter().map(|piece| import_parse::run(piece)).collect();
    assert!(right.iter().all(|good| *good > 0), "{right:?}");
    let mut good = 0;
    for _ in 0..inputs(6_000) {
        good += import_parse::run(&random.changed(&pieces));
        let len = random.below(100);
        good += import_parse::run(&random.bytes(len));
    }
    assert!(good > 1_000, "{good}");
}

#[test]
fn every_method_is_there_and_answers_a_request_that_is_right() {
    let seeds = requests::all();
    let outcomes: Vec<_> =
        seeds.iter().flat_map(|seed| server_request::run(&server_request::input([seed]))).collect();
    let declared = declared_methods();
    assert!(declared.len() > 60, "only these are declared: {declared:?}");
    for path in declared {
        let codes = outcomes.iter().filter(|outcome| outcome.path == path);
        let codes: Vec<_> = codes.map(|outcome| outcome.code).collect();
        assert!(!codes.is_empty(), "{path} has no seed");
        let is_there = codes.iter().any(|code| *code != Some(Code::Unimplemented));
        assert!(is_there || ABSENT.iter().any(|absent| path.contains(absent)), "{path}: {codes:?}");
    }
}

/// What answers that it is not there, on purpose.
const ABSENT: [&str; 2] = ["projections.Projections/", "Operations/StartScavenge"];

/// The path of each method that the definitions have.
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
fn declared_methods() -> BTreeSet<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/annals-proto/proto");
    let (mut folders, mut methods) = (vec![root.into()], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir::<std::path::PathBuf>(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                methods.extend(methods_in(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    methods
}

fn methods_in(text: &str) -> Vec<String> {
    let (mut package, mut service, mut methods) = ("", "", Vec::new());
    for line in text.lines() {
        let name = |keyword| {
            let rest = line.trim().strip_prefix(keyword)?;
            rest.split([';', ' ', '(']).find(|word| !word.is_empty())
        };
        package = name("package ").unwrap_or(package);
        service = name("service ").unwrap_or(service);
        methods.extend(name("rpc ").map(|method| format!("/{package}.{service}/{method}")));
    }
    methods
}

#[test]
fn any_requests_are_answered_and_leave_the_server_whole() {
    let mut random = Random::new(5);
    let mut codes = BTreeMap::new();
    for _ in 0..inputs(2_000) {
        for outcome in server_request::run(&server_request::changed(&mut random)) {
            *codes.entry(format!("{:?}", outcome.code)).or_insert(0) += 1;
        }
        let len = random.below(60);
        drop(server_request::run(&random.bytes(len)));
    }
    // Far from all of them are wrong, and not nearly all are right.
    for code in ["Some(Ok)", "Some(InvalidArgument)", "Some(NotFound)", "None"] {
        assert!(codes.get(code).is_some_and(|count| *count > 50), "{codes:?}");
    }
}

#[test]
fn any_bytes_on_a_connection_leave_the_server_whole() {
    let mut random = Random::new(6);
    for seed in server_connection::seeds() {
        assert!(server_connection::run(&seed) > 0, "not answered: {}", seed.escape_ascii());
    }
    let changed = (0..inputs(2_000)).map(|_| server_connection::changed(&mut random));
    let answered = changed.filter(|bytes| server_connection::run(bytes) > 0).count();
    assert!(answered > 500, "{answered}");
}
