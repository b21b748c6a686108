//! The accessor that `#[event(key = order)]` asks for.

use proc_macro2::TokenStream;
use quote::quote;

use super::path;
use crate::event::{ast::EventType, valid::field_type};

pub(super) fn accessor(event_type: &EventType<'_>) -> Option<TokenStream> {
    let key = event_type.key.as_ref()?;
    let ty = event_type.variants.iter().find_map(|variant| field_type(variant, key))?;
    let (ident, vis) = (event_type.ident, event_type.vis);
    let arms = event_type.variants.iter().map(|variant| {
        let path = path(event_type, variant);
        quote!(#path { #key: __key, .. } => __key,)
    });
    let doc = format!("The `{key}` this event belongs to.");
    Some(quote! {
        #[allow(deprecated, dead_code, reason = "not every event type uses its key")]
        impl #ident {
            #[doc = #doc]
            #[must_use]
            #vis fn #key(&self) -> &#ty {
                match self { #(#arms)* }
            }
        }
    })
}
