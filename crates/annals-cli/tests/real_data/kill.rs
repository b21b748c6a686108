//! An import is killed at random moments and run again until it is done.

use std::{
    hash::{BuildHasher, RandomState},
    io::Read,
    path::Path,
    process::Stdio,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::{annals, export, import_command};

const KILLS: usize = 10;

pub(crate) fn ten_times(data: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    std::fs::create_dir(&whole).unwrap();
    let began = Instant::now();
    assert!(import_command(&whole, data).output().unwrap().status.success());
    let time = began.elapsed();
    let expected = export(&whole, "annals-data");

    let (mut killed, mut stores) = (0, 0);
    while killed < KILLS {
        let folder = dir.path().join(format!("store-{stores}"));
        std::fs::create_dir(&folder).unwrap();
        stores += 1;
        while killed < KILLS && kill_within(&folder, data, time / 2) {
            killed += 1;
            verify_what_is_there(&folder);
        }
        // Either all kills are spent or this import was faster than its killer.
        let told = import_command(&folder, data).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let found = export(&folder, "annals-data");
        assert!(found == expected, "store {stores} differs after {killed} kills");
    }
}

/// Whatever a killed import left is sound, or it was killed before it had begun a store.
fn verify_what_is_there(folder: &Path) {
    let told = annals(folder).args(["verify", "-q"]).output().unwrap();
    let why = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success() || why.contains("there is no store here"), "{why}");
}

/// Runs the import, and kills it after a random part of the time unless it ends before. Says
/// whether it was killed.
fn kill_within(dir: &Path, data: &Path, time: Duration) -> bool {
    // Randomness of the standard library: every new state hashes differently.
    let random = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    let mut child =
        import_command(dir, data).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (ended, end) = channel();
    let watcher = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        // Nobody waits any more when it was killed first.
        ended.send(()).ok();
    });
    let is_killed = end.recv_timeout(time.mul_f64(random)) == Err(RecvTimeoutError::Timeout);
    if is_killed {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    watcher.join().unwrap();
    // It may have ended just before it was killed.
    is_killed && !status.success()
}
