//! A disk that is full: a small file system in memory, which only root can mount.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use annals_core::ErrorKind;
use annals_postgres::Options;
use annals_testbed::postgres::{self as testbed, Durability};
use tempfile::TempDir;

use crate::{
    bed::{Bed, place},
    follower::Follower,
    words::{all, any, append, check_order, event, noise, read},
};

pub(crate) fn full(_: &Bed) -> Option<String> {
    let disk = match Disk::mount() {
        Ok(disk) => disk,
        Err(reason) => return Some(reason),
    };
    let server = testbed::Postgres::start(testbed::Options {
        durability: Durability::Fast,
        data: Some(disk.path.join("data")),
        ..Default::default()
    });
    let server = server.unwrap();
    let place = place(&server.url(), Options::default());
    let follower = Follower::start(&*place);
    let data = format!("\"{}\"", noise(7_000, 1));
    let write = || append(&*place, any("disk-1", event(data.clone())));
    let mut acknowledged = 0;
    for _ in 0..10 {
        write().unwrap();
        acknowledged += 1;
    }
    let ballast = disk.fill();
    let error = loop {
        match write() {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    for word in ["No space left on device", "make room on the server's disk"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(read(&*place, "disk-1").unwrap().len(), acknowledged);
    fs::remove_file(ballast).unwrap();
    write().unwrap();
    let events = all(&*place);
    assert_eq!(events.len(), acknowledged + 1, "what failed is not stored");
    check_order(&events);
    follower.check(&events);
    None
}

/// A small file system, unmounted when this is dropped.
struct Disk {
    path: PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// Mounts it, or says why that is not possible here.
    fn mount() -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let path = folder.path().join("disk");
        fs::create_dir(&path).map_err(|error| error.to_string())?;
        // The server may run under another account.
        for place in [folder.path(), &path] {
            fs::set_permissions(place, Permissions::from_mode(0o755)).unwrap();
        }
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs"]).arg(&path);
        match mount.output() {
            Ok(output) if output.status.success() => Ok(Self { path, _folder: folder }),
            Ok(output) => Err(format!(
                "no small disk can be mounted: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )),
            Err(error) => Err(format!("no small disk can be mounted: {error}")),
        }
    }

    /// Fills it with a file.
    fn fill(&self) -> PathBuf {
        let path = self.path.join("ballast");
        let mut file = fs::File::create(&path).unwrap();
        for size in [1 << 20, 4_096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.path);
    }
}

fn unmount(path: &Path) {
    let done = Command::new("umount").arg("--lazy").arg(path).status();
    if !done.is_ok_and(|status| status.success()) {
        eprintln!("{} is still mounted", path.display());
    }
}
