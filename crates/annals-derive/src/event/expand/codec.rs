//! A value as bytes and back. The work is in `annals::derive_support`; here is only which of its
//! functions each variant takes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{entry, path};
use crate::event::{
    ast::{EventType, EventVariant, Kind},
    format::Format,
};

pub(super) fn encode(event_type: &EventType<'_>) -> TokenStream {
    let body = match event_type.format {
        _ if event_type.variants.is_empty() => quote!(match *self {}),
        Format::Raw => encode_raw(event_type),
        _ => encode_with_serde(event_type),
    };
    quote! {
        fn encode(&self) -> ::annals::Result<::annals::derive_support::Bytes> {
            #body
        }
    }
}

fn encode_with_serde(event_type: &EventType<'_>) -> TokenStream {
    let encoder = event_type.format.encoder();
    let is_unit = event_type.variants.iter().all(|variant| variant.kind == Kind::Unit);
    let value = match (is_unit, event_type.is_enum) {
        (true, _) => quote!(&::annals::derive_support::Empty),
        (false, true) => quote!(&::annals::derive_support::Fields(self)),
        (false, false) => quote!(self),
    };
    quote!(#encoder(#value, <Self as ::annals::Event>::schema(self)))
}

fn encode_raw(event_type: &EventType<'_>) -> TokenStream {
    let arms = event_type.variants.iter().map(|variant| {
        let path = path(event_type, variant);
        let fields = variant.fields.iter().map(|field| {
            // A field that is no bytes is reported where it stands.
            quote_spanned!(field.ty.span()=> ::annals::derive_support::encode_raw(__bytes))
        });
        quote!(#path { 0: __bytes } => #(#fields)*,)
    });
    quote!(::core::result::Result::Ok(match self { #(#arms)* }))
}

pub(super) fn decode(event_type: &EventType<'_>) -> TokenStream {
    if event_type.variants.is_empty() {
        return quote! {
            fn decode(_: ::annals::RawEvent<'_>) -> ::annals::Result<::core::option::Option<Self>> {
                ::core::result::Result::Ok(::core::option::Option::None)
            }
        };
    }
    let arms = event_type.variants.iter().enumerate().map(|(i, variant)| {
        let (name, decode) = (&variant.name, decode_variant(event_type, variant, i));
        quote!(#name => #decode,)
    });
    quote! {
        fn decode(
            __raw: ::annals::RawEvent<'_>,
        ) -> ::annals::Result<::core::option::Option<Self>> {
            let __event = match __raw.event_type.as_str() {
                #(#arms)*
                _ => return ::core::result::Result::Ok(::core::option::Option::None),
            };
            __event.map(::core::option::Option::Some)
        }
    }
}

fn decode_variant(
    event_type: &EventType<'_>,
    variant: &EventVariant<'_>,
    index: usize,
) -> TokenStream {
    let (path, schema) = (path(event_type, variant), entry(index));
    if variant.kind == Kind::Unit {
        // There is nothing to read, so whatever the data holds is fine.
        return quote!(::annals::derive_support::check_version(__raw, #schema).map(|()| #path {}));
    }
    if event_type.format == Format::Raw {
        let decoded = variant.fields.iter().map(|field| {
            let ty = field.ty;
            quote_spanned!(ty.span()=> ::annals::derive_support::decode_raw::<#ty>(__raw, #schema))
        });
        return quote!(#(#decoded)*.map(|__bytes| #path { 0: __bytes }));
    }
    if !event_type.is_enum {
        return quote!(::annals::derive_support::decode_struct::<Self>(__raw, #schema));
    }
    // Serde numbers variants with 32 bits too.
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    quote!(::annals::derive_support::decode_variant::<Self>(__raw, #schema, #index))
}
