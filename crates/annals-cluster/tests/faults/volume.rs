//! Disks that have, after a loss of power, what was synced, and of the rest what had been written.
//!
//! Each is an ext4 in a file. An ext4 can be told to stop at once and to forget what it has only in
//! memory (`EXT4_IOC_SHUTDOWN` of the kernel, made for tests of file systems). When it is mounted
//! again it recovers as after a loss of power. What it had handed on to the disk stays: a disk that
//! has a volatile cache of its own loses more, but nothing that was synced.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Command,
};

use crate::cases::Cannot;

/// Far more than a round writes; the file takes no more room than what is written to it.
const BYTES: u64 = 2 << 30;
/// A file that is written just before the power is lost, and not synced.
const UNSYNCED: &str = "unsynced";
/// Stops file systems, one right after the other, without writing anything more.
const STOP: &str = "\
import fcntl, os, struct, sys
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, struct.pack('I', 2)
for folder in [os.open(path, os.O_RDONLY) for path in sys.argv[1:]]:
    fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH)
";

/// A disk of its own at some folder, gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Volume {
    image: PathBuf,
    at: PathBuf,
}

impl Volume {
    /// Makes one in a file and mounts it on a folder, on top of what is in there.
    ///
    /// # Errors
    /// This process may not, or there is no `mkfs.ext4`.
    pub(crate) fn make(image: PathBuf, at: PathBuf) -> Result<Self, Cannot> {
        File::create(&image).unwrap().set_len(BYTES).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))?;
        fs::create_dir_all(&at).unwrap();
        let volume = Self { image, at };
        volume.mount()?;
        fs::remove_dir(volume.at.join("lost+found")).unwrap();
        Ok(volume)
    }

    fn mount(&self) -> Result<(), Cannot> {
        run(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.at))
    }

    /// Has all of them lose their power. Whoever uses them can do nothing more with them.
    pub(crate) fn lose_power(volumes: &[Self]) {
        for volume in volumes {
            fs::write(volume.at.join(UNSYNCED), UNSYNCED).unwrap();
        }
        let folders = volumes.iter().map(|volume| &volume.at);
        run(Command::new("python3").args(["-c", STOP]).args(folders)).unwrap();
    }

    /// Gives the power back, when nobody uses it any more.
    pub(crate) fn restore_power(&self) {
        run(Command::new("umount").arg(&self.at)).unwrap();
        self.mount().unwrap();
        let unsynced = self.at.join(UNSYNCED);
        if unsynced.exists() {
            assert_eq!(fs::read_to_string(&unsynced).unwrap(), "", "it was not synced");
            fs::remove_file(unsynced).unwrap();
        }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily, because servers end after their disks.
        drop(Command::new("umount").arg("-l").arg(&self.at).status());
    }
}

fn run(command: &mut Command) -> Result<(), Cannot> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            Err(Cannot(format!("this process may not have disks of its own: {program}: {why}")))
        }
        Err(error) => Err(Cannot(format!("disks of its own need `{program}`: {error}"))),
    }
}
