//! The macros of Annals.
//!
//! `annals` re-exports them; nobody depends on this crate directly. The code they write is small
//! and calls `annals` for the rest.

mod arg;
mod event;
mod names;
mod on_impl;
mod problems;

use on_impl::Named;
use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `annals::Event` for an enum or a struct.
#[proc_macro_derive(Event, attributes(event, tag))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Fills in an `impl Aggregate`: the key, where its events are, when to keep a snapshot.
#[proc_macro_attribute]
pub fn aggregate(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::aggregate(args.into(), &item.into()).into()
}

/// Fills in an `impl View`: its name and version, and a fingerprint of its code.
#[proc_macro_attribute]
pub fn view(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::named(Named::View, args.into(), &item.into()).into()
}

/// Fills in an `impl Projection`: its name and version, and a fingerprint of its code.
#[proc_macro_attribute]
pub fn projection(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::named(Named::Projection, args.into(), &item.into()).into()
}

/// Fills in an `impl Process`: its name and version, and a fingerprint of its code.
#[proc_macro_attribute]
pub fn process(args: TokenStream, item: TokenStream) -> TokenStream {
    on_impl::named(Named::Process, args.into(), &item.into()).into()
}
