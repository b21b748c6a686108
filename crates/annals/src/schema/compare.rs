//! The lock against the program: what stored events survive, and what they do not.

use annals_core::{EventType, Result};

use super::{Block, Lock, fields, today::Today};
use crate::{EventSchema, Upcasters};

/// A difference between the lock and the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// What is different, as in a diff; whole lines.
    lines: String,
    /// Why stored events do not survive it.
    why: Option<String>,
}

impl Change {
    pub(super) const fn compatible(lines: String) -> Self {
        Self { lines, why: None }
    }

    pub(super) fn breaking(lines: String, why: impl Into<String>) -> Self {
        Self { lines, why: Some(why.into()) }
    }

    pub(super) const fn is_breaking(&self) -> bool {
        self.why.is_some()
    }
}

/// The changes of one type in one schema version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) changes: Vec<Change>,
    /// What to do when the changes are breaking.
    pub(super) advice: Option<String>,
}

impl Changed {
    pub(super) fn new(name: &str, version: u32, change: Change) -> Self {
        Self { name: name.to_owned(), version, changes: vec![change], advice: None }
    }

    pub(super) fn is_breaking(&self) -> bool {
        self.changes.iter().any(Change::is_breaking)
    }
}

impl std::fmt::Display for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "event {} version {}", self.name, self.version)?;
        for change in &self.changes {
            f.write_str(&change.lines)?;
            if let Some(why) = &change.why {
                writeln!(f, "    {why}")?;
            }
        }
        match &self.advice {
            Some(advice) => writeln!(f, "  {advice}"),
            None => Ok(()),
        }
    }
}

/// All differences, the types in order.
///
/// # Errors
/// The upcasters contradict each other.
pub(super) fn compare(lock: &Lock, today: &Today, upcasters: &Upcasters) -> Result<Vec<Changed>> {
    let mut changed = Vec::new();
    for schema in today.values() {
        changed.extend(of_today(lock, schema));
        changed.extend(turned_away(schema, upcasters)?);
    }
    for (name, version) in lock.blocks.keys() {
        let is_today = today.get(name.as_str()).is_some_and(|schema| schema.version == *version);
        if !is_today {
            changed.extend(of_old(name, *version, today, upcasters)?);
        }
    }
    changed.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
    Ok(changed)
}

/// What is new about a type of today.
fn of_today(lock: &Lock, schema: &EventSchema) -> Option<Changed> {
    let (name, version, block) = (schema.name, schema.version, Block::of(schema));
    let latest = lock.latest(name);
    if let Some(locked) = lock.blocks.get(&(name.to_owned(), version))
        && latest == Some(version)
    {
        let changes = fields::changes(locked, &block);
        let advice = format!(
            "or: give it schema version {}, and bring version {version} there with an upcaster",
            version + 1
        );
        let advice = changes.iter().any(Change::is_breaking).then_some(advice);
        let changed = Changed { name: name.to_owned(), version, changes, advice };
        return (!changed.changes.is_empty()).then_some(changed);
    }
    let change = match latest {
        Some(latest) if latest > version => Change::breaking(
            format!("  - version {latest}\n  + version {version}\n"),
            format!(
                "the schema version goes backwards, and stored events in version {latest} would \
                 not be read; go on with version {}",
                latest + 1
            ),
        ),
        _ => Change::compatible(added(&block)),
    };
    Some(Changed::new(name, version, change))
}

fn added(block: &Block) -> String {
    if block.fields.is_empty() {
        return "  + (no fields)\n".to_owned();
    }
    block.fields.iter().map(|field| format!("  + {field}\n")).collect()
}

/// An upcaster for what is written today.
fn turned_away(schema: &EventSchema, upcasters: &Upcasters) -> Result<Option<Changed>> {
    let (name, version) = (schema.name, schema.version);
    let rule = upcasters.rule_for(&EventType::new(name)?, version)?;
    Ok(rule.map(|rule| {
        let why = "this is today's form, but an upcaster turns it into something else; take the \
                   rule away, or give the type its next schema version";
        Changed::new(name, version, Change::breaking(format!("  ! {rule}\n"), why))
    }))
}

/// What stored events in an older form become.
fn of_old(
    name: &str,
    version: u32,
    today: &Today,
    upcasters: &Upcasters,
) -> Result<Option<Changed>> {
    let stored = (EventType::new(name.to_owned())?, version);
    let mut changes = Vec::new();
    for end in upcasters.ends(&stored)? {
        let now = today.get(end.0.as_str()).map(|schema| schema.version);
        let why = match now {
            Some(now) if now == end.1 => continue,
            // Its own line says already that the schema version goes backwards.
            Some(now) if end == stored && now < version => continue,
            Some(now) if end == stored => format!(
                "no upcaster is for this schema version, and today's is {now}; add a `lift` or a \
                 `typed` from version {version}"
            ),
            None if end == stored => "no Rust type holds it any more, and no upcaster is for it; \
                 add a `rename` to its new name, or a `drop` if it means nothing today"
                .to_owned(),
            Some(now) => {
                format!("upcasters make it version {} of `{}`, and today's is {now}", end.1, end.0)
            }
            None => format!(
                "upcasters make it version {} of `{}`, which no Rust type holds",
                end.1, end.0
            ),
        };
        changes.push(Change::breaking("  - (the stored events)\n".to_owned(), why));
    }
    let changed = Changed { name: name.to_owned(), version, changes, advice: None };
    Ok((!changed.changes.is_empty()).then_some(changed))
}
