//! The macros of Annals: what they write, in words and in code.
//!
//! `annals` re-exports them; nobody depends on this crate directly. Each writes what could be
//! written by hand, and calls `annals` for the work; the second half of each example is that.
//! Every mistake is reported at the token that is wrong, and all of them at once.
//!
//! # Events
//!
//! ```
//! use annals::Event;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event(prefix = "bank")]
//! enum BankEvent {
//!     Opened { #[tag] account: u64, owner: String },
//!     Deposited { #[tag] account: u64, cents: u64 },
//! }
//!
//! let event = BankEvent::Deposited { account: 7, cents: 995 };
//! assert_eq!(event.schema().name, "bank.deposited");
//! assert_eq!(event.tags()?.as_slice()[0].as_str(), "account:7");
//! assert_eq!(&event.encode()?[..], br#"{"account":7,"cents":995}"#);
//! # Ok::<(), annals::Error>(())
//! ```
//!
//! The same for its first variant, by hand:
//!
//! ```
//! use annals::{Error, ErrorKind, Event, EventSchema, FieldSchema, Format, RawEvent, Tag, Tags};
//!
//! #[derive(Debug, PartialEq)]
//! struct Opened { account: u64, owner: String }
//!
//! impl Event for Opened {
//!     const TYPES: &'static [EventSchema] = &[EventSchema {
//!         name: "bank.opened",
//!         version: 1,
//!         format: Format::Json,
//!         fields: &[
//!             FieldSchema { name: "account", type_name: "u64", is_optional: false, is_tag: true },
//!             FieldSchema { name: "owner", type_name: "String", is_optional: false, is_tag: false },
//!         ],
//!     }];
//!
//!     fn schema(&self) -> &'static EventSchema {
//!         &Self::TYPES[0]
//!     }
//!
//!     fn tags(&self) -> annals::Result<Tags> {
//!         Tags::new([Tag::new(format!("account:{}", self.account))?])
//!     }
//!
//!     fn encode(&self) -> annals::Result<bytes::Bytes> {
//!         let data = serde_json::json!({ "account": self.account, "owner": self.owner });
//!         Ok(data.to_string().into())
//!     }
//!
//!     fn decode(raw: RawEvent<'_>) -> annals::Result<Option<Self>> {
//!         if raw.event_type.as_str() != "bank.opened" {
//!             return Ok(None);
//!         }
//!         // The derived code reads no value in between, and checks version and content type.
//!         let data: serde_json::Value = serde_json::from_slice(raw.data)
//!             .map_err(|_| Error::new(ErrorKind::Undecodable, "this is no JSON"))?;
//!         let missing = || Error::new(ErrorKind::Undecodable, "a field is missing");
//!         Ok(Some(Self {
//!             account: data["account"].as_u64().ok_or_else(missing)?,
//!             owner: data["owner"].as_str().ok_or_else(missing)?.to_owned(),
//!         }))
//!     }
//! }
//! # let opened = Opened { account: 7, owner: "Ann".into() };
//! # let (event_type, data) = (annals::EventType::new("bank.opened")?, opened.encode()?);
//! # let content_type = &annals::ContentType::Json;
//! # let raw = RawEvent { event_type: &event_type, schema_version: 1, content_type, data: &data };
//! # assert_eq!(Opened::decode(raw)?, Some(opened));
//! # Ok::<(), annals::Error>(())
//! ```
//!
//! Shapes:
//!
//! | Shape | Data |
//! | --- | --- |
//! | `Opened { account: u64 }` | the fields, `{"account":7}` |
//! | `Opened(AccountOpened)` | the one value, as if it stood alone |
//! | `Closed` | written `{}`; whatever the data holds is fine when it is read |
//! | `struct Opened ..` | the same three, as an event type of its own |
//!
//! What serde is told about the fields holds: `rename`, `default`, `with`, `alias`, `flatten` and
//! the rest. On the enum and its variants, what says how a variant is marked in the data
//! (`tag`, `untagged`, `skip`, ..) is refused, because the event type is that mark.
//!
//! | Attribute | On | Meaning |
//! | --- | --- | --- |
//! | `#[event(prefix = "bank")]` | type | event types are `bank.` and the variant in kebab-case; without it just that |
//! | `#[event(format = "cbor")]` | type | `json` (the default), `cbor`, `messagepack` or `raw` |
//! | `#[event(version = 2)]` | type, variant | the schema version, from 1 |
//! | `#[event(name = "AccountOpened")]` | variant, struct | the event type, to the letter |
//! | `#[event(key = order)]` | type | an accessor `order()` for a field that all variants have |
//! | `#[tag]`, `#[tag("student")]` | field | the tag `field:value`, or with another name; none for `None`, one for each element of a `Vec` |
//!
//! In the format `raw`, each variant has one field without a name, which is bytes: `Bytes`,
//! `Vec<u8>`, or anything that is cloned into and made from `Bytes`. It needs no serde.
//!
//! ```
//! use annals::Event;
//!
//! #[derive(Event)]
//! #[event(prefix = "photo", format = "raw")]
//! enum PhotoEvent {
//!     Taken(Vec<u8>),
//! }
//!
//! assert_eq!(&PhotoEvent::Taken(vec![1, 2]).encode()?[..], [1, 2]);
//! # Ok::<(), annals::Error>(())
//! ```
//!
//! # Aggregates
//!
//! ```
//! # use annals::Event;
//! use annals::{Aggregate, aggregate};
//! use serde::{Deserialize, Serialize};
//!
//! # #[derive(Event, Serialize, Deserialize)]
//! # enum BankEvent { Deposited { cents: u64 } }
//! #[derive(Default, Clone, Serialize, Deserialize)]
//! struct Account { cents: u64 }
//!
//! #[aggregate(
//!     stream = "account",
//!     key = u64,
//!     snapshot(every = 50, after = "1h", on("bank.closed")),
//!     unknown = "refuse"
//! )]
//! impl Aggregate for Account {
//!     type Event = BankEvent;
//!
//!     fn apply(&mut self, event: &BankEvent) {
//!         let BankEvent::Deposited { cents } = event;
//!         self.cents += cents;
//!     }
//! }
//!
//! assert_eq!(Account::SNAPSHOTS.every, Some(50));
//! ```
//!
//! By hand:
//!
//! ```
//! # use annals::Event;
//! use std::time::Duration;
//!
//! use annals::{Aggregate, Scope, Snapshots, Unknown};
//! use serde::{Deserialize, Serialize};
//!
//! # #[derive(Event, Serialize, Deserialize)]
//! # enum BankEvent { Deposited { cents: u64 } }
//! #[derive(Default, Clone, Serialize, Deserialize)]
//! struct Account { cents: u64 }
//!
//! impl Aggregate for Account {
//!     type Event = BankEvent;
//!
//!     fn apply(&mut self, event: &BankEvent) {
//!         let BankEvent::Deposited { cents } = event;
//!         self.cents += cents;
//!     }
//!
//!     type Key = u64;
//!     const CATEGORY: &'static str = "account";
//!     const SCOPE: Scope = Scope::Stream;
//!     const UNKNOWN: Unknown = Unknown::Refuse;
//!     const SNAPSHOTS: Snapshots = Snapshots {
//!         every: Some(50),
//!         after: Some(Duration::from_secs(3_600)),
//!         on: &["bank.closed"],
//!     };
//!     // To be changed by hand with every change of `apply`.
//!     const FINGERPRINT: u64 = 1;
//! }
//! ```
//!
//! | Key | Meaning |
//! | --- | --- |
//! | `stream = "account"` | its events are in the stream `account-KEY` |
//! | `tag = "course"` | instead of `stream`: its events have the tag `course:KEY`, in any stream |
//! | `key = AccountId` | the type that names one aggregate |
//! | `snapshot(..)` | `every = 50` events, `after = "1h"` (`s`, `m`, `h`, `d`), `on("type", ..)`; any is enough |
//! | `unknown = "refuse"` | an event of a type that is not known fails the loading; `"skip"` is the default |
//! | `version = 2` | changes the fingerprint, for changes in code that `apply` calls elsewhere |
//!
//! The fingerprint is made of the tokens of the impl: layout, comments and attributes do not
//! change it.
//!
//! # Views, projections and processes
//!
//! `#[view(..)]`, `#[projection(..)]` and `#[process(..)]` take `name = ".."` and
//! `version = 2`, which is 1 when it is not given.
//!
//! ```
//! # trait View { const NAME: &'static str; const VERSION: u32; const FINGERPRINT: u64; }
//! struct Balances;
//!
//! #[annals::view(name = "balances", version = 2)]
//! impl View for Balances {}
//!
//! # mod by_hand {
//! # use super::View;
//! # pub struct Balances;
//! // By hand:
//! impl View for Balances {
//!     const NAME: &'static str = "balances";
//!     const VERSION: u32 = 2;
//!     const FINGERPRINT: u64 = 1;
//! }
//! # }
//! # fn main() { assert_eq!(Balances::VERSION, by_hand::Balances::VERSION) }
//! ```

mod arg;
mod event;
mod names;
mod on_impl;
mod problems;

use on_impl::Named;
use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `annals::Event` for an enum or a struct; [more](self#events).
#[proc_macro_derive(Event, attributes(event, tag))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Fills in an `impl Aggregate`: its key, where its events are, when to keep a snapshot;
/// [more](self#aggregates).
#[proc_macro_attribute]
pub fn aggregate(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::aggregate(args.into(), &item.into()).into()
}

/// Fills in an `impl View`: its name and version, and a fingerprint of its code;
/// [more](self#views-projections-and-processes).
#[proc_macro_attribute]
pub fn view(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::named(Named::View, args.into(), &item.into()).into()
}

/// Fills in an `impl Projection`: its name and version, and a fingerprint of its code;
/// [more](self#views-projections-and-processes).
#[proc_macro_attribute]
pub fn projection(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::named(Named::Projection, args.into(), &item.into()).into()
}

/// Fills in an `impl Process`: its name and version, and a fingerprint of its code;
/// [more](self#views-projections-and-processes).
#[proc_macro_attribute]
pub fn process(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::named(Named::Process, args.into(), &item.into()).into()
}
