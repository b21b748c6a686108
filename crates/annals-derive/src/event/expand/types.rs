//! The table of event types, and which of them a value is.

use proc_macro2::TokenStream;
use quote::quote;

use super::{entry, path};
use crate::event::{
    ast::{EventType, EventVariant},
    field::Field,
};

pub(super) fn table(event_type: &EventType<'_>) -> TokenStream {
    let format = event_type.format.value();
    let entries = event_type.variants.iter().map(|variant| table_entry(variant, &format));
    quote! {
        const TYPES: &'static [::annals::EventSchema] = &[#(#entries),*];
    }
}

fn table_entry(variant: &EventVariant<'_>, format: &TokenStream) -> TokenStream {
    let (name, version) = (&variant.name, variant.version);
    let fields = variant.fields.iter().filter(|field| field.is_stored).map(field_entry);
    quote! {
        ::annals::EventSchema {
            name: #name,
            version: #version,
            format: #format,
            fields: &[#(#fields),*],
        }
    }
}

fn field_entry(field: &Field<'_>) -> TokenStream {
    let (name, type_name) = (&field.stored, &field.type_name);
    let (is_optional, is_tag) = (field.is_optional, field.tag.is_some());
    quote! {
        ::annals::FieldSchema {
            name: #name,
            type_name: #type_name,
            is_optional: #is_optional,
            is_tag: #is_tag,
        }
    }
}

pub(super) fn schema(event_type: &EventType<'_>) -> TokenStream {
    let arms = event_type.variants.iter().enumerate().map(|(i, variant)| {
        let (path, entry) = (path(event_type, variant), entry(i));
        quote!(#path { .. } => #entry,)
    });
    // `*self`, so that an enum without variants needs no arm.
    quote! {
        fn schema(&self) -> &'static ::annals::EventSchema {
            match *self { #(#arms)* }
        }
    }
}
