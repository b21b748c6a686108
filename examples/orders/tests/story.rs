//! The example runs to its end, where everything it claims has been checked.

use std::process::Command;

#[test]
fn the_story_ends_well() {
    let told = Command::new(env!("CARGO_BIN_EXE_orders")).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}
