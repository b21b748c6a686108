//! The tree's own list of its tables, and the contents of each table, checked before the tree
//! reads them.
//!
//! The tree writes a checksum of the list beside it, in the file `current`, and never looks at
//! that again; that of a table's contents it checks after reading them. Damage in either makes it
//! panic, or ask for more memory than there is, which ends the process.
//!
//! A table that is not in the list is the rest of one that was being written when the process was
//! killed. The tree removes it, so its contents do not matter.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_128;

use crate::format::Damaged;

/// Names the list and its checksum: number (8 bytes), XXH3 of 128 bits, kind of checksum (1 byte),
/// little endian.
const CURRENT: &str = "current";

/// The folder of the tables.
const TABLES: &str = "tables";
/// The last bytes of a table.
const LAST_BYTES: usize = 38;
/// Contents are a dozen names.
const CONTENTS_BYTES_MAX: u64 = 64 * 1024;

const MALFORMED: Damaged = Damaged("the note on the list of tables is malformed");
const MISSING: Damaged = Damaged("the list of tables is missing");
const UNREADABLE: Damaged = Damaged("a table cannot be read");
const NOT_A_LIST: Damaged = Damaged("the list of tables cannot be read");
const NO_LIST: Damaged = Damaged("there are tables without a list of them");
const NO_CONTENTS: Damaged = Damaged("a table does not end as it should");
const OTHER_CONTENTS: Damaged = Damaged("the contents of a table are not what was written");
const CHANGED: Damaged = Damaged("the list of tables is not what was written");

/// Checks what the tree in a folder trusts blindly, if there is a tree.
pub(super) fn check(dir: &Path) -> Result<(), Damaged> {
    let Some(list) = check_list(dir)? else {
        let has_tables =
            fs::read_dir(dir.join(TABLES)).is_ok_and(|mut tables| tables.next().is_some());
        return if has_tables { Err(NO_LIST) } else { Ok(()) };
    };
    for number in listed(&list)? {
        check_contents(&dir.join(TABLES).join(number.to_string()))?;
    }
    Ok(())
}

/// The names of all tables in a folder, listed or not.
pub(super) fn all(dir: &Path) -> io::Result<BTreeSet<OsString>> {
    fs::read_dir(dir.join(TABLES))?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// Removes the tables that are neither among these nor in the list. The tree does so only when it
/// is opened; what cannot be removed takes room until then, and harms nobody.
pub(super) fn keep(dir: &Path, these: &BTreeSet<OsString>) {
    let Ok(Some(list)) = check_list(dir) else { return };
    let (Ok(listed), Ok(now)) = (listed(&list), all(dir)) else { return };
    let listed: BTreeSet<OsString> =
        listed.iter().map(|number| number.to_string().into()).collect();
    for name in now.difference(these).filter(|name| !listed.contains(*name)) {
        drop(fs::remove_file(dir.join(TABLES).join(name)));
    }
}

/// Checks the list of tables, and says where it is; `None` where there is no tree.
fn check_list(dir: &Path) -> Result<Option<PathBuf>, Damaged> {
    let current = match fs::read(dir.join(CURRENT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        current => current.map_err(|_| MALFORMED)?,
    };
    let (number, rest) = current.split_first_chunk().ok_or(MALFORMED)?;
    let (checksum, kind) = rest.split_first_chunk().ok_or(MALFORMED)?;
    if kind != [0] {
        return Err(MALFORMED);
    }
    let path = dir.join(format!("v{}", u64::from_le_bytes(*number)));
    let list = fs::read(&path).map_err(|_| MISSING)?;
    let is_same = xxh3_128(&list) == u128::from_le_bytes(*checksum);
    if is_same { Ok(Some(path)) } else { Err(CHANGED) }
}

/// The numbers of the tables in the list. It holds for each level how many runs it has (1 byte),
/// for each run how many tables (4), and for each table its number (8), the kind of its checksum
/// (1), the checksum (16) and a sequence number (8), little endian.
fn listed(list: &Path) -> Result<Vec<u64>, Damaged> {
    let read = || -> io::Result<Vec<u64>> {
        let archive = sfa::Reader::new(list).map_err(io::Error::other)?;
        let section = archive.toc().section(b"tables").ok_or(io::ErrorKind::NotFound)?;
        let mut section = section.buf_reader(list)?;
        let mut numbers = Vec::new();
        let [levels] = bytes(&mut section)?;
        for _ in 0..levels {
            let [runs] = bytes(&mut section)?;
            for _ in 0..runs {
                for _ in 0..u32::from_le_bytes(bytes(&mut section)?) {
                    numbers.push(u64::from_le_bytes(bytes(&mut section)?));
                    let _checksum_and_sequence: [u8; 25] = bytes(&mut section)?;
                }
            }
        }
        Ok(numbers)
    };
    read().map_err(|_| NOT_A_LIST)
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Checks the contents of a table: where its parts are. They stand in front of its last bytes,
/// which hold: magic (4 bytes), version (1), kind of checksum (1), XXH3 of 128 bits over the
/// contents, their place (8) and length (8), little endian.
fn check_contents(table: &Path) -> Result<(), Damaged> {
    let mut file = File::open(table).map_err(|_| UNREADABLE)?;
    let mut last = [0; LAST_BYTES];
    let from_end = -(LAST_BYTES as i64);
    file.seek(SeekFrom::End(from_end)).map_err(|_| NO_CONTENTS)?;
    file.read_exact(&mut last).map_err(|_| NO_CONTENTS)?;
    let Some((head, rest)) = last.split_first_chunk::<6>() else { return Err(NO_CONTENTS) };
    let Some((checksum, rest)) = rest.split_first_chunk::<16>() else { return Err(NO_CONTENTS) };
    let Some((place, len)) = rest.split_first_chunk::<8>() else { return Err(NO_CONTENTS) };
    let Some(len) = len.first_chunk::<8>() else { return Err(NO_CONTENTS) };
    let len = u64::from_le_bytes(*len);
    if *head != *b"SFA!\x01\x00" || len > CONTENTS_BYTES_MAX {
        return Err(NO_CONTENTS);
    }
    file.seek(SeekFrom::Start(u64::from_le_bytes(*place))).map_err(|_| NO_CONTENTS)?;
    let mut contents = vec![0; usize::try_from(len).unwrap_or(0)];
    file.read_exact(&mut contents).map_err(|_| NO_CONTENTS)?;
    let is_same = xxh3_128(&contents) == u128::from_le_bytes(*checksum);
    if is_same { Ok(()) } else { Err(OTHER_CONTENTS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tree::Tree;

    #[test]
    fn every_changed_byte_of_the_list_and_its_note_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check_list(dir.path()), Ok(None));
        drop(Tree::open(dir.path(), 1 << 20).unwrap());
        assert_eq!(check_list(dir.path()), Ok(Some(dir.path().join("v0"))));
        for name in [CURRENT, "v0"] {
            let path = dir.path().join(name);
            let good = fs::read(&path).unwrap();
            for at in 0..good.len() {
                let mut damaged = good.clone();
                damaged[at] ^= 0x10;
                fs::write(&path, damaged).unwrap();
                assert!(check_list(dir.path()).is_err(), "byte {at} of {name}");
            }
            fs::write(&path, good).unwrap();
        }
        fs::remove_file(dir.path().join("v0")).unwrap();
        assert_eq!(check_list(dir.path()), Err(MISSING));
    }
}
