//! Telling the story: numbered steps, and claims that were checked.

use std::{
    io::{self, Write},
    time::Duration,
};

use crate::{
    exit::Exit,
    failure::{Failure, Result},
    output::Style,
};

/// Prints the story.
#[derive(Debug)]
pub(super) struct Teller {
    style: Style,
    step: u32,
    claims: u32,
}

impl Teller {
    pub(super) fn new(style: Style) -> Self {
        Self { style, step: 0, claims: 0 }
    }

    fn line(&self, line: &str) -> Result<()> {
        let mut stdout = io::stdout();
        writeln!(stdout, "{line}")?;
        // Somebody is watching.
        Ok(stdout.flush()?)
    }

    pub(super) fn title(&self, text: &str) -> Result<()> {
        self.line(&self.style.bold(text))
    }

    /// Begins a step.
    pub(super) fn step(&mut self, text: &str) -> Result<()> {
        self.step += 1;
        let title = self.style.bold(&format!("{}. {text}", self.step));
        self.line(&format!("\n{title}"))
    }

    /// Something to see.
    pub(super) fn show(&self, text: &str) -> Result<()> {
        self.line(&format!("       {}", self.style.dim(text)))
    }

    /// A claim, told only if it holds.
    pub(super) fn claim(&mut self, holds: bool, text: &str) -> Result<()> {
        if !holds {
            return Err(Failure::new(
                Exit::Failure,
                format!("step {} of the demo failed", self.step),
                format!("this does not hold: {text}"),
                "this is a defect of annals; report it with this message",
            ));
        }
        self.claims += 1;
        self.line(&format!("   {}  {text}", self.style.green("ok")))
    }

    /// What was checked, and what to do next.
    pub(super) fn end(&self, took: Duration) -> Result<()> {
        let program = std::env::args().next().unwrap_or_else(|| "annals".to_owned());
        let checked = format!(
            "{} claims in {} steps hold. It took {:.1} s, and the folder is gone.",
            self.claims,
            self.step,
            took.as_secs_f64()
        );
        self.line(&format!("\n{}\n\nTry next:", self.style.bold(&checked)))?;
        for (command, why) in [
            ("append account-1 opened '{\"owner\":\"Ann\"}'", "a first event in ./annals-data"),
            ("read account-1", "read it back"),
            ("help import", "bring events of your own"),
        ] {
            self.line(&format!("  {program} {command:<44}{}", self.style.dim(why)))?;
        }
        Ok(())
    }
}

/// A time as people say it.
pub(super) fn took(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        _ if micros < 1_000.0 => format!("{micros:.0} us"),
        _ if micros < 1_000_000.0 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// A number with separators between the thousands.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(took(Duration::from_micros(12)), "12 us");
        assert_eq!(took(Duration::from_millis(3)), "3.0 ms");
        assert_eq!(took(Duration::from_secs(2)), "2.00 s");
    }
}
