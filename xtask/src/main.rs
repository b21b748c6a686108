//! `cargo xtask`: the automation of this repository, one file per command.
//!
//! Nothing here ships with the product.
//! A command prints what it does while it does it, and exits non-zero when
//! anything it looked at was not in order.

mod bench;
mod book;
mod cargo;
mod ci;
mod codegen;
mod faults;
mod fuzz;
mod measures;
mod problem;
mod run;
mod services;
mod source;
mod tally;
mod test;
mod tidy;
mod workspace;

use std::env;
use std::process::ExitCode;

use problem::Problem;

/// One subcommand: what the user types, what `--help` says, what runs.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<ExitCode, Problem>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        arguments: "",
        about: "everything a change must pass: format, lints, services, tests, fuzz smoke",
        help: test::HELP,
        run: test::run,
    },
    Command {
        name: "ci",
        arguments: "",
        about: "what CI runs, in order: test, documentation, cargo-deny, tidy",
        help: ci::HELP,
        run: ci::run,
    },
    Command {
        name: "bench",
        arguments: "[ARGS]...",
        about: "run the benchmarks of bench/, for example `bench engine`",
        help: bench::HELP,
        run: bench::run,
    },
    Command {
        name: "faults",
        arguments: "cluster",
        about: "faults of a cluster at length, on real servers, with a report",
        help: faults::HELP,
        run: faults::run,
    },
    Command {
        name: "tidy",
        arguments: "",
        about: "check the house rules that no compiler checks",
        help: tidy::HELP,
        run: tidy::run,
    },
    Command {
        name: "codegen",
        arguments: "[--check]",
        about: "write the generated code of annals-proto anew",
        help: codegen::HELP,
        run: codegen::run,
    },
    Command {
        name: "measures",
        arguments: "",
        about: "print file sizes, long functions, unwraps and documentation per crate",
        help: measures::HELP,
        run: measures::run,
    },
    Command {
        name: "book",
        arguments: "",
        about: "build the book of docs/book with mdBook",
        help: book::HELP,
        run: book::run,
    },
    Command {
        name: "fuzz",
        arguments: "smoke",
        about: "run the fuzz targets briefly, from fixed seeds",
        help: fuzz::HELP,
        run: fuzz::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(args: &[String]) -> Result<ExitCode, Problem> {
    let Some((name, rest)) = args.split_first() else {
        print!("{}", overview());
        return Ok(ExitCode::from(2));
    };
    if is_help(name) || name == "help" {
        print!("{}", overview());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Problem::new(
            format!("there is no command `{name}`"),
            "xtask knows only the commands that its help lists",
            "cargo xtask --help",
        ));
    };
    // What follows `bench` belongs to the benchmark program, its `--help` too.
    if command.name != "bench" && rest.iter().any(|arg| is_help(arg)) {
        print!("{}", usage(command));
        return Ok(ExitCode::SUCCESS);
    }
    if command.arguments.is_empty() && !rest.is_empty() {
        return Err(Problem::new(
            format!("`cargo xtask {name}` takes no arguments, found `{}`", rest.join(" ")),
            "an argument that is ignored would look as if it had worked",
            format!("cargo xtask {name} --help"),
        ));
    }
    (command.run)(rest)
}

fn is_help(arg: &str) -> bool {
    arg == "--help" || arg == "-h"
}

fn overview() -> String {
    let mut text = String::from(
        "Automation of the Annals repository\n\nUsage: cargo xtask COMMAND\n\nCommands:\n",
    );
    for command in COMMANDS {
        let head = format!("{} {}", command.name, command.arguments);
        text.push_str(&format!("  {head:<16} {}\n", command.about));
    }
    text.push_str("\n`cargo xtask COMMAND --help` says more about one command.\n");
    text
}

fn usage(command: &Command) -> String {
    let head = format!("{} {}", command.name, command.arguments);
    format!("Usage: cargo xtask {}\n\n{}", head.trim_end(), command.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed_and_has_help() {
        let overview = overview();
        for command in COMMANDS {
            assert!(overview.contains(command.name), "{}", command.name);
            assert!(overview.contains(command.about), "{}", command.name);
            assert!(command.help.ends_with('\n'), "{}", command.name);
        }
    }

    #[test]
    fn an_unknown_command_says_where_to_look() {
        let problem = dispatch(&["tset".into()]).unwrap_err().to_string();
        assert!(problem.contains("`tset`"), "{problem}");
        assert!(problem.contains("cargo xtask --help"), "{problem}");
    }

    #[test]
    fn a_stray_argument_is_refused() {
        let problem = dispatch(&["tidy".into(), "--fast".into()]).unwrap_err().to_string();
        assert!(problem.contains("takes no arguments, found `--fast`"), "{problem}");
    }
}
