//! Reads a variant's fields as the enum they belong to.
//!
//! Serde's derived code asks for an enum and is given the variant by its index and the fields
//! by the format. It never sees that the data names no variant.

use std::marker::PhantomData;

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, IntoDeserializer, VariantAccess, Visitor,
        value::U32Deserializer,
    },
    forward_to_deserialize_any,
};

/// Which variant of `T` the data belongs to.
pub(in super::super) struct VariantSeed<T> {
    index: u32,
    of: PhantomData<T>,
}

impl<T> VariantSeed<T> {
    pub(in super::super) const fn new(index: u32) -> Self {
        Self { index, of: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for VariantSeed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<T, D::Error> {
        T::deserialize(AsEnum { index: self.index, data })
    }
}

struct AsEnum<D> {
    index: u32,
    data: D,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AsEnum<D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_enum(self)
    }

    /// A `Deserialize` written by hand may ask for anything, and is given the data.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.data.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.data.is_human_readable()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for AsEnum<D> {
    type Error = D::Error;
    type Variant = Data<D>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Data<D>), D::Error> {
        let index: U32Deserializer<D::Error> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, Data(self.data)))
    }
}

/// The fields of the variant.
struct Data<D>(D);

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Data<D> {
    type Error = D::Error;

    /// What a later version of the writer may have added does not matter.
    fn unit_variant(self) -> Result<(), D::Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, D::Error> {
        seed.deserialize(self.0)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct("", fields, visitor)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, D::Error> {
        Err(D::Error::custom("a variant of several unnamed fields is no event"))
    }
}
