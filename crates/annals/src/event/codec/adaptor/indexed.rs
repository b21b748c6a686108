//! A variant's fields behind the variant's index, for a format that reads nothing but whole
//! values.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

use super::VariantSeed;

/// Deserializes from a pair: the index of the variant, and its fields.
pub(in super::super) struct Indexed<T>(pub(in super::super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Indexed<T> {
    fn deserialize<D: Deserializer<'de>>(pair: D) -> Result<Self, D::Error> {
        pair.deserialize_tuple(2, Pair(PhantomData)).map(Indexed)
    }
}

struct Pair<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Pair<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an index and the fields of a variant")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<T, A::Error> {
        let index = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let value = pair.next_element_seed(VariantSeed::new(index))?;
        value.ok_or_else(|| A::Error::invalid_length(1, &self))
    }
}
