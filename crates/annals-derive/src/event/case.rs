//! Names in other cases: kebab-case for event types, and serde's rules for fields.

/// `OrderPlaced` as `order-placed`; a run of capitals is one word, `HTTPFailed` is `http-failed`.
pub(super) fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut kebab = String::new();
    for (i, letter) in letters.iter().enumerate() {
        if *letter == '_' {
            kebab.push('-');
            continue;
        }
        let before = i.checked_sub(1).and_then(|before| letters.get(before));
        if before.is_some_and(|before| starts_word(*before, *letter, letters.get(i + 1))) {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

fn starts_word(before: char, letter: char, after: Option<&char>) -> bool {
    let ends_capitals = before.is_uppercase() && after.is_some_and(|after| after.is_lowercase());
    letter.is_uppercase() && (before.is_lowercase() || before.is_numeric() || ends_capitals)
}

/// A field, which is in snake_case, as serde's `rename_all` stores it. A rule that serde does not
/// know changes nothing here; serde itself refuses it.
pub(super) fn rename_field(name: &str, rule: &str) -> String {
    match rule {
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => name.to_ascii_uppercase(),
        "PascalCase" => pascal(name),
        "camelCase" => camel(name),
        "kebab-case" => name.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => name.to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

fn pascal(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut letters = pascal.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_types_are_kebab_case() {
        for (name, expected) in [
            ("Opened", "opened"),
            ("OrderPlaced", "order-placed"),
            ("HTTPFailed", "http-failed"),
            ("V2Opened", "v2-opened"),
            ("Level3Reached", "level3-reached"),
            ("SeenByA", "seen-by-a"),
            ("Already_Split", "already-split"),
        ] {
            assert_eq!(kebab(name), expected);
        }
    }

    #[test]
    fn fields_are_renamed_as_serde_does() {
        for (rule, expected) in [
            ("lowercase", "opened_at"),
            ("UPPERCASE", "OPENED_AT"),
            ("PascalCase", "OpenedAt"),
            ("camelCase", "openedAt"),
            ("snake_case", "opened_at"),
            ("SCREAMING_SNAKE_CASE", "OPENED_AT"),
            ("kebab-case", "opened-at"),
            ("SCREAMING-KEBAB-CASE", "OPENED-AT"),
        ] {
            assert_eq!(rename_field("opened_at", rule), expected);
        }
    }
}
