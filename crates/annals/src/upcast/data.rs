//! The data of an event on its way through rules: as stored for as long as nobody looks inside.

use std::any::type_name;

use annals_core::ContentType;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{fault::Fault, number::has_wide_integer, value::Plain};
use crate::{Format, event::codec::Finite};

/// The data between two rules. What it is written in stays what it was stored in.
#[derive(Clone)]
pub(super) enum Data {
    Written(Bytes),
    Value(Value),
}

impl Data {
    /// As a JSON value.
    pub(super) fn into_value(self, content_type: &ContentType) -> Result<Value, Fault> {
        let bytes = match self {
            Self::Value(value) => return Ok(value),
            Self::Written(bytes) => bytes,
        };
        let Plain(value) = match readable(content_type)? {
            Format::Json if has_wide_integer(&bytes) => {
                return Err(Fault::new(
                    "an integer has more than 64 bits, which a JSON value would round; \
                     use a typed rule",
                ));
            }
            _ => read(&bytes, content_type, "JSON value")?,
        };
        Ok(value)
    }

    /// As a Rust type.
    pub(super) fn read<T: DeserializeOwned>(self, content_type: &ContentType) -> Result<T, Fault> {
        match self {
            Self::Written(bytes) => read(&bytes, content_type, type_name::<T>()),
            Self::Value(value) => serde_json::from_value(value)
                .map_err(|error| Fault::wrong_form(type_name::<T>(), &error)),
        }
    }

    /// A Rust type as data.
    pub(super) fn write<T: Serialize>(
        value: &T,
        content_type: &ContentType,
    ) -> Result<Self, Fault> {
        let written = match readable(content_type)? {
            Format::MessagePack => rmp_serde::to_vec_named(value).ok(),
            #[cfg(feature = "cbor")]
            Format::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(value, &mut bytes).ok().map(|()| bytes)
            }
            _ => serde_json::to_vec(&Finite(value)).ok(),
        };
        let cannot = || Fault::new(format!("what it gave cannot be written as {content_type}"));
        Ok(Self::Written(written.ok_or_else(cannot)?.into()))
    }

    /// As it would be stored.
    pub(super) fn into_bytes(self, content_type: &ContentType) -> Result<Bytes, Fault> {
        let written = match self {
            Self::Value(value) => Self::write(&value, content_type)?,
            written @ Self::Written(_) => written,
        };
        match written {
            Self::Written(bytes) => Ok(bytes),
            Self::Value(_) => Err(Fault::new("the data cannot be written")),
        }
    }
}

/// The format of a content type that rules can look into.
fn readable(content_type: &ContentType) -> Result<Format, Fault> {
    let is_readable = |format: &Format| match format {
        Format::Json | Format::MessagePack => true,
        Format::Cbor => cfg!(feature = "cbor"),
        Format::Raw => false,
    };
    Format::of(content_type).filter(is_readable).ok_or_else(|| {
        Fault::new(format!(
            "content type `{content_type}` cannot be looked into; only a rename or a drop works \
             without"
        ))
    })
}

fn read<T: DeserializeOwned>(
    bytes: &[u8],
    content_type: &ContentType,
    name: &str,
) -> Result<T, Fault> {
    let mut rest = bytes;
    let value = match readable(content_type)? {
        Format::MessagePack => {
            rmp_serde::from_read(&mut rest).map_err(|error| Fault::wrong_form(name, &error))
        }
        #[cfg(feature = "cbor")]
        Format::Cbor => ciborium::from_reader(&mut rest)
            .map_err(|error: ciborium::de::Error<_>| Fault::wrong_form(name, &error)),
        _ => {
            // This one refuses what is left over by itself.
            rest = &[];
            serde_json::from_slice(bytes).map_err(|error| Fault::wrong_form(name, &error))
        }
    };
    match rest {
        [] => value,
        _ => value.and(Err(Fault::new("there is more data after the value"))),
    }
}
