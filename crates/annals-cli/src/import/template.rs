//! Templates: text with `{column}` in it.

use std::{borrow::Cow, str::FromStr};

use annals::{Error, Result};

/// Text in which `{name}` stands for the value of a column or field; `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template<F = String> {
    parts: Vec<Part<F>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part<F> {
    Text(String),
    Field(F),
}

impl FromStr for Template {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let broken = |why: &str| Error::invalid(format!("template `{text}`: {why}"));
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            literal.push_str(before);
            if let Some(next) = after.strip_prefix("{{").or_else(|| after.strip_prefix("}}")) {
                literal.extend(after.chars().next());
                rest = next;
                continue;
            }
            let Some(inside) = after.strip_prefix('{') else {
                return Err(broken("a `}` without its `{`; write `}}` for a brace"));
            };
            let Some((name, next)) = inside.split_once('}') else {
                return Err(broken("a `{` without its `}`; write `{{` for a brace"));
            };
            if name.is_empty() || name.contains('{') {
                return Err(broken("name a column between `{` and `}`"));
            }
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Field(name.to_owned()));
            rest = next;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }
}

impl Template {
    /// The template as text.
    pub(super) fn source(&self) -> String {
        let part = |part: &Part<String>| match part {
            Part::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Part::Field(field) => format!("{{{field}}}"),
        };
        self.parts.iter().map(part).collect()
    }
}

impl<F> Template<F> {
    /// The columns it names.
    pub fn fields(&self) -> impl Iterator<Item = &F> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(field) => Some(field),
            Part::Text(_) => None,
        })
    }

    /// The same template with columns named in another way.
    pub(super) fn resolve<G>(&self, find: impl Fn(&F) -> Result<G>) -> Result<Template<G>> {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => Ok(Part::Text(text.clone())),
            Part::Field(field) => find(field).map(Part::Field),
        });
        Ok(Template { parts: parts.collect::<Result<_>>()? })
    }

    /// The text with the values in place.
    pub(super) fn expand<'v>(
        &self,
        mut value: impl FnMut(&F) -> Result<Cow<'v, str>, String>,
    ) -> Result<String, String> {
        let mut expanded = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => expanded.push_str(text),
                Part::Field(field) => expanded.push_str(&value(field)?),
            }
        }
        Ok(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: &str) {
        let found = match template.parse::<Template>() {
            Ok(template) => template.expand(|name| Ok(format!("<{name}>").into())).unwrap(),
            Err(error) => error.kind().code().to_owned(),
        };
        assert_eq!(found, expected, "{template}");
    }

    #[test]
    fn names_in_braces_become_values() {
        check("case-{id}", "case-<id>");
        check("{a}{b c}", "<a><b c>");
        check("plain", "plain");
        check("", "");
        check("{{{a}}}", "{<a>}");
    }

    #[test]
    fn the_source_of_a_template_is_its_text() {
        for text in ["case-{id}", "{{{a}}}", "", "{a}{b c}}}"] {
            assert_eq!(text.parse::<Template>().unwrap().source(), text);
        }
    }

    #[test]
    fn lone_braces_are_refused() {
        for template in ["{", "}", "a{b", "a}b", "{}", "{a{b}"] {
            check(template, "invalid_argument");
        }
    }
}
