//! Passwords in a file: a line for each place, `host:port:database:user:password`.
//!
//! `*` stands for anything, and a `\` keeps the character after it from dividing. A file that
//! others may read is not used, as in libpq.

use std::path::Path;

use super::server::{Place, Server};

/// Whom a password is for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) server: &'a Server,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The text of a file that only its owner may read.
pub(super) fn read(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() {
        return None;
    }
    if is_open(&metadata) {
        tracing::warn!(path = %path.display(), "the file of passwords is readable by others and not used");
        return None;
    }
    std::fs::read_to_string(path).ok()
}

#[cfg(unix)]
fn is_open(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// The password of the first line that fits.
pub(super) fn find(text: &str, wanted: Wanted<'_>) -> Option<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(fields).find_map(|fields| password(&fields, wanted))
}

fn password(fields: &[String], wanted: Wanted<'_>) -> Option<String> {
    let [host, port, database, user, password] = fields else { return None };
    let own_host = match &wanted.server.place {
        Place::Name(name) => name.as_str(),
        Place::Folder(_) => "localhost",
    };
    let own_port = wanted.server.port.to_string();
    let fits = |field: &str, own: &str| field == "*" || field == own;
    let is_it = fits(host, own_host)
        && fits(port, &own_port)
        && fits(database, wanted.database)
        && fits(user, wanted.user);
    is_it.then(|| password.clone())
}

/// The fields of a line; the fifth has the rest of it.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_divided = character == ':' && fields.len() < 5;
        let literal = if character == '\\' { characters.next() } else { Some(character) };
        if is_divided {
            fields.push(String::new());
        } else if let (Some(field), Some(literal)) = (fields.last_mut(), literal) {
            field.push(literal);
        }
    }
    fields
}
