//! Changes to the files of a store, chosen by the bytes of an input.

use std::collections::BTreeMap;

/// Changes in one input at most: with more, nothing of a small store would be left.
const CHANGES_MAX: usize = 6;

/// Files by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The bytes of an input, taken one by one; zeros when they have run out.
#[derive(Debug)]
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number from 0 up to, but not including, `end`; 0 when there is none.
    fn below(&mut self, end: usize) -> usize {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        number % std::cmp::max(end, 1)
    }
}

/// Changes the files as the input says. Every other change is aimed at `favorite`.
pub(crate) fn apply(files: &mut Files, favorite: &str, choices: &mut Choices<'_>) {
    let mut changes = 0;
    while !choices.0.is_empty() && changes < CHANGES_MAX {
        changes += 1;
        let kind = choices.byte();
        let path = if kind & 0x80 == 0 { favorite.to_owned() } else { path(files, choices) };
        if let Some(bytes) = change(kind & 0x7F, &path, files, choices) {
            files.insert(path, bytes);
        } else {
            files.remove(&path);
        }
    }
}

fn path(files: &Files, choices: &mut Choices<'_>) -> String {
    let index = choices.below(files.len());
    files.keys().nth(index).cloned().unwrap_or_default()
}

/// The file after one change; `None` when it is lost.
fn change(kind: u8, path: &str, files: &Files, choices: &mut Choices<'_>) -> Option<Vec<u8>> {
    let mut bytes = files.get(path).cloned().unwrap_or_default();
    let at = choices.below(bytes.len());
    let mut stretch = |bytes: &[u8]| {
        let len = 1 + choices.below(128);
        at..std::cmp::min(bytes.len(), at + len)
    };
    match kind % 8 {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (choices.byte() % 8);
            }
        }
        2 => {
            let range = stretch(&bytes);
            bytes.get_mut(range)?.fill(0);
        }
        3 => bytes.get_mut(at..)?.fill(0),
        4 => bytes.truncate(at),
        5 => {
            let range = stretch(&bytes);
            bytes.get_mut(range)?.fill_with(|| choices.byte());
        }
        6 => {
            let from = files.get(&self::path(files, choices))?;
            let start = choices.below(from.len());
            let len = 1 + choices.below(256);
            let copied = from.iter().skip(start).take(len);
            bytes.iter_mut().skip(at).zip(copied).for_each(|(byte, copied)| *byte = *copied);
        }
        // A lost segment leaves no trace when it was the last, so only other files get lost.
        _ if !path.ends_with(".seg") => return None,
        _ => bytes.extend(vec![choices.byte(); 1 + choices.below(600)]),
    }
    Some(bytes)
}
