//! `annals cert`.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::harness::Annals;

#[test]
fn a_certificate_for_local_use_has_its_keys_for_the_owner_alone() {
    let annals = Annals::new();
    let said = annals.ok(&["cert", "dev"]);
    let ca = fs::canonicalize(annals.path("annals-certs/ca.pem")).unwrap();
    let url = format!("kurrentdb://admin:PASSWORD@localhost:2113?tlsCaFile={}", ca.display());
    assert!(said.lines().any(|line| line == url), "{said}");
    for (name, mode) in [("ca.key", 0o600), ("server.key", 0o600), ("server.pem", 0o644)] {
        let path = annals.path("annals-certs").join(name);
        let found = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
}

#[test]
fn another_certificate_comes_from_the_same_authority() {
    let annals = Annals::new();
    let read = |name: &str| fs::read_to_string(annals.path("certs").join(name)).unwrap();
    annals.ok(&["cert", "dev", "--dir", "certs"]);
    let (authority, server) = (read("ca.pem"), read("server.pem"));
    annals.ok(&["cert", "dev", "--dir", "certs", "--host", "db.internal", "10.0.0.7"]);
    assert_eq!(read("ca.pem"), authority);
    assert_ne!(read("server.pem"), server);
}
