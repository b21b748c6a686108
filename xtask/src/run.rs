//! A run: named steps, one after the other, timed and counted.
//!
//! A failed step does not stop the run, so that one run shows everything that
//! is wrong.
//! At its end a run names the tests that failed.
//! The last line of a run is the tally, and it never claims more than what
//! happened: a step that fails without a failing test (a lint, a build error)
//! counts as one failure, and a step that cannot run counts as one skip.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cargo;
use crate::problem::Problem;
use crate::tally::{self, Tally};

/// What became of the steps so far.
#[derive(Debug, Default)]
pub(crate) struct Run {
    tally: Tally,
    steps: Vec<Done>,
    /// Each test that failed, after its step.
    failed: Vec<String>,
}

/// What the harnesses of a step said.
#[derive(Debug, Default)]
struct Said {
    tally: Tally,
    failed: Vec<String>,
}

#[derive(Debug)]
struct Done {
    name: String,
    outcome: Outcome,
    took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// How long steps have before others run beside them.
const HEAD_START: Duration = Duration::from_secs(5);

/// A command to be run beside steps.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) command: Command,
}

/// A command that was run, and all that it printed.
struct Heard {
    name: String,
    shown: String,
    ended: io::Result<(bool, Vec<u8>)>,
    took: Duration,
}

impl Heard {
    fn of(Step { name, command }: Step) -> Self {
        let start = Instant::now();
        let ended = gently(&command).stdin(Stdio::null()).output().map(|output| {
            let mut printed = output.stderr;
            printed.extend(output.stdout);
            (output.status.success(), printed)
        });
        Self { name, shown: cargo::shown(&command), ended, took: start.elapsed() }
    }
}

/// The command, with what else runs going first.
fn gently(command: &Command) -> Command {
    let mut gently = Command::new("nice");
    gently.arg(command.get_program()).args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        gently.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => gently.env(name, value),
            None => gently.env_remove(name),
        };
    }
    gently
}

/// How much a run depends on something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Without it the run has failed.
    Required,
    /// Without it some tests are skipped.
    Wanted,
}

impl Run {
    /// Runs a command, shows its output as it comes and counts its tests.
    pub(crate) fn step(&mut self, name: &str, command: Command) {
        announce(name, &cargo::shown(&command));
        let start = Instant::now();
        match watch(command) {
            Ok((is_well, said)) => self.hear(name, is_well, said, start.elapsed()),
            Err(error) => self.fail(name, &Problem::starting("cargo", &error)),
        }
    }

    /// Runs commands one after the other beside steps, which go first: many tests wait for disks
    /// and servers, and leave the processors to a build. What the commands print is shown when the
    /// steps are done.
    pub(crate) fn beside(&mut self, commands: Vec<Step>, steps: impl FnOnce(&mut Self)) {
        let run_all = || {
            // Cargo builds one thing at a time in a folder. The first step, which has nothing to
            // build, goes first, or it would wait for all that is built here.
            thread::park_timeout(HEAD_START);
            commands.into_iter().map(Heard::of).collect::<Vec<_>>()
        };
        let heard = thread::scope(|scope| {
            let beside = scope.spawn(run_all);
            steps(self);
            beside.join()
        });
        match heard {
            Ok(heard) => heard.into_iter().for_each(|heard| self.take(heard, io::stdout().lock())),
            Err(_) => self.fail("beside", &Problem::new("a step panicked", "see above", "fix it")),
        }
    }

    fn take(&mut self, heard: Heard, to: impl Write) {
        announce(&heard.name, &heard.shown);
        match heard.ended {
            Ok((is_well, output)) => {
                let said = stream(&output[..], to).unwrap_or_default();
                self.hear(&heard.name, is_well, said, heard.took);
            }
            Err(error) => self.fail(&heard.name, &Problem::starting("cargo", &error)),
        }
    }

    /// Runs a check of our own; it prints what it finds and says whether all is well.
    pub(crate) fn check(&mut self, name: &str, check: fn() -> Result<bool, Problem>) {
        announce(name, &format!("cargo xtask {name}"));
        let start = Instant::now();
        match check() {
            Ok(is_well) => self.record(name, is_well, Tally::default(), start.elapsed()),
            Err(problem) => self.fail(name, &problem),
        }
    }

    /// Makes what later steps build on; without it the run goes on.
    pub(crate) fn prepare<T>(
        &mut self,
        name: &str,
        what: &str,
        need: Need,
        make: impl FnOnce() -> Result<T, Problem>,
    ) -> Option<T> {
        announce(name, what);
        let start = Instant::now();
        match (make(), need) {
            (Ok(made), _) => {
                self.record(name, true, Tally::default(), start.elapsed());
                return Some(made);
            }
            (Err(problem), Need::Required) => self.fail(name, &problem),
            (Err(problem), Need::Wanted) => self.skip(name, &problem.reason()),
        }
        None
    }

    /// Notes a step that should have run but could not.
    pub(crate) fn fail(&mut self, name: &str, problem: &Problem) {
        println!("{problem}");
        self.record(name, false, Tally::default(), Duration::ZERO);
    }

