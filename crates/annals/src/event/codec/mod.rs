//! Event data as bytes and back: what the code of `#[derive(Event)]` calls.
//!
//! The event type already says which variant a value is, so the data holds the fields alone:
//! `{"cents":5}`, not serde's `{"Deposited":{"cents":5}}`. An adaptor around the format's
//! serializer leaves the variant out, another one around its deserializer puts it in again, so
//! everything a user says in `#[serde(..)]` about the fields keeps its meaning.
//!
//! No error carries the payload, nor the words of serde that may quote it; `fault` says which
//! words pass.

mod adaptor;
#[cfg(feature = "cbor")]
mod cbor;
mod decode;
mod fault;
mod json;
mod messagepack;
mod raw;
mod tag_list;
mod version;

pub(crate) use adaptor::Finite;
pub use adaptor::{Empty, Fields};
pub use bytes::Bytes;
#[cfg(feature = "cbor")]
pub use cbor::encode as encode_cbor;
pub use decode::{decode_struct, decode_variant};
pub use json::encode as encode_json;
pub use messagepack::encode as encode_messagepack;
pub use raw::{decode as decode_raw, encode as encode_raw};
pub use tag_list::TagList;
pub use version::check as check_version;
