//! Templates: which column becomes what, and which are left in the data.

use super::*;

const ROW: &str = "id,what,at,who,n,note\n1,opened,2026-01-02T03:04:05+02:00,ann,5,hi\n";

#[test]
fn columns_named_by_stream_type_time_and_metadata_are_not_repeated() {
    let mapping = Mapping {
        time: Some("{at}".parse().unwrap()),
        metadata: vec![("userId".to_owned(), "{who}".parse().unwrap())],
        tags: vec!["note:{note}".parse().unwrap()],
        ..mapping()
    };
    let event = event(ROW, &mapping);
    assert_eq!(&event.data[..], br#"{"n":"5","note":"hi"}"#);
    assert_eq!(&event.metadata.as_bytes()[..], br#"{"userId":"ann"}"#);
    assert_eq!(event.time.unwrap().to_string(), "2026-01-02T01:04:05.000000Z");
    assert_eq!(event.tags.as_slice()[0].as_str(), "note:hi");
}

#[test]
fn metadata_and_tags_that_come_out_empty_are_left_out() {
    let mapping = Mapping {
        metadata: vec![("userId".to_owned(), "{who}".parse().unwrap())],
        tags: vec!["{who}".parse().unwrap()],
        ..mapping()
    };
    let event = event(&ROW.replace("ann", ""), &mapping);
    assert!(event.metadata.as_bytes().is_empty());
    assert!(event.tags.as_slice().is_empty());
}

#[test]
fn named_columns_hold_numbers_as_written() {
    let mapping = Mapping { numbers: vec!["n".to_owned()], ..mapping() };
    let data = |n: &str| {
        let text = format!("id,what,n\n1,x,{n}\n");
        shown(&parse_all(text.as_bytes(), &mapping).unwrap()[0])
    };
    assert_eq!(data("1.50"), r#"2 case-1 x {"n":1.50}"#);
    assert_eq!(data("-7"), r#"2 case-1 x {"n":-7}"#);
    assert_eq!(data("12345678901234567890"), r#"2 case-1 x {"n":12345678901234567890}"#);
    assert_eq!(data(""), r#"2 case-1 x {"n":null}"#);
    for text in ["007", "1,5", "x", "null", "1 ", "\"\"\"1\"\"\""] {
        let bad = data(text);
        assert!(bad.contains("is no number") || bad.contains("cells under"), "{text}: {bad}");
    }
}

#[test]
fn ids_follow_from_the_mapping_and_everything_up_to_the_row() {
    let ids = |text: &str, mapping: &Mapping| -> Vec<annals::EventId> {
        let records = parse_all(text.as_bytes(), mapping).unwrap();
        records.into_iter().map(|record| record.unwrap().event.id).collect()
    };
    let text = "id,what\n1,x\n1,x\n2,y\n";
    let before = ids(text, &mapping());
    assert_eq!(ids(text, &mapping()), before, "the same file gives the same ids");
    assert_ne!(before[0], before[1], "equal rows at two places are two events");
    let grown = ids("id,what\n1,x\n1,x\n2,y\n3,z\n", &mapping());
    assert_eq!(grown[..3], before[..], "a file that grew keeps its ids");
    let corrected = ids("id,what\n1,x\n1,X\n2,y\n", &mapping());
    assert_eq!(corrected[0], before[0]);
    assert_ne!(corrected[2], before[2], "what follows a change is not the same");
    let other = Mapping { stream: Some("other-{id}".parse().unwrap()), ..mapping() };
    assert_ne!(ids(text, &other)[0], before[0]);
    let named = Mapping { format: Format::Csv, ..mapping() };
    assert_eq!(ids(text, &named), before, "naming the format changes nothing");
}

#[test]
fn a_finished_event_is_not_mapped_again() {
    let mapping = Mapping { tags: vec!["x".parse().unwrap()], ..Mapping::default() };
    let records = parse_all(br#"{"stream":"s","type":"t"}"#, &mapping).unwrap();
    assert!(shown(&records[0]).contains("a finished event"));
}
