//! Installing packages where this is one command: with apt-get, as root or
//! with a sudo that asks for no password.
//!
//! Of PostgreSQL only the programs are wanted. Debian would also make a first data folder and
//! start a server on it; a file that is there only meanwhile keeps it from that.
//! Every command is printed before it runs.

use std::env;
use std::process::{Command, Stdio};

use annals_testbed::postgres::PROGRAMS_FOLDER;

use crate::problem::Problem;

const PACKAGE: &str = "postgresql";

/// Read by Debian's scripts when the package is installed.
const MAKE_NO_CLUSTER: &str = "mkdir -p /etc/postgresql-common/createcluster.d && \
     echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/annals.conf";
const FORGET_NO_CLUSTER: &str = "rm -f /etc/postgresql-common/createcluster.d/annals.conf";

/// Another installation may be under way; wait for it, in seconds.
const LOCK: &str = "DPkg::Lock::Timeout=120";

/// By which right packages are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rights {
    Root,
    Sudo,
}

/// What matters of this machine.
#[derive(Debug, Clone, Copy)]
struct Machine {
    /// The environment says which PostgreSQL it has to be.
    names_folder: bool,
    has_apt: bool,
    rights: Option<Rights>,
}

/// Installs PostgreSQL's programs, or says why it is left to the user.
pub(super) fn postgres() -> Result<(), Problem> {
    let rights = may_install(Machine::look())?;
    run(rights, &["sh", "-c", MAKE_NO_CLUSTER])?;
    let installed = install(rights, PACKAGE);
    run(rights, &["sh", "-c", FORGET_NO_CLUSTER])?;
    installed
}

fn may_install(machine: Machine) -> Result<Rights, Problem> {
    let left = |why| {
        Problem::new(
            "PostgreSQL is not installed",
            why,
            format!("install its server, or set {PROGRAMS_FOLDER} to the folder of its programs"),
        )
    };
    if machine.names_folder {
        return Err(left("another one than the one that the environment names would not be used"));
    }
    if !machine.has_apt {
        return Err(left("there is no apt-get to install it with"));
    }
    machine.rights.ok_or_else(|| left("only root can install it, and sudo asks for a password"))
}

/// Installs a package that has nothing to be kept from, or says why it is left to the user.
pub(super) fn package(package: &str, missing: &str) -> Result<(), Problem> {
    let machine = Machine { names_folder: false, ..Machine::look() };
    let rights = may_install(machine).map_err(|_| {
        Problem::new(
            missing,
            "installing it takes apt-get, and root or a sudo that asks for no password",
            format!("install the package `{package}`"),
        )
    })?;
    install(rights, package)
}

/// The lists of packages are fetched only if they do not lead to the package.
fn install(rights: Rights, package: &str) -> Result<(), Problem> {
    if is_well(Command::new("apt-get").args(["install", "--simulate", package]))
        && run(rights, &install_command(package)).is_ok()
    {
        return Ok(());
    }
    run(rights, &["apt-get", "update"])?;
    run(rights, &install_command(package))
}

fn install_command(package: &str) -> [&str; 9] {
    let [apt, install, yes] = ["apt-get", "install", "--yes"];
    let quiet = "DEBIAN_FRONTEND=noninteractive";
    ["env", quiet, apt, install, yes, "--no-install-recommends", "-o", LOCK, package]
}

fn run(rights: Rights, words: &[&str]) -> Result<(), Problem> {
    let words = with_rights(rights, words);
    println!("$ {}", shown(&words));
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).status();
    let status = status.map_err(|error| Problem::starting(program, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Problem::new(
        format!("`{program}` failed with {status}"),
        "its own words stand above",
        "run it by hand and see what it misses",
    ))
}

/// What the user would type.
fn shown(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| match word.contains(' ') {
        true => format!("\"{word}\""),
        false => (*word).to_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn with_rights<'a>(rights: Rights, words: &[&'a str]) -> Vec<&'a str> {
    match rights {
        Rights::Root => words.to_vec(),
        Rights::Sudo => ["sudo", "-n"].into_iter().chain(words.iter().copied()).collect(),
    }
}

impl Machine {
    fn look() -> Self {
        let has_apt = is_well(Command::new("apt-get").arg("--version"));
        let user = Command::new("id").arg("-u").output();
        let is_root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
        let rights = if is_root {
            Some(Rights::Root)
        } else {
            is_well(Command::new("sudo").args(["-n", "true"])).then_some(Rights::Sudo)
        };
        Self { names_folder: env::var_os(PROGRAMS_FOLDER).is_some(), has_apt, rights }
    }
}

/// Whether a command can be run and succeeds; what it says is not wanted.
fn is_well(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(has_apt: bool, rights: Option<Rights>) -> Result<Rights, String> {
        may_install(Machine { names_folder: false, has_apt, rights })
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn nothing_is_installed_in_place_of_what_the_environment_names() {
        let machine = Machine { names_folder: true, has_apt: true, rights: Some(Rights::Root) };
        let reason = may_install(machine).unwrap_err().to_string();
        assert!(reason.contains("the environment names"), "{reason}");
    }

    #[test]
    fn packages_are_installed_only_where_nobody_is_asked() {
        assert_eq!(check(true, Some(Rights::Root)), Ok(Rights::Root));
        assert_eq!(check(true, Some(Rights::Sudo)), Ok(Rights::Sudo));
        let reason = check(true, None).unwrap_err();
        assert!(reason.contains("sudo asks for a password"), "{reason}");
        let reason = check(false, Some(Rights::Root)).unwrap_err();
        assert!(reason.contains("no apt-get"), "{reason}");
    }

    #[test]
    fn an_ordinary_user_goes_through_a_sudo_that_never_asks() {
        assert_eq!(with_rights(Rights::Root, &["a", "b"]), ["a", "b"]);
        assert_eq!(with_rights(Rights::Sudo, &["a", "b"]), ["sudo", "-n", "a", "b"]);
    }

    #[test]
    fn the_package_comes_alone_and_without_questions() {
        let words = shown(&install_command(PACKAGE));
        assert!(words.starts_with("env DEBIAN_FRONTEND=noninteractive apt-get install --yes "));
        assert!(words.contains("--no-install-recommends") && words.ends_with(" postgresql"));
    }
}
