//! `#[aggregate(..)]` on `impl Aggregate for ..`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{LitStr, Type};

use super::{block::Block, snapshot};
use crate::{
    arg::{self, Arg, Slot},
    names,
    problems::Problems,
};

const KEYS: &[&str] = &["stream", "tag", "types", "key", "needs", "snapshot", "version", "unknown"];
const FORM: &str = "#[aggregate(stream = \"account\", key = AccountId)]";

/// What the attribute says.
#[derive(Default)]
struct Said {
    stream: Slot<LitStr>,
    tag: Slot<LitStr>,
    types: Slot<LitStr>,
    key: Slot<Type>,
    needs: Slot<TokenStream>,
    snapshot: Slot<TokenStream>,
    version: Slot<u32>,
    unknown: Slot<TokenStream>,
}

pub(crate) fn aggregate(args: TokenStream, item: &TokenStream) -> TokenStream {
    let block = match Block::split(item, "aggregate", "Aggregate") {
        Ok(block) => block,
        Err(problem) => {
            let problem = problem.into_compile_error();
            return quote!(#item #problem);
        }
    };
    let mut problems = Problems::default();
    let said = Said::read(args, &mut problems);
    let added = said.expand(&block, &mut problems);
    block.finish(&added, problems)
}

impl Said {
    fn read(args: TokenStream, problems: &mut Problems) -> Self {
        let mut said = Self::default();
        let args = problems.keep(syn::parse::Parser::parse2(arg::parse_all, args));
        for arg in args.unwrap_or_default() {
            said.take(&arg, problems);
        }
        said
    }

    fn take(&mut self, arg: &Arg, problems: &mut Problems) {
        let category = || arg.text().and_then(names::checked_category);
        match arg.name().as_str() {
            "stream" => self.stream.set(arg, category(), problems),
            "tag" => self.tag.set(arg, category(), problems),
            "types" => self.types.set(arg, category(), problems),
            "needs" => self.needs.set(arg, needs(arg), problems),
            "key" => self.key.set(arg, arg.ty(), problems),
            "version" => self.version.set(arg, arg.count(), problems),
            "unknown" => self.unknown.set(arg, unknown(arg), problems),
            "snapshot" => {
                let snapshots = snapshot::snapshots(arg, problems);
                self.snapshot.set(arg, snapshots, problems);
            }
            _ => problems.push(arg.unknown(KEYS)),
        }
        let scopes = [&self.stream, &self.tag, &self.types];
        if scopes.iter().filter(|slot| slot.as_ref().is_some()).count() > 1 {
            let what = "an aggregate is found by `stream`, by `tag` or by `types`, by one of them";
            problems.push(arg.error(what));
            (self.tag, self.types) = (Slot::default(), Slot::default());
        }
    }

    /// What is missing is noted, and stood in for, so that it is reported once.
    fn expand(self, block: &Block, problems: &mut Problems) -> TokenStream {
        let is_complete = problems.is_empty();
        let mut missing = |what: &str| {
            if is_complete {
                let message = format!("{what} is missing; the whole form is `{FORM}`");
                problems.push(syn::Error::new(Span::call_site(), message));
            }
        };
        let (scope, category) = match (self.stream.get(), self.tag.get(), self.types.get()) {
            (Some(stream), _, _) => (quote!(Stream), stream),
            (None, Some(tag), _) => (quote!(Tag), tag),
            (None, None, Some(types)) => (quote!(Types), types),
            (None, None, None) => {
                missing("`stream = \"..\"`, the category of its streams,");
                (quote!(Stream), LitStr::new("", Span::call_site()))
            }
        };
        let key = self.key.get().unwrap_or_else(|| {
            missing("`key = ..`, the type that names one aggregate,");
            syn::parse_quote!(::std::string::String)
        });
        let fingerprint = block.fingerprint(self.version.get().unwrap_or(1));
        // Without these, the trait's own answers hold.
        let snapshots = self
            .snapshot
            .get()
            .map(|snapshots| quote!(const SNAPSHOTS: ::annals::Snapshots = #snapshots;));
        let needs = self
            .needs
            .get()
            .map(|needs| quote!(const NEEDS: ::annals::Needs = ::annals::Needs::#needs;));
        let unknown = self
            .unknown
            .get()
            .map(|unknown| quote!(const UNKNOWN: ::annals::Unknown = ::annals::Unknown::#unknown;));
        quote! {
            type Key = #key;
            const CATEGORY: &'static str = #category;
            const SCOPE: ::annals::Scope = ::annals::Scope::#scope;
            const FINGERPRINT: u64 = #fingerprint;
            #snapshots
            #needs
            #unknown
        }
    }
}

fn needs(arg: &Arg) -> syn::Result<TokenStream> {
    let text = arg.text()?;
    match text.value().as_str() {
        "every" => Ok(quote!(Every)),
        "last" => Ok(quote!(Last)),
        _ => Err(syn::Error::new_spanned(text, "`needs` is `\"every\"` or `\"last\"`")),
    }
}

fn unknown(arg: &Arg) -> syn::Result<TokenStream> {
    let text = arg.text()?;
    match text.value().as_str() {
        "skip" => Ok(quote!(Skip)),
        "refuse" => Ok(quote!(Refuse)),
        _ => Err(syn::Error::new_spanned(text, "`unknown` is `\"skip\"` or `\"refuse\"`")),
    }
}
