//! What stored events would not survive.

use annals::{EventSchema, Format, Upcasters};

use super::*;

#[test]
fn a_type_that_is_gone_needs_a_rename_or_a_drop() {
    let file = File::of::<(Deposited, Other)>();
    file.refuses::<Other>(&no_rules(), &["event deposited version 1", "`rename`", "`drop`"]);
    assert!(file.check().upcasters(&Upcasters::new().drop("deposited")).run::<Other>().is_ok());
    let renamed = Upcasters::new().rename("deposited", "withdrawn");
    assert!(file.check().upcasters(&renamed).run::<Other>().is_ok());
    let astray = Upcasters::new().rename("deposited", "credited");
    file.refuses::<Other>(&astray, &["version 1 of `credited`, which no Rust type holds"]);
}

#[test]
fn a_field_that_is_gone_or_renamed_needs_a_new_version() {
    let file = File::of::<Deposited>();
    file.refuses::<Renamed>(
        &no_rules(),
        &["  - cents: i64\n", "  + amount: i64\n", "renamed to `amount`", "schema version 2"],
    );
    let file = File::of::<Longer>();
    file.refuses::<Deposited>(&no_rules(), &["  - by: String\n", "have this field"]);
}

#[test]
fn a_field_of_another_type_needs_a_new_version() {
    let file = File::of::<Deposited>();
    file.refuses::<Retyped>(&no_rules(), &["  - cents: i64\n  + cents: u64\n", "old type"]);
    let file = File::of::<Loosened>();
    file.refuses::<Deposited>(&no_rules(), &["- cents: Option<i64> optional\n  + cents: i64\n"]);
}

#[test]
fn a_new_field_that_must_be_there_needs_a_new_version() {
    let file = File::of::<Deposited>();
    file.refuses::<Longer>(&no_rules(), &["  + by: String\n", "make it optional"]);
    let file = File::of::<Optional>();
    file.refuses::<Required>(&no_rules(), &["some stored events do not have the field"]);
}

#[test]
fn a_new_version_needs_an_upcaster_from_each_old_one() {
    let file = File::of::<Deposited>();
    file.refuses::<Second>(&no_rules(), &["deposited version 1", "today's is 2", "`lift`"]);
    file.takes_in::<Second>(&to_second(), &["deposited version 2"]);
    let only_newest = Upcasters::new().lift("deposited", 2, |_, json| Ok(json));
    file.refuses::<Third>(&only_newest, &["deposited version 1", "today's is 3"]);
    let halfway = to_second();
    file.refuses::<Third>(
        &halfway,
        &["upcasters make it version 2 of `deposited`, and today's is 3", "deposited version 2"],
    );
    assert!(file.accept::<Third>(&to_second().lift("deposited", 2, |_, json| Ok(json))).is_ok());
}

#[test]
fn a_version_does_not_go_backwards() {
    let file = File::of::<Second>();
    file.refuses::<Deposited>(&no_rules(), &["goes backwards", "go on with version 3"]);
}

#[test]
fn an_upcaster_for_the_form_of_today_is_refused() {
    let file = File::of::<Second>();
    let too_far = to_second().lift("deposited", 2, |_, json| Ok(json));
    file.refuses::<Second>(&too_far, &["! lift of `deposited` version 2", "today's form"]);
}

#[test]
fn upcasters_that_contradict_each_other_are_refused() {
    let file = File::of::<Deposited>();
    let circle = Upcasters::new().rename("a", "b").rename("b", "a");
    file.refuses::<Deposited>(&circle, &["circle"]);
}

#[test]
fn two_types_that_disagree_are_refused() {
    let file = File::of::<Deposited>();
    file.refuses::<(Deposited, Second)>(&no_rules(), &["two Rust types", "currency: String"]);
    // Saying the same twice is no disagreement.
    assert!(file.check().run::<(Deposited, (Deposited, Deposited))>().is_ok());
}

#[test]
fn bytes_do_not_become_fields() {
    const BYTES: EventSchema = EventSchema { format: Format::Raw, ..Deposited::TYPES[0] };
    event!(InBytes, BYTES);
    let file = File::of::<Deposited>();
    file.refuses::<InBytes>(&no_rules(), &["- in Json", "+ in Raw"]);
}

#[test]
fn a_name_that_breaks_the_lines_of_the_file_is_refused() {
    event!(Broken, schema("bro\nken", 1, &[]));
    event!(Odd, schema("odd", 1, &[field("= x", "u8")]));
    let file = File::of::<Deposited>();
    file.refuses::<Broken>(&no_rules(), &["bro\\nken"]);
    file.refuses::<Odd>(&no_rules(), &["= x"]);
}
