//! Which source wins is tested with the binary; this is about the definition.

use std::{collections::BTreeSet, fs};

use super::*;

/// A file of the repository.
fn file_of(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn serve() -> Command {
    let mut definition = cli::definition();
    definition.build();
    definition.find_subcommand(SERVE).unwrap().clone()
}

#[test]
fn every_flag_of_the_server_is_a_setting_with_a_variable_of_its_own() {
    let serve = serve();
    let own = serve.get_arguments().filter(|arg| !arg.is_global_set());
    for arg in own.filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version")) {
        let flag = arg.get_long().unwrap_or_else(|| panic!("{arg:?} has no long name"));
        let variable = arg.get_env().unwrap_or_else(|| panic!("--{flag} has no variable"));
        let variable = variable.to_str().unwrap();
        let expected = format!("ANNALS_{}", flag.replace('-', "_").to_uppercase());
        // The short name that everybody tries first.
        assert!(variable == expected || variable == "ANNALS_LOG", "--{flag}: {variable}");
    }
}

#[test]
fn what_sounds_like_a_secret_is_hidden() {
    let serve = serve();
    for arg in settings(&serve) {
        let flag = arg.get_long().unwrap();
        let sounds = ["password", "secret", "token"].iter().any(|word| flag.contains(word));
        // The path of a file with a secret is none.
        if sounds && !flag.ends_with("-file") {
            assert!(arg.is_hide_env_values_set(), "--{flag} shows its value");
        }
    }
}

#[test]
fn a_command_without_a_file_of_settings_is_left_alone() {
    let args: Vec<OsString> = ["annals", "read", "account-1"].map(Into::into).into();
    let (filled, settings) = fill(args.clone()).unwrap_or_else(|_| panic!("nothing is wrong"));
    assert_eq!(filled, args);
    assert!(settings.list.is_empty());
}

#[test]
fn every_variable_that_is_packaged_or_documented_is_one() {
    let serve = serve();
    let mut known: BTreeSet<_> = settings(&serve)
        .map(|arg| arg.get_env().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    // The one that names the file, one for the build, and the beginning of all.
    known.extend(["ANNALS_CONFIG", "ANNALS_COMMIT", "ANNALS_"].map(str::to_owned));
    let files =
        ["packaging/annals.service", "packaging/Dockerfile", "docs/book/src/how-to/serve.md"];
    for file in files {
        let text = file_of(file);
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for word in words.filter(|word| word.starts_with("ANNALS_")) {
            assert!(known.contains(word), "{file}: {word}");
        }
    }
}

#[test]
fn the_settings_in_the_book_are_settings() {
    let page = file_of("docs/book/src/how-to/serve.md");
    let blocks: Vec<_> = page.split("```toml\n").skip(1).collect();
    assert!(!blocks.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("annals.toml");
    for block in blocks {
        let block = block.split("```").next().unwrap();
        fs::write(&path, block).unwrap();
        let entries = file::read(&serve(), &path);
        let entries = entries.unwrap_or_else(|failure| panic!("{failure:?}: {block}"));
        assert_eq!(entries.len(), block.lines().count());
    }
}
