//! `#[derive(Event)]`: read the type (`ast`), check it as a whole (`valid`), write the
//! implementation (`expand`).

mod ast;
mod attr;
mod case;
mod expand;
mod field;
mod format;
mod serde_attr;
mod valid;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::problems::Problems;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let event_type = ast::EventType::read(input, &mut problems);
    valid::check(&event_type, &mut problems);
    match problems.into_compile_errors() {
        Some(errors) => expand::stand_in(input, &errors),
        None => expand::expand(&event_type),
    }
}
