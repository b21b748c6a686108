//! The tags of a value.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Type, spanned::Spanned};

use super::path;
use crate::event::{
    ast::{EventType, EventVariant},
    field::{Field, inner_of},
};

/// Nothing when no field is a tag: the trait's own answer is right.
pub(super) fn tags(event_type: &EventType<'_>) -> TokenStream {
    let mut fields = event_type.variants.iter().flat_map(|variant| &variant.fields);
    if !fields.any(|field| field.tag.is_some()) {
        return TokenStream::new();
    }
    let arms = event_type.variants.iter().map(|variant| arm(event_type, variant));
    quote! {
        fn tags(&self) -> ::annals::Result<::annals::Tags> {
            let mut __tags = ::annals::derive_support::TagList::new();
            match self { #(#arms)* }
            __tags.finish()
        }
    }
}

fn arm(event_type: &EventType<'_>, variant: &EventVariant<'_>) -> TokenStream {
    let path = path(event_type, variant);
    let tagged = variant.fields.iter().enumerate();
    let tagged = tagged.filter_map(|(i, field)| {
        // A type without `Display` is reported where it stands.
        let span = Span::call_site().located_at(field.ty.span());
        let binding = format_ident!("__field{i}", span = span);
        field.tag.as_deref().map(|tag| (binding, field, tag))
    });
    let (mut bindings, mut adds) = (Vec::new(), Vec::new());
    for (binding, field, tag) in tagged {
        let Field { member, ty, .. } = field;
        bindings.push(quote!(#member: #binding,));
        adds.push(add(ty, &binding, tag));
    }
    quote!(#path { #(#bindings)* .. } => { #(#adds)* })
}

/// Adds what is in the field: nothing for `None`, one tag for each element of a list.
fn add(ty: &Type, value: &Ident, tag: &str) -> TokenStream {
    if let Some(inner) = inner_of(ty, "Option") {
        let add = add(inner, value, tag);
        return quote!(if let ::core::option::Option::Some(#value) = #value { #add });
    }
    if let Some(inner) = inner_of(ty, "Vec") {
        let add = add(inner, value, tag);
        return quote!(for #value in #value { #add });
    }
    quote!(__tags.add(#tag, #value)?;)
}
