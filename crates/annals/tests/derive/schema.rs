//! The table of event types, and the accessor of the key.

use annals::{Event, EventSchema, FieldSchema, Format};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(prefix = "bank", version = 3, format = "json")]
#[serde(rename_all_fields = "camelCase")]
enum Bank {
    AccountOpened {
        #[tag]
        account_id: u64,
        #[serde(default)]
        credit_line: i64,
        nick_name: Option<Vec<String>>,
    },
    #[event(version = 1, name = "AccountClosed")]
    #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
    Closed {
        closed_by: String,
        #[serde(skip)]
        cached: u8,
    },
    Noted(String),
    Frozen,
}

const fn field(name: &'static str, type_name: &'static str) -> FieldSchema {
    FieldSchema { name, type_name, is_optional: false, is_tag: false }
}

const fn schema(name: &'static str, version: u32, fields: &'static [FieldSchema]) -> EventSchema {
    EventSchema { name, version, format: Format::Json, fields }
}

const BANK: &[EventSchema] = &[
    schema(
        "bank.account-opened",
        3,
        &[
            FieldSchema { is_tag: true, ..field("accountId", "u64") },
            FieldSchema { is_optional: true, ..field("creditLine", "i64") },
            FieldSchema { is_optional: true, ..field("nickName", "Option<Vec<String>>") },
        ],
    ),
    schema("AccountClosed", 1, &[field("CLOSED-BY", "String")]),
    schema("bank.noted", 3, &[field("0", "String")]),
    schema("bank.frozen", 3, &[]),
];

#[test]
fn the_table_has_what_is_stored() {
    assert_eq!(Bank::TYPES, BANK);
}

#[test]
fn a_struct_is_one_event_type() {
    #[derive(Event, Serialize, Deserialize)]
    #[event(prefix = "bank", version = 2)]
    #[serde(default, rename_all = "PascalCase")]
    #[derive(Default)]
    struct AccountOpened {
        owner_name: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ping")]
    struct Ping;

    let schema = AccountOpened::default().schema();
    assert_eq!((schema.name, schema.version), ("bank.account-opened", 2));
    let field = FieldSchema { is_optional: true, ..field("OwnerName", "String") };
    assert_eq!(schema.fields, [field]);
    assert_eq!(Ping.schema().name, "ping");
    assert_eq!(&Ping.encode().unwrap()[..], b"{}");
}

#[test]
fn the_key_is_one_call_away() {
    #[derive(Event, Serialize, Deserialize)]
    #[event(key = order)]
    enum OrderEvent {
        Placed { order: String, total: u64 },
        Shipped { order: String },
    }

    let placed = OrderEvent::Placed { order: "7".into(), total: 1 };
    assert_eq!(placed.order(), "7");
    assert_eq!(OrderEvent::Shipped { order: "8".into() }.order(), "8");
}
