//! Misuse of the macros is refused at the token that is wrong, in words that say what to do.
//!
//! After a change of a message, `TRYBUILD=overwrite cargo test -p annals-derive --test ui` writes
//! the new ones; read the difference.

#[test]
fn misuse_is_refused_where_it_stands() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/ui/pass/*.rs");
    tests.compile_fail("tests/ui/fail/*.rs");
}
