//! `annals users`.

mod served;

use crate::harness::Annals;

#[test]
fn a_key_is_made_listed_and_revoked() {
    let annals = Annals::new();
    let key = annals.ok(&["users", "key", "create", "shop", "--read-only"]);
    assert!(key.starts_with("annals_shop_") && key.trim().len() > 64, "{key}");
    annals.fails(4, &["users", "key", "create", "shop"]);
    annals.fails(2, &["users", "key", "create", "a_b"]);
    let listed = annals.json(&["users", "key", "ls"]);
    assert_eq!(listed[0]["name"], "shop");
    assert_eq!(listed[0]["access"], "read-only");
    let stored = annals.ok(&["read", "-o", "json"]);
    assert!(!stored.contains(key.trim()), "only its hash is stored");
    annals.ok(&["users", "key", "revoke", "shop"]);
    assert_eq!(annals.json(&["users", "key", "ls"]), serde_json::json!([]));
    annals.fails(4, &["users", "key", "revoke", "shop"]);
}

#[test]
fn a_key_for_a_file_makes_no_store() {
    let annals = Annals::new();
    let key = annals.ok(&["users", "key", "create", "shop", "--file", "keys.txt"]);
    annals.ok(&["users", "key", "create", "reports", "--read-only", "--file", "keys.txt"]);
    let file = std::fs::read_to_string(annals.path("keys.txt")).unwrap();
    assert_eq!(file.lines().count(), 2);
    assert!(file.starts_with("shop read-write "), "{file}");
    assert!(!file.contains(key.trim()));
    assert!(!annals.path("annals-data").exists());
}
