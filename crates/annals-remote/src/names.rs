//! Names that an error or a store has for the life of the program, as they come over the wire.

use std::collections::BTreeSet;

use parking_lot::Mutex;

/// The most names that are kept. Servers have a few dozen.
const NAMES_MAX: usize = 512;
/// The longest name that is kept, in bytes.
const NAME_BYTES_MAX: usize = 64;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The same name for the life of the program. Each is kept once; where a server sends more or
/// longer ones than any of ours does, `instead` stands for them, so that memory stays bounded.
pub(crate) fn kept(name: &str, instead: &'static str) -> &'static str {
    let mut names = NAMES.lock();
    if let Some(kept) = names.get(name) {
        return kept;
    }
    if names.len() >= NAMES_MAX || name.len() > NAME_BYTES_MAX {
        return instead;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_a_long_one_not_at_all() {
        let again = String::from_iter(["sql", "state"]);
        assert!(std::ptr::eq(kept("sqlstate", ""), kept(&again, "")));
        assert_eq!(kept(&"x".repeat(NAME_BYTES_MAX + 1), "other"), "other");
    }
}
