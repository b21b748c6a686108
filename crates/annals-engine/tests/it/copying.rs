//! Copies of a store that is being written: each is a beginning of it.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::support::{append, open, read_all};

const COPIES: usize = 8;

#[test]
fn a_copy_of_a_store_in_use_is_a_beginning_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (from, is_copied) = (dir.path().join("store"), AtomicBool::new(false));
    let engine = open(&from);
    append(&engine, "s-0", 0).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 1;
            while !is_copied.load(Ordering::Acquire) {
                append(&engine, &format!("s-{}", number % 7), number).unwrap();
                number += 1;
            }
        });
        for number in 0..COPIES {
            annals_engine::copy(&from, &dir.path().join(number.to_string())).unwrap();
        }
        is_copied.store(true, Ordering::Release);
    });
    let all = read_all(&engine);
    let mut least = 1;
    for number in 0..COPIES {
        let folder = dir.path().join(number.to_string());
        assert!(!fs::exists(folder.join("LOCK")).unwrap());
        let copied = read_all(&open(&folder));
        assert!(copied.len() >= least, "a later copy has less");
        assert!(all.starts_with(&copied), "copy {number}");
        least = copied.len();
    }
}
