//! A small disk of its own for one node, which can be filled.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

use crate::cases::Cannot;

/// Its size, as `mount` wants it: enough for a round, without what fills it.
const SIZE: &str = "size=192m";

/// A file system in memory, gone when this is dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    dir: PathBuf,
}

impl SmallDisk {
    /// Mounts it on a new folder.
    ///
    /// # Errors
    /// This process may not.
    pub(crate) fn mount(at: &Path) -> Result<Self, Cannot> {
        std::fs::create_dir_all(at).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", SIZE, "annals-faults"]).arg(at);
        match command.output() {
            Ok(output) if output.status.success() => Ok(Self { dir: at.to_owned() }),
            _ => Err(Cannot("this process may not mount a file system".to_owned())),
        }
    }

    fn filling(&self) -> PathBuf {
        self.dir.join("filling")
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) {
        let mut filling = File::create(self.filling()).unwrap();
        for size in [1 << 20, 1 << 12] {
            let zeros = vec![0; size];
            let full = std::iter::repeat_with(|| filling.write_all(&zeros)).find_map(Result::err);
            assert_eq!(full.unwrap().kind(), ErrorKind::StorageFull);
        }
    }

    /// Gives it back.
    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.filling()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because a node that failed may still have files of it.
        drop(Command::new("umount").arg("-l").arg(&self.dir).status());
    }
}
