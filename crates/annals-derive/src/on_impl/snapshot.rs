//! `snapshot(every = 50, after = "1h", on("bank.closed"))`.

use proc_macro2::TokenStream;
use quote::quote;

use super::duration;
use crate::{
    arg::{Arg, Slot},
    names,
    problems::Problems,
};

const KEYS: &[&str] = &["every", "after", "on"];

/// The value of `annals::Snapshots`.
pub(super) fn snapshots(arg: &Arg, problems: &mut Problems) -> syn::Result<TokenStream> {
    let (mut every, mut after, mut on) = (Slot::default(), Slot::default(), Slot::default());
    let args = arg.list()?;
    if args.is_empty() {
        return Err(
            arg.error("`snapshot` says when: `every = 50`, `after = \"1h\"`, `on(\"type\")`")
        );
    }
    for arg in args {
        match arg.name().as_str() {
            "every" => every.set(arg, arg.count(), problems),
            "after" => {
                let seconds = arg.text().and_then(|text| duration::seconds(&text));
                after.set(arg, seconds, problems);
            }
            "on" => on.set(arg, event_types(arg), problems),
            _ => problems.push(arg.unknown(KEYS)),
        }
    }
    let every = option(every.get().map(|count| quote!(#count)));
    let after =
        option(after.get().map(|seconds| quote!(::core::time::Duration::from_secs(#seconds))));
    let on = on.get().unwrap_or_default();
    Ok(quote!(::annals::Snapshots { every: #every, after: #after, on: &[#(#on),*] }))
}

fn event_types(arg: &Arg) -> syn::Result<Vec<syn::LitStr>> {
    let types = arg.list()?.iter();
    let types = types.map(|event_type| {
        event_type.bare_text().and_then(|text| names::checked("the event type", text))
    });
    types.collect()
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
