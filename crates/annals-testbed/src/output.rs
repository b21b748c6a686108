//! Running a program to its end and taking its output, or saying why it failed.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Problem;

/// How much of an error output or a log goes into a problem.
const LINES_SHOWN: usize = 15;

/// What `command` prints, without the newline at the end.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Problem> {
    let program = command.get_program().to_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Problem::starting(Path::new(&program), &error))?;
    if output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        return Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned());
    }
    Err(Problem::new(
        format!("`{}` failed with {}", Path::new(&program).display(), output.status),
        end_of(&String::from_utf8_lossy(&output.stderr)),
        "what it said stands before this",
    ))
}

/// The last lines of `text`.
pub(crate) fn end_of(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    let skipped = lines.len().saturating_sub(LINES_SHOWN);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_comes_without_its_last_newline() {
        assert_eq!(output_of(Command::new("echo").arg("a\n")), Ok("a\n".to_owned()));
    }

    #[test]
    fn a_failure_shows_what_the_program_said() {
        let failed = output_of(Command::new("sh").args(["-c", "echo no >&2; exit 3"])).unwrap_err();
        assert_eq!(failed.why(), "no");
    }

    #[test]
    fn only_the_end_of_a_long_text_is_shown() {
        let text: String = (0..100).map(|i| format!("line {i}\n")).collect();
        assert!(end_of(&text).starts_with("line 85\n") && end_of(&text).ends_with("line 99"));
    }
}
