//! The arguments of all attributes here: `name`, `name = value`, `name(arguments)` or a literal.

use proc_macro2::Span;
use syn::{
    Ident, Lit, LitStr, Token, Type,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Paren,
};

use crate::problems::Problems;

pub(crate) struct Arg {
    name: Option<Ident>,
    value: Value,
}

pub(crate) enum Value {
    None,
    Lit(Lit),
    Type(Box<Type>),
    List(Vec<Arg>),
}

/// All arguments of one attribute.
pub(crate) fn parse_all(input: ParseStream<'_>) -> syn::Result<Vec<Arg>> {
    Ok(Punctuated::<Arg, Token![,]>::parse_terminated(input)?.into_iter().collect())
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Lit) {
            return Ok(Self { name: None, value: Value::Lit(input.parse()?) });
        }
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            value_after_equals(input)?
        } else if input.peek(Paren) {
            let inner;
            parenthesized!(inner in input);
            Value::List(parse_all(&inner)?)
        } else {
            Value::None
        };
        Ok(Self { name: Some(name), value })
    }
}

/// A type covers the names too, such as the field in `key = order`.
fn value_after_equals(input: ParseStream<'_>) -> syn::Result<Value> {
    if input.peek(Lit) {
        return Ok(Value::Lit(input.parse()?));
    }
    Ok(Value::Type(Box::new(input.parse()?)))
}

impl Arg {
    /// The name, empty for a bare literal.
    pub(crate) fn name(&self) -> String {
        self.name.as_ref().map(|name| name.unraw().to_string()).unwrap_or_default()
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        match (&self.name, &self.value) {
            (Some(name), _) => name.span(),
            (None, Value::Lit(lit)) => lit.span(),
            (None, _) => Span::call_site(),
        }
    }

    /// Where its value stands, or the argument when it has none.
    fn value_span(&self) -> Span {
        match &self.value {
            Value::Lit(lit) => lit.span(),
            Value::Type(ty) => syn::spanned::Spanned::span(ty),
            Value::None | Value::List(_) => self.span(),
        }
    }

    pub(crate) fn error(&self, what: impl std::fmt::Display) -> syn::Error {
        syn::Error::new(self.span(), what)
    }

    /// The string in `name = "text"`.
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        match &self.value {
            Value::Lit(Lit::Str(text)) => Ok(text.clone()),
            _ => Err(self.wants("a string", "\"..\"")),
        }
    }

    /// The number in `name = 2`, which is at least 1.
    pub(crate) fn count(&self) -> syn::Result<u32> {
        let Value::Lit(Lit::Int(number)) = &self.value else {
            return Err(self.wants("a number", "1"));
        };
        let count = number.base10_parse::<u32>()?;
        if count == 0 {
            return Err(syn::Error::new_spanned(number, "this counts from 1"));
        }
        Ok(count)
    }

    /// The type in `name = Type`.
    pub(crate) fn ty(&self) -> syn::Result<Type> {
        match &self.value {
            Value::Type(ty) => Ok((**ty).clone()),
            _ => Err(self.wants("a type", "AccountId")),
        }
    }

    /// The name in `name = other`.
    pub(crate) fn ident(&self) -> syn::Result<Ident> {
        let path = match &self.value {
            Value::Type(ty) => match &**ty {
                Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
                _ => None,
            },
            _ => None,
        };
        path.cloned().ok_or_else(|| self.wants("the name of a field", "order"))
    }

    /// The arguments in `name(..)`.
    pub(crate) fn list(&self) -> syn::Result<&[Self]> {
        match &self.value {
            Value::List(list) => Ok(list),
            _ => {
                let name = self.name();
                Err(syn::Error::new(
                    self.value_span(),
                    format!("`{name}` takes a list: `{name}(..)`"),
                ))
            }
        }
    }

    /// The string, when the argument is nothing but one.
    pub(crate) fn bare_text(&self) -> syn::Result<LitStr> {
        match (&self.name, &self.value) {
            (None, Value::Lit(Lit::Str(text))) => Ok(text.clone()),
            _ => Err(self.error("a string is expected here: `\"..\"`")),
        }
    }

    fn wants(&self, what: &str, example: &str) -> syn::Error {
        let name = self.name();
        let message = format!("`{name}` takes {what}: `{name} = {example}`");
        syn::Error::new(self.value_span(), message)
    }

    /// The argument is none of those that are known here.
    pub(crate) fn unknown(&self, known: &[&str]) -> syn::Error {
        let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        let known = known.join(", ");
        match &self.name {
            Some(name) => self.error(format!("unknown key `{name}`; the keys here are {known}")),
            None => self.error(format!("say which key this is; the keys here are {known}")),
        }
    }
}

/// What one argument says; each may be said once.
pub(crate) struct Slot<T>(Option<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub(crate) fn set(&mut self, arg: &Arg, value: syn::Result<T>, problems: &mut Problems) {
        let is_set = self.0.is_some();
        if is_set {
            problems.push(arg.error(format!("`{}` is given twice", arg.name())));
        } else if let Some(value) = problems.keep(value) {
            self.0 = Some(value);
        }
    }

    pub(crate) fn get(self) -> Option<T> {
        self.0
    }

    pub(crate) const fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }
}
