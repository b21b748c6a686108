//! `#[view(..)]`, `#[projection(..)]` and `#[process(..)]`: consumers with a name, a version and
//! a fingerprint.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use super::block::Block;
use crate::{
    arg::{self, Slot},
    names,
    problems::Problems,
};

const KEYS: &[&str] = &["name", "version"];

/// Which of the attributes it is.
#[derive(Clone, Copy)]
pub(crate) enum Named {
    View,
    Projection,
    Process,
}

impl Named {
    /// The attribute, the trait, and a name to show.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::View => ("view", "View", "balances"),
            Self::Projection => ("projection", "Projection", "balances"),
            Self::Process => ("process", "Process", "transfers"),
        }
    }
}

pub(crate) fn named(which: Named, args: TokenStream, item: &TokenStream) -> TokenStream {
    let (attribute, of, _) = which.words();
    let block = match Block::split(item, attribute, of) {
        Ok(block) => block,
        Err(problem) => {
            let problem = problem.into_compile_error();
            return quote!(#item #problem);
        }
    };
    let mut problems = Problems::default();
    let (name, version) = read(which, args, &mut problems);
    let fingerprint = block.fingerprint(version);
    let added = quote! {
        const NAME: &'static str = #name;
        const VERSION: u32 = #version;
        const FINGERPRINT: u64 = #fingerprint;
    };
    block.finish(&added, problems)
}

fn read(which: Named, args: TokenStream, problems: &mut Problems) -> (LitStr, u32) {
    let (mut name, mut version) = (Slot::default(), Slot::default());
    let args = problems.keep(syn::parse::Parser::parse2(arg::parse_all, args));
    for arg in args.unwrap_or_default() {
        match arg.name().as_str() {
            "name" => {
                let text = arg.text().and_then(|text| names::checked("the name", text));
                name.set(&arg, text, problems);
            }
            "version" => version.set(&arg, arg.count(), problems),
            _ => problems.push(arg.unknown(KEYS)),
        }
    }
    let is_complete = problems.is_empty();
    let name = name.get().unwrap_or_else(|| {
        if is_complete {
            let (attribute, _, example) = which.words();
            let what = format!(
                "`name = \"..\"` is missing; the whole form is `#[{attribute}(name = \"{example}\")]`"
            );
            problems.push(syn::Error::new(Span::call_site(), what));
        }
        LitStr::new("", Span::call_site())
    });
    (name, version.get().unwrap_or(1))
}
