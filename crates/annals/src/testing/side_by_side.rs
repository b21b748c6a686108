//! Two lists beside each other, so that one sees where they differ.

use std::fmt::Write as _;

/// A table of what was expected and what is there; `=` marks what is the same, `!` what differs,
/// `-` what is missing and `+` what is too much.
pub(super) fn table<T: PartialEq>(
    expected: &[T],
    actual: &[T],
    text: impl Fn(&T) -> String,
) -> String {
    let rows: Vec<_> = aligned(expected, actual)
        .into_iter()
        .map(|(expected, actual)| {
            let mark = match (expected, actual) {
                (Some(expected), Some(actual)) if expected == actual => '=',
                (Some(_), Some(_)) => '!',
                (Some(_), None) => '-',
                (None, _) => '+',
            };
            (mark, expected.map_or_else(String::new, &text), actual.map_or_else(String::new, &text))
        })
        .collect();
    let lengths = rows.iter().map(|(_, expected, _)| expected.chars().count());
    let width = lengths.chain(["expected".len()]).max().unwrap_or_default();
    let mut table = format!("    {:width$} | actual\n", "expected");
    for (mark, expected, actual) in rows {
        let line = format!("  {mark} {expected:width$} | {actual}");
        // Writing to a string cannot fail.
        writeln!(table, "{}", line.trim_end()).ok();
    }
    table
}

/// Pairs off what is equal, as much as the order allows, and what stands between.
fn aligned<'a, T: PartialEq>(
    expected: &'a [T],
    actual: &'a [T],
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut rows = Vec::new();
    let (mut expected, mut actual) = (expected, actual);
    while let Some((before, equal)) = first_pair(expected, actual) {
        rows.extend(unequal(&expected[..before.0], &actual[..before.1]));
        rows.push((Some(equal), actual.get(before.1)));
        expected = &expected[before.0 + 1..];
        actual = &actual[before.1 + 1..];
    }
    rows.extend(unequal(expected, actual));
    rows
}

/// The nearest pair of equals: how much stands before each, and which it is.
fn first_pair<'a, T: PartialEq>(
    expected: &'a [T],
    actual: &[T],
) -> Option<((usize, usize), &'a T)> {
    let pairs = expected.iter().enumerate().filter_map(|(left, one)| {
        let right = actual.iter().position(|other| one == other)?;
        Some(((left, right), one))
    });
    pairs.min_by_key(|((left, right), _)| left + right)
}

fn unequal<'a, T>(
    expected: &'a [T],
    actual: &'a [T],
) -> impl Iterator<Item = (Option<&'a T>, Option<&'a T>)> {
    let count = std::cmp::max(expected.len(), actual.len());
    (0..count).map(|index| (expected.get(index), actual.get(index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &[&str], actual: &[&str]) -> String {
        table(expected, actual, |text| (*text).to_owned())
    }

    #[test]
    fn equals_stand_beside_each_other() {
        assert_eq!(
            shown(&["a", "longer one", "b", "c"], &["a", "x", "b", "d", "c", "e"]),
            "    expected   | actual\n  = a          | a\n  ! longer one | x\n  = b          | b\n  \
             +            | d\n  = c          | c\n  +            | e\n"
        );
        assert_eq!(shown(&["a"], &[]), "    expected | actual\n  - a        |\n");
    }
}
