//! `annals demo`.

use crate::harness::Annals;

#[test]
fn the_demo_tells_its_story_and_leaves_nothing_behind() {
    let annals = Annals::new();
    let temporary = annals.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = annals.command().env("TMPDIR", &temporary).arg("demo").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for step in 1..=10 {
        assert!(text.contains(&format!("\n{step}. ")), "step {step}:\n{text}");
    }
    assert!(text.contains("expected version 50, but it is at version 51"), "{text}");
    assert!(text.contains("Try next:"), "{text}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(!annals.path("annals-data").exists());
}
