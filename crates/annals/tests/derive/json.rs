//! Events as JSON: what is written, what is read, what is refused.

use std::collections::BTreeMap;

use annals::{ErrorKind, Event};
use serde::{Deserialize, Serialize};

use crate::reading::{Stored, chain, check_round_trip};

#[derive(Event, Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Address {
    street: String,
    #[serde(default)]
    floor: i8,
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(prefix = "shop")]
enum Shop {
    OrderPlaced {
        order: u64,
        #[serde(rename = "who")]
        customer: String,
        note: Option<String>,
    },
    Moved(Address),
    #[serde(rename_all = "camelCase")]
    #[event(version = 2)]
    PriceChanged {
        new_price: f64,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
    Closed,
    #[event(name = "Reopened")]
    Opened(Option<u8>),
}

fn placed() -> Shop {
    Shop::OrderPlaced { order: 7, customer: "Ann".into(), note: None }
}

#[test]
fn only_the_fields_are_written() {
    let data = |event: &Shop| Stored::of(event).text().to_owned();
    assert_eq!(data(&placed()), r#"{"order":7,"who":"Ann","note":null}"#);
    let address = Address { street: "Elm".into(), floor: -1 };
    assert_eq!(data(&Shop::Moved(address.clone())), r#"{"street":"Elm","floor":-1}"#);
    assert_eq!(Stored::of(&address).text(), r#"{"street":"Elm","floor":-1}"#);
    let rest = BTreeMap::from([("vat".to_owned(), 7)]);
    let changed = Shop::PriceChanged { new_price: 1.5, rest };
    assert_eq!(data(&changed), r#"{"newPrice":1.5,"vat":7}"#);
    assert_eq!(data(&Shop::Closed), "{}");
    assert_eq!(data(&Shop::Opened(Some(3))), "3");
}

#[test]
fn every_shape_comes_back_as_it_was() {
    check_round_trip(&placed());
    check_round_trip(&Shop::Moved(Address { street: "\u{1F600}\"".into(), floor: 1 }));
    let rest = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    check_round_trip(&Shop::PriceChanged { new_price: 0.1, rest });
    check_round_trip(&Shop::Closed);
    check_round_trip(&Shop::Opened(None));
    check_round_trip(&Address { street: "Elm".into(), floor: 0 });
}

#[test]
fn another_enum_reads_the_events_it_lists() {
    #[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
    #[event(prefix = "shop")]
    enum Orders {
        Closed,
        OrderPlaced { order: u64 },
    }

    assert_eq!(Stored::of(&placed()).read().unwrap(), Some(Orders::OrderPlaced { order: 7 }));
    assert_eq!(Stored::of(&Shop::Opened(None)).read::<Orders>().unwrap(), None);
    assert_eq!(Stored::of(&Shop::Closed).read().unwrap(), Some(Orders::Closed));
}

#[test]
fn an_event_without_fields_takes_any_data() {
    for data in ["", "{\"later\":1}", "null", "not json"] {
        assert_eq!(Stored::json("shop.closed", data).read().unwrap(), Some(Shop::Closed));
    }
}

#[test]
fn what_does_not_fit_is_refused_without_showing_it() {
    for (data, cause) in [
        (r#"{"order":7}"#, "missing field `who` at line 1 column 11"),
        (r#"{"order":"secret","who":"x"}"#, "invalid type: string, expected u64 at line 1"),
        (r#"{"order":-77,"who":"secret"}"#, "invalid value: integer, expected u64"),
        (r#"{"order":7,"who":"secret"} secret"#, "trailing characters at line 1 column 28"),
        (r#"{"order":7,"who":"secret"#, "EOF while parsing a string"),
        (r#"{"order":7,"who":"secret","order":8}"#, "duplicate field `order`"),
        ("[]", "invalid length"),
        ("", "EOF while parsing a value"),
    ] {
        let error = Stored::json("shop.order-placed", data).read::<Shop>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        let text = chain(&error);
        assert!(text.contains(cause), "{text}");
        assert!(text.contains("(\"type\", \"shop.order-placed\"), (\"version\", \"1\")"), "{text}");
        let everything = format!("{text} {error:?}");
        assert!(!everything.contains("secret") && !everything.contains("77"), "{everything}");
    }
}

#[test]
fn stored_and_declared_versions_must_be_equal() {
    let mut stored = Stored::of(&Shop::PriceChanged { new_price: 1.0, rest: BTreeMap::new() });
    assert_eq!(stored.version, 2);
    stored.version = 1;
    assert_eq!(
        stored.read::<Shop>().unwrap_err().to_string(),
        "event type `shop.price-changed` is stored in schema version 1, and version 2 is read \
         here; register an upcaster"
    );
    stored.version = 3;
    let error = stored.read::<Shop>().unwrap_err();
    assert!(error.to_string().contains("written by a newer program; update this one"), "{error}");
    stored.event_type = "shop.closed".into();
    assert_eq!(stored.read::<Shop>().unwrap_err().kind(), ErrorKind::Undecodable);
}

#[test]
fn what_json_cannot_hold_is_refused_when_written() {
    #[derive(Event, Serialize, Deserialize, Debug)]
    enum Odd {
        Measured { value: f64 },
        Listed { values: Vec<Option<f32>> },
        Mapped { by_pair: BTreeMap<(u8, u8), u8> },
    }

    for (event, cause) in [
        (Odd::Measured { value: f64::NAN }, "a number is not finite"),
        (Odd::Listed { values: vec![None, Some(f32::INFINITY)] }, "a number is not finite"),
        (Odd::Mapped { by_pair: BTreeMap::from([((1, 2), 3)]) }, "key must be a string"),
    ] {
        let error = event.encode().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        assert!(chain(&error).ends_with(cause), "{}", chain(&error));
    }
}

#[test]
fn another_content_type_is_refused() {
    let mut stored = Stored::of(&placed());
    stored.content_type = annals::ContentType::Binary;
    let error = stored.read::<Shop>().unwrap_err();
    assert!(error.to_string().contains("`application/octet-stream`"), "{error}");
}

#[test]
fn an_enum_without_variants_holds_no_event() {
    #[derive(Event, Debug, PartialEq)]
    enum Nothing {}

    assert!(Nothing::TYPES.is_empty());
    assert_eq!(Stored::of(&placed()).read::<Nothing>().unwrap(), None);
}
