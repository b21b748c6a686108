//! What stored events survive: it is listed, and taken in when that is asked for.

use annals::{EventSchema, FieldSchema, Format, Upcasters, schema};

use super::*;

#[test]
fn what_has_not_changed_is_up_to_date() {
    let file = File::of::<(Deposited, Other)>();
    assert!(file.check().run::<(Other, Deposited)>().unwrap().is_empty());
}

#[test]
fn a_file_that_is_not_there_is_made_when_accepted() {
    let file = File::of::<Deposited>();
    std::fs::remove_file(&file.path).unwrap();
    assert!(file.check().run::<Deposited>().is_err());
    assert!(!file.path.exists());
    file.accept::<Deposited>(&no_rules()).unwrap();
    assert!(file.text().contains("event deposited version 1 json\n  cents: i64\n"));
}

#[test]
fn the_plain_check_compares_and_writes_nothing() {
    let file = File::of::<Deposited>();
    schema::check::<Deposited>(&file.path, &no_rules()).unwrap();
}

#[test]
fn new_types_and_optional_fields_are_taken_in() {
    let file = File::of::<Deposited>();
    file.takes_in::<(Deposited, Other)>(&no_rules(), &["event withdrawn version 1", "(no fields)"]);
    file.takes_in::<(Optional, Other)>(&no_rules(), &["  + by: Option<String> optional\n"]);
}

#[test]
fn a_field_may_become_optional_and_a_tag() {
    const TAGGED: &[FieldSchema] = &[FieldSchema { is_tag: true, ..field("cents", "i64") }];
    event!(Tagged, schema("deposited", 1, TAGGED));
    let file = File::of::<Deposited>();
    file.takes_in::<Tagged>(&no_rules(), &["  + cents: i64 tag\n", "keep the tags they have"]);
    let file = File::of::<Deposited>();
    file.takes_in::<Loosened>(&no_rules(), &["  + cents: Option<i64> optional\n"]);
}

#[test]
fn the_format_may_change_because_reading_goes_by_what_is_stored() {
    const PACKED: EventSchema = EventSchema { format: Format::MessagePack, ..Deposited::TYPES[0] };
    event!(Packed, PACKED);
    let file = File::of::<Deposited>();
    file.takes_in::<Packed>(&no_rules(), &["- in Json", "+ in MessagePack"]);
    assert!(file.text().contains("event deposited version 1 msgpack"));
}

#[test]
fn old_versions_stay_in_the_file() {
    let file = File::of::<Deposited>();
    file.takes_in::<Second>(&to_second(), &["  + currency: String\n"]);
    let retired = Upcasters::new().drop("deposited");
    file.takes_in::<Other>(&retired, &["withdrawn"]);
    let text = file.text();
    for block in ["deposited version 1", "deposited version 2", "withdrawn version 1"] {
        assert!(text.contains(block), "`{block}` is not in:\n{text}");
    }
}

#[test]
fn a_split_and_a_chain_lead_old_versions_to_those_of_today() {
    let file = File::of::<Deposited>();
    let rules = Upcasters::new()
        .split("deposited", 1, [("deposited", 2), ("withdrawn", 1)], |_, _| Ok(Vec::new()))
        .lift("deposited", 2, |_, json| Ok(json));
    file.takes_in::<(Third, Other)>(&rules, &["deposited version 3", "withdrawn version 1"]);
}