    /// Notes a step that cannot run here, and why.
    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        announce(name, &format!("skipped: {reason}"));
        self.tally.skipped += 1;
        self.push(name, Outcome::Skipped, Duration::ZERO);
    }

    /// Prints the table of steps and, as the last line, the tally.
    pub(crate) fn finish(self) -> ExitCode {
        println!("\n== steps");
        for done in &self.steps {
            let outcome = match done.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "FAILED",
                Outcome::Skipped => "skipped",
            };
            println!("{:<16} {outcome:<8} {:>7.1} s", done.name, done.took.as_secs_f64());
        }
        if !self.failed.is_empty() {
            println!("\n== failed");
        }
        for failed in &self.failed {
            println!("{failed}");
        }
        println!("\n{}", self.tally);
        if self.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn hear(&mut self, name: &str, is_well: bool, said: Said, took: Duration) {
        self.failed.extend(said.failed.into_iter().map(|test| format!("{name}: {test}")));
        self.record(name, is_well, said.tally, took);
    }

    fn record(&mut self, name: &str, is_well: bool, mut tally: Tally, took: Duration) {
        if !is_well && tally.failed == 0 {
            tally.failed = 1;
        }
        let outcome = if tally.failed == 0 { Outcome::Passed } else { Outcome::Failed };
        self.tally += tally;
        self.push(name, outcome, took);
    }

    fn push(&mut self, name: &str, outcome: Outcome, took: Duration) {
        self.steps.push(Done { name: name.to_owned(), outcome, took });
    }
}

fn announce(name: &str, what: &str) {
    println!("\n== {name}: {what}");
}

/// Runs `command`; whether it succeeded, and what its test programs reported.
fn watch(mut command: Command) -> io::Result<(bool, Said)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let said = match child.stdout.take() {
        Some(stdout) => stream(stdout, io::stdout().lock())?,
        None => Said::default(),
    };
    Ok((child.wait()?.success(), said))
}

/// Copies `from` to `to` line by line, and notes what harnesses say on the way.
fn stream(from: impl Read, mut to: impl Write) -> io::Result<Said> {
    let mut said = Said::default();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        let text = String::from_utf8_lossy(&line);
        if let Some(summary) = Tally::from_line(&text) {
            said.tally += summary;
        }
        said.failed.extend(tally::failed_test(&text).map(str::to_owned));
        line.clear();
    }
    to.flush()?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_passes_through_unchanged_and_is_counted() {
        let output = b"a\xff\ntest a ... FAILED\n\
            test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured\nno newline";
        let mut copy = Vec::new();
        let said = stream(&output[..], &mut copy).unwrap();
        assert_eq!(copy, output);
        assert_eq!(said.tally, Tally { passed: 2, failed: 1, skipped: 1 });
        assert_eq!(said.failed, ["a"]);
    }

    #[test]
    fn a_step_that_fails_without_a_failing_test_counts_as_one_failure() {
        let mut run = Run::default();
        run.record("lints", false, Tally::default(), Duration::ZERO);
        assert_eq!(run.tally.failed, 1);
    }

    #[test]
    fn failing_tests_are_not_counted_twice() {
        let mut run = Run::default();
        run.record("tests", false, Tally { passed: 1, failed: 3, skipped: 0 }, Duration::ZERO);
        assert_eq!(run.tally, Tally { passed: 1, failed: 3, skipped: 0 });
    }

    fn echo(name: &str, text: &str) -> Step {
        let mut command = Command::new("sh");
        command.args(["-c", "printf '%s\\n' \"$TEXT\""]).env("TEXT", text);
        Step { name: name.to_owned(), command }
    }

    #[test]
    fn what_runs_beside_stands_after_the_steps() {
        let mut run = Run::default();
        run.beside(vec![echo("one", "1"), echo("two", "2")], |run| {
            run.record("steps", true, Tally::default(), Duration::ZERO);
        });
        let names: Vec<_> = run.steps.iter().map(|done| done.name.as_str()).collect();
        assert_eq!(names, ["steps", "one", "two"]);
    }

    #[test]
    fn what_runs_beside_is_counted() {
        let mut run = Run::default();
        let summary = "test a ... FAILED\ntest result: FAILED. 2 passed; 1 failed; 1 ignored;";
        run.take(Heard::of(echo("one", summary)), io::sink());
        run.take(Heard::of(echo("two", summary)), io::sink());
        assert_eq!(run.tally, Tally { passed: 4, failed: 2, skipped: 2 });
        assert_eq!(run.failed, ["one: a", "two: a"]);
    }

    #[test]
    fn a_step_that_cannot_run_counts_as_a_skip() {
        let mut run = Run::default();
        run.skip("deny", "it is not installed");
        assert_eq!(run.tally, Tally { passed: 0, failed: 0, skipped: 1 });
    }

    #[test]
    fn what_cannot_be_prepared_is_skipped_or_fails_as_needed() {
        let missing = || Err::<(), _>(Problem::new("it is missing", "so it is", "get it"));
        let mut run = Run::default();
        assert_eq!(run.prepare("services", "it", Need::Wanted, missing), None);
        assert_eq!(run.tally, Tally { passed: 0, failed: 0, skipped: 1 });
        assert_eq!(run.prepare("services", "it", Need::Required, missing), None);
        assert_eq!(run.tally, Tally { passed: 0, failed: 1, skipped: 1 });
        assert_eq!(run.prepare("services", "it", Need::Required, || Ok(7)), Some(7));
        assert_eq!(run.tally, Tally { passed: 0, failed: 1, skipped: 1 });
    }
}
