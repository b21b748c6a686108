//! The direction of dependencies between our crates, and what none of them
//! may pull in; the rules of ARCHITECTURE.md as tables.
//!
//! Dev-dependencies are free, except that nothing depends on the CLI: tests of
//! a crate may use what its users never get. The fuzz targets do, because they
//! test what it reads and nobody can depend on them.

use super::Finding;
use super::manifest::{Dependency, Manifest, Reach};

const CORE: &str = "annals-core";
const CLI: &str = "annals-cli";
const TESTBED: &str = "annals-testbed";
/// Who may depend on the CLI.
const MAY_USE_CLI: [&str; 3] = [CLI, "annals-fuzz", "xtask"];

/// Each crate of ours, and those of ours that it may depend on.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    (CORE, &[]),
    ("annals-derive", &[]),
    ("annals-engine", &[CORE]),
    ("annals-postgres", &[CORE]),
    ("annals-cluster", &[CORE, "annals-engine"]),
    ("annals-client", &[CORE]),
    ("annals-kurrentdb", &[CORE, "annals-client", "annals-proto"]),
    ("annals-remote", &[CORE, "annals-client", "annals-proto"]),
    ("annals-admin", &[CORE, "annals-client", "annals-kurrentdb", "annals-proto", "annals-remote"]),
    (TESTBED, &[]),
    ("annals-testkit", &[CORE, "annals-engine"]),
    (
        "annals",
        &[
            CORE,
            "annals-derive",
            "annals-engine",
            "annals-postgres",
            "annals-cluster",
            "annals-kurrentdb",
            "annals-remote",
        ],
    ),
    ("annals-codegen", &[]),
    ("annals-proto", &[]),
    ("annals-server", &[CORE, "annals-proto"]),
    (CLI, &[CORE, "annals", "annals-admin", "annals-engine", "annals-server"]),
    ("xtask", &[CLI, TESTBED]),
];

/// Libraries by what they are for; a name stands for `name` and `name-*`.
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "async-io", "async-executor", "glommio"];
const DATABASES: &[&str] = &[
    "sqlx",
    "tokio-postgres",
    "postgres",
    "diesel",
    "rusqlite",
    "libsqlite3-sys",
    "redis",
    "mongodb",
    "lsm-tree",
    "fjall",
    "redb",
    "sled",
    "rocksdb",
    "heed",
];
const WIRE: &[&str] = &["tonic", "prost", "protobuf", "hyper", "axum", "h2"];
const NETWORK: &[&str] = &["async-nats", "nats", "reqwest", "tower", "quinn", "rustls"];
const DISK: &[&str] = &["fs4", "memmap2", "tempfile", "rustix"];

/// What `annals-core` must never depend on.
const NOT_IN_CORE: &[(&str, &[&str])] = &[
    ("an async runtime", RUNTIMES),
    ("a database", DATABASES),
    ("a wire library", WIRE),
    ("a network library", NETWORK),
    ("a file library", DISK),
];

/// The only crates that may see wire types, and the one that writes them.
const WIRE_CRATES: &[&str] = &[
    "annals-admin",
    "annals-client",
    "annals-codegen",
    "annals-kurrentdb",
    "annals-proto",
    "annals-remote",
    "annals-server",
];

pub(super) fn check(manifest: &Manifest, _root: &Manifest) -> Vec<Finding> {
    let Some(package) = manifest.package() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    findings.extend(missing_row(manifest, package));
    for dependency in manifest.dependencies() {
        let reason = reason_against(package, &dependency);
        findings.extend(
            reason.map(|(what, hint)| Finding::new(&manifest.path, dependency.line, what, hint)),
        );
    }
    findings
}

/// A new crate of ours needs a decision about what it may depend on.
fn missing_row(manifest: &Manifest, package: &str) -> Option<Finding> {
    let is_ours = manifest.path.starts_with("crates/");
    if !is_ours || row(package).is_some() {
        return None;
    }
    let what = format!("`{package}` has no row in the table of dependencies");
    Some(Finding::new(&manifest.path, 1, what, "add one to xtask/src/tidy/dependencies.rs"))
}

