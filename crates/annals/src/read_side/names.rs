//! Which names projections and tables may have: they become part of SQL.

use annals_core::{Error, Result};

/// Longest name, so that the version and the generation still fit behind it in any database.
const NAME_BYTES_MAX: usize = 40;

/// Checks the name of a projection or a table.
pub(super) fn check(what: &str, name: &str) -> Result<()> {
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_reserved = ["annals_", "sqlite_", "pg_"].iter().any(|own| name.starts_with(own));
    let is_fine = begins
        && name.bytes().all(is_word)
        && name.len() <= NAME_BYTES_MAX
        && !name.contains("__")
        && !is_reserved;
    if is_fine {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{what} `{name}` cannot stand in SQL everywhere; use a-z, 0-9 and single `_`, a letter \
         first, at most {NAME_BYTES_MAX} bytes, and not the beginning `annals_`, `sqlite_` or `pg_`"
    )))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn words_are_names_and_nothing_else_is() {
        for name in ["balances", "a", "order_lines_2"] {
            check("the table", name).unwrap();
        }
        let long = "x".repeat(41);
        for name in ["", "Balances", "1st", "a__b", "a b", "a;b", "annals_x", "\u{e9}", &long] {
            assert!(check("the table", name).is_err(), "{name}");
        }
    }
}
