//! Which source wins is tested with the binary; this is about the definition.

use super::*;

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