/// Why `package` must not have this dependency, and what to do instead.
fn reason_against(package: &str, dependency: &Dependency) -> Option<(String, &'static str)> {
    let name = dependency.package.as_str();
    if name == CLI && !MAY_USE_CLI.contains(&package) {
        let hint = "move what is needed into a library crate";
        return Some((format!("`{package}` depends on the CLI"), hint));
    }
    if dependency.reach != Reach::Normal {
        return None;
    }
    if row(name).is_some() && row(package).is_some_and(|allowed| !allowed.contains(&name)) {
        let what =
            format!("`{package}` depends on `{name}`, against the direction of dependencies");
        return Some((what, "see the map in ARCHITECTURE.md"));
    }
    if package == CORE {
        let (kind, _) = NOT_IN_CORE.iter().find(|(_, names)| is_one_of(name, names))?;
        let what = format!("`{CORE}` depends on `{name}`, {kind}");
        return Some((what, "keep it in a backend or behind a trait"));
    }
    if is_one_of(name, WIRE) && row(package).is_some() && !WIRE_CRATES.contains(&package) {
        let what = format!("`{package}` depends on the wire library `{name}`");
        return Some((what, "wire types live in annals-proto and annals-server"));
    }
    None
}

fn row(package: &str) -> Option<&'static [&'static str]> {
    MAY_DEPEND_ON.iter().find(|(name, _)| *name == package).map(|(_, allowed)| *allowed)
}

fn is_one_of(name: &str, families: &[&str]) -> bool {
    families.iter().any(|family| {
        name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::manifest::sample;
    use super::*;

    fn check_one(package: &str, section: &str, dependency: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{package}\"\n[{section}]\n{dependency} = \"1\"\n");
        let manifest = sample(&format!("crates/{package}/Cargo.toml"), &text);
        let findings = check(&manifest, &sample("Cargo.toml", ""));
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn dependencies_against_the_direction_are_reported() {
        for (package, dependency) in [
            ("annals-core", "annals-engine"),
            ("annals-engine", "annals"),
            ("annals-engine", "annals-testkit"),
            ("annals-postgres", "annals-engine"),
            ("annals-server", "annals-engine"),
            ("annals-testbed", "annals-core"),
            ("annals", "annals-server"),
            ("annals", "annals-cli"),
        ] {
            let found = check_one(package, "dependencies", dependency);
            assert_eq!(found.len(), 1, "{package} {dependency}: {found:?}");
            assert!(found[0].starts_with(&format!("crates/{package}/Cargo.toml:4: ")), "{found:?}");
        }
    }

    #[test]
    fn core_stays_free_of_runtimes_databases_wires_and_files() {
        for dependency in ["tokio", "tokio-util", "lsm-tree", "tonic-build", "async-nats", "fs4"] {
            assert_eq!(
                check_one("annals-core", "dependencies", dependency).len(),
                1,
                "{dependency}"
            );
            assert_eq!(check_one("annals-core", "build-dependencies", dependency).len(), 1);
        }
        assert!(check_one("annals-core", "dependencies", "bytes").is_empty());
        assert!(check_one("annals-core", "dependencies", "tokiox").is_empty());
    }

    #[test]
    fn wire_types_live_in_two_crates() {
        assert_eq!(check_one("annals-engine", "dependencies", "prost-types").len(), 1);
        assert!(check_one("annals-server", "dependencies", "tonic").is_empty());
        assert!(check_one("annals-proto", "dependencies", "prost").is_empty());
    }

    #[test]
    fn dev_dependencies_are_free_but_for_the_cli() {
        assert!(check_one("annals-core", "dev-dependencies", "tokio").is_empty());
        assert!(check_one("annals-engine", "dev-dependencies", "annals-testkit").is_empty());
        assert_eq!(check_one("annals", "dev-dependencies", "annals-cli").len(), 1);
    }

    #[test]
    fn the_fuzz_targets_may_use_the_cli() {
        let text = "[package]\nname = \"annals-fuzz\"\n[dependencies]\nannals-cli = \"1\"\n";
        let manifest = sample("fuzz/Cargo.toml", text);
        assert_eq!(check(&manifest, &sample("Cargo.toml", "")).len(), 0);
    }

    #[test]
    fn a_crate_without_a_row_is_reported() {
        assert_eq!(check_one("annals-new", "dependencies", "bytes").len(), 1);
    }
}
