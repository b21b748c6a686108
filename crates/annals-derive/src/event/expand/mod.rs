//! The implementation of `annals::Event`, and the accessor of the key.

mod codec;
mod key;
mod tags;
mod types;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::ast::{EventType, EventVariant};

pub(super) fn expand(event_type: &EventType<'_>) -> TokenStream {
    let ident = event_type.ident;
    let types = types::table(event_type);
    let schema = types::schema(event_type);
    let tags = tags::tags(event_type);
    let encode = codec::encode(event_type);
    let decode = codec::decode(event_type);
    let key = key::accessor(event_type);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "events that are written no more are still read")]
        impl ::annals::Event for #ident {
            #types
            #schema
            #tags
            #encode
            #decode
        }
        #key
    }
}

/// The errors, and an implementation that is never run, so that everything that uses the event is
/// not reported too.
pub(super) fn stand_in(input: &DeriveInput, errors: &TokenStream) -> TokenStream {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        return errors.clone();
    }
    quote! {
        #errors
        impl ::annals::Event for #ident {
            const TYPES: &'static [::annals::EventSchema] = &[];

            fn schema(&self) -> &'static ::annals::EventSchema {
                loop {}
            }

            fn encode(&self) -> ::annals::Result<::annals::derive_support::Bytes> {
                loop {}
            }

            fn decode(
                _: ::annals::RawEvent<'_>,
            ) -> ::annals::Result<::core::option::Option<Self>> {
                loop {}
            }
        }
    }
}

/// `Self::Opened` or `Self`.
fn path(event_type: &EventType<'_>, variant: &EventVariant<'_>) -> TokenStream {
    let ident = variant.ident;
    match event_type.is_enum {
        true => quote!(Self::#ident),
        false => quote!(Self),
    }
}

/// The entry of the table of types, as a path that no name of the user's can hide.
fn entry(index: usize) -> TokenStream {
    quote!(&<Self as ::annals::Event>::TYPES[#index])
}
