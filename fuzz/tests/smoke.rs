//! Each target with a fixed sequence of inputs: the same in every run, over in seconds.
//!
//! `ANNALS_FUZZ_ROUNDS=100` gives each target a hundred times as many.

use std::collections::{BTreeMap, BTreeSet};

use annals_fuzz::{
    corpus, event_decode, frame_decode, import_parse, random::Random, segment_recover,
};
use segment_recover::Outcome;

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
    assert_eq!(taken.len(), 11, "only these decoded anything: {taken:?}");
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
