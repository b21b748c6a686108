//! The check: compares, and says what is wrong or takes in what is new.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{
    Block, Events, Failure, Lock,
    compare::{Change, Changed, compare},
    samples::{Sample, unreadable},
    today::{Today, today},
};
use crate::{Event, Upcasters};

/// Set to `accept`, compatible changes are written to the file.
const VARIABLE: &str = "ANNALS_SCHEMA";

/// Compares the event types `E`, one or a tuple of them, with a lock file. A relative path begins
/// at the crate whose test it is.
///
/// # Errors
/// What stored events would not survive; what they would, but is not in the file yet; a file that
/// cannot be read or written. It says what to do.
pub fn check<E: Events>(
    path: impl AsRef<Path>,
    upcasters: &Upcasters,
) -> Result<Accepted, Failure> {
    Check::new(path).upcasters(upcasters).run::<E>()
}

/// A check with details.
#[derive(Debug, Clone)]
pub struct Check {
    path: PathBuf,
    upcasters: Upcasters,
    samples: Vec<Sample>,
    accept: Option<Accept>,
}

/// Whether the file may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accept {
    Never,
    Compatible,
}

/// What was taken into the file; empty when it was up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    changes: Vec<Changed>,
}

impl Accepted {
    /// Whether the file was up to date.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.iter().try_for_each(|changed| write!(f, "{changed}"))
    }
}

impl Check {
    /// A check against a file.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        Self { path, upcasters: Upcasters::new(), samples: Vec::new(), accept: None }
    }

    /// The upcasters of the program.
    #[must_use]
    pub fn upcasters(self, upcasters: &Upcasters) -> Self {
        Self { upcasters: upcasters.clone(), ..self }
    }

    /// An event to keep as the sample of its schema version, unless the file has one already.
    /// The file keeps it when the schema version is long gone, and every check reads it as today's
    /// events, through the upcasters. Rules with context see no earlier events then.
    ///
    /// Its data is committed in plain text: do not use a real event.
    #[must_use]
    pub fn sample<E: Event>(mut self, event: &E) -> Self {
        self.samples.push(Sample::of(event));
        self
    }

    /// Takes compatible changes in, whatever the environment says.
    #[must_use]
    pub fn accept_compatible(self) -> Self {
        Self { accept: Some(Accept::Compatible), ..self }
    }

    /// Never changes the file, whatever the environment says.
    #[must_use]
    pub fn accept_nothing(self) -> Self {
        Self { accept: Some(Accept::Never), ..self }
    }

    /// Compares the event types `E` with the file.
    ///
    /// # Errors
    /// Those of [`check`].
    pub fn run<E: Events>(self) -> Result<Accepted, Failure> {
        let today = today::<E>()?;
        let mut lock = self.read()?;
        let compared = compare(&lock, &today, &self.upcasters);
        let mut changes = compared.map_err(|error| Failure::new(error.to_string()))?;
        if !changes.iter().any(Changed::is_breaking) {
            take_in(&mut lock, &today);
            changes.extend(self.add_samples(&mut lock)?);
        }
        changes.extend(unreadable::<E>(&lock, &self.upcasters));
        if changes.iter().any(Changed::is_breaking) {
            changes.retain(Changed::is_breaking);
            return Err(self.refusal(&changes));
        }
        if changes.is_empty() {
            return Ok(Accepted::default());
        }
        match self.accept.unwrap_or_else(Accept::of_environment) {
            Accept::Never => Err(self.outdated(&changes)),
            Accept::Compatible => self.write(&lock).map(|()| Accepted { changes }),
        }
    }

    /// The lock; a file that is not there is one without any type.
    fn read(&self) -> Result<Lock, Failure> {
        match fs::read_to_string(&self.path) {
            Ok(text) => text
                .parse()
                .map_err(|failure| Failure::new(format!("{}: {failure}", self.path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(self.trouble("read", &error)),
        }
    }

    fn write(&self, lock: &Lock) -> Result<(), Failure> {
        fs::write(&self.path, lock.to_string()).map_err(|error| self.trouble("written", &error))
    }

    fn trouble(&self, done: &str, error: &io::Error) -> Failure {
        let path = self.path.display();
        Failure::new(format!("the lock file {path} cannot be {done}: {error}"))
    }

    /// Puts samples where there is none yet.
    fn add_samples(&self, lock: &mut Lock) -> Result<Vec<Changed>, Failure> {
        let mut changes = Vec::new();
        for Sample { schema, data } in &self.samples {
            let data = data.clone().map_err(|error| Failure::new(error.to_string()))?;
            let key = (schema.name.to_owned(), schema.version);
            let block = lock.blocks.get_mut(&key).ok_or_else(|| {
                Failure::new(format!(
                    "a sample is of event type `{}`, which is none of those that are checked",
                    schema.name
                ))
            })?;
            if block.sample.is_none() {
                block.sample = Some(data);
                let change = Change::compatible("  + (a sample)\n".to_owned());
                changes.push(Changed::new(schema.name, schema.version, change));
            }
        }
        Ok(changes)
    }

    fn refusal(&self, changes: &[Changed]) -> Failure {
        Failure::new(format!(
            "stored events would not be readable any more (`-` is in {}, `+` in the program):\n\n\
             {}\nNothing was stored in these forms yet? Then take their blocks out of the file.",
            self.path.display(),
            listed(changes)
        ))
    }

    fn outdated(&self, changes: &[Changed]) -> Failure {
        Failure::new(format!(
            "{} does not have these changes yet, which stored events survive:\n\n{}\n\
             Run this test again with {VARIABLE}=accept, and commit the file.",
            self.path.display(),
            listed(changes)
        ))
    }
}

impl Accept {
    /// A build server must not take in what nobody looked at.
    fn of_environment() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match std::env::var(VARIABLE) {
            Ok(value) if value == "accept" && !is_set("CI") => Self::Compatible,
            _ => Self::Never,
        }
    }
}

fn listed(changes: &[Changed]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Puts today's forms into the lock. Old ones, and samples, stay.
fn take_in(lock: &mut Lock, today: &Today) {
    for schema in today.values() {
        let key = (schema.name.to_owned(), schema.version);
        let sample = lock.blocks.get(&key).and_then(|block| block.sample.clone());
        lock.blocks.insert(key, Block { sample, ..Block::of(schema) });
    }
}
