//! Samples of old versions, which must be readable today.

use annals::Upcasters;

use super::*;

/// A file with a sample of the first version, `{"cents":5}`.
fn with_sample() -> File {
    let file = File::of::<Deposited>();
    let check = file.check().sample(&Deposited);
    let failure = check.clone().run::<Deposited>().unwrap_err().to_string();
    assert!(failure.contains("+ (a sample)"), "{failure}");
    check.accept_compatible().run::<Deposited>().unwrap();
    assert!(file.text().contains("  = {\"cents\":5}\n"));
    file
}

#[test]
fn a_sample_is_kept_once_and_stays() {
    let file = with_sample();
    assert!(file.check().sample(&Deposited).run::<Deposited>().unwrap().is_empty());
    assert!(file.check().run::<Deposited>().unwrap().is_empty());
    file.takes_in::<Second>(&to_second(), &["currency"]);
    assert!(file.text().contains("  = {\"cents\":5}\n"));
}

#[test]
fn a_sample_that_the_upcasters_no_longer_bring_to_today_is_refused() {
    let file = with_sample();
    let forgets = Upcasters::new().lift("deposited", 1, |_, json| Ok(json));
    file.refuses::<Second>(&forgets, &["sample", "missing field `currency`"]);
    let fails = Upcasters::new().lift("deposited", 1, |_, _| Err("no rate".into()));
    file.refuses::<Second>(&fails, &["lift of `deposited` version 1", "no rate"]);
    let panics = Upcasters::new().lift("deposited", 1, |_, json| {
        assert!(json["cents"].is_null(), "not this one");
        Ok(json)
    });
    file.refuses::<Second>(&panics, &["panicked"]);
}

#[test]
fn a_sample_of_a_type_that_is_not_checked_is_refused() {
    let file = File::of::<Deposited>();
    let failure = file.check().sample(&Other).run::<Deposited>().unwrap_err();
    assert!(failure.to_string().contains("`withdrawn`"), "{failure}");
}

#[test]
fn a_sample_of_today_that_cannot_be_read_back_is_refused() {
    // What it encodes has no currency.
    let file = File::of::<Second>();
    let failure = file.check().sample(&Second).accept_compatible().run::<Second>().unwrap_err();
    assert!(failure.to_string().contains("missing field `currency`"), "{failure}");
    assert!(!file.text().contains("  = "));
}
