//! Collects what is wrong, so that a user sees all of it at once.

use proc_macro2::TokenStream;

#[derive(Default)]
pub(crate) struct Problems(Option<syn::Error>);

impl Problems {
    pub(crate) fn push(&mut self, problem: syn::Error) {
        match &mut self.0 {
            Some(problems) => problems.combine(problem),
            None => self.0 = Some(problem),
        }
    }

    /// A problem at a token.
    pub(crate) fn at(&mut self, token: impl quote::ToTokens, what: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(token, what));
    }

    /// Keeps the value, or notes why there is none.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The compile errors, if there are any.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.0.map(|problems| problems.into_compile_error())
    }
}
