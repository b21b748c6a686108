//! Fields that are tags.

use std::net::Ipv4Addr;

use annals::{ErrorKind, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum CourseEvent {
    Subscribed {
        #[tag]
        course: u32,
        #[tag("student")]
        who: String,
        #[tag = "from"]
        address: Option<Ipv4Addr>,
        #[tag]
        topic: Vec<String>,
        #[tag("friend")]
        friends: Option<Vec<u8>>,
    },
    Imported(#[tag("source")] String),
    Closed,
}

#[track_caller]
fn check(event: &CourseEvent, expected: &[&str]) {
    let tags = event.tags().unwrap();
    let tags: Vec<&str> = tags.into_iter().map(annals::Tag::as_str).collect();
    assert_eq!(tags, expected);
}

#[test]
fn tags_are_made_of_the_fields() {
    let full = CourseEvent::Subscribed {
        course: 7,
        who: "Ann".into(),
        address: Some(Ipv4Addr::LOCALHOST),
        topic: vec!["rust".into(), "logs".into(), "rust".into()],
        friends: Some(vec![1, 2]),
    };
    let expected = [
        "course:7",
        "student:Ann",
        "from:127.0.0.1",
        "topic:rust",
        "topic:logs",
        "friend:1",
        "friend:2",
    ];
    check(&full, &expected);
    check(&CourseEvent::Imported("csv".into()), &["source:csv"]);
    check(&CourseEvent::Closed, &[]);
}

#[test]
fn what_is_absent_gives_no_tag() {
    let bare = CourseEvent::Subscribed {
        course: 7,
        who: "Ann".into(),
        address: None,
        topic: Vec::new(),
        friends: None,
    };
    check(&bare, &["course:7", "student:Ann"]);
}

#[test]
fn a_tag_that_the_store_would_refuse_is_an_error() {
    let error = CourseEvent::Imported("line\nbreak".into()).tags().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = CourseEvent::Imported("x".repeat(600)).tags().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_type_that_a_macro_puts_in_is_seen_through() {
    macro_rules! event {
        ($name:literal, $version:literal, $ty:ty) => {
            #[derive(Event, Serialize, Deserialize)]
            #[event(name = $name, version = $version)]
            struct Moved {
                #[tag]
                to: $ty,
            }
        };
    }
    event!("moved", 2, Option<u8>);

    assert_eq!(Moved { to: None }.tags().unwrap(), annals::Tags::none());
    let schema = Moved { to: Some(1) }.schema();
    assert_eq!((schema.name, schema.version), ("moved", 2));
    assert!(schema.fields[0].is_optional);
    assert_eq!(schema.fields[0].type_name, "Option<u8>");
}
