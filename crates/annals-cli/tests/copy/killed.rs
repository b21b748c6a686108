//! Copies that end early and are begun again.

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use annals::ErrorKind;

use crate::{
    data,
    places::{Server, folder, memory, open},
    story::{append, check_same, copy_all, events, tell, try_copy},
    troubled::{Trouble, Troubled},
};

const KILLS: usize = 6;
/// Rows of the file, enough for a copy to be killed in the middle.
const ROWS: usize = 60_000;

pub(crate) fn by_its_target(server: &Server) {
    let source = memory();
    for round in 0..25 {
        append(source.as_ref(), &format!("many-{round}"), round * 1_000..round * 1_000 + 1_000);
    }
    tell(source.as_ref());
    for store in [memory(), server.store()] {
        let target = Troubled::new(store, Trouble::Fails);
        let error = try_copy(source.as_ref(), &target).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let present = events(&target).len() as u64;
        assert!(0 < present && present < events(source.as_ref()).len() as u64);
        assert_eq!(copy_all(source.as_ref(), &target).present, present);
    }
}

pub(crate) fn in_a_folder(_: &Server) {
    let dir = tempfile::tempdir().unwrap();
    again_and_again(dir.path(), &|number| {
        dir.path().join(format!("target-{number}")).display().to_string()
    });
}

pub(crate) fn in_postgres(server: &Server) {
    let dir = tempfile::tempdir().unwrap();
    again_and_again(dir.path(), &|_| server.place());
}

/// Kills copies at random moments; whatever was killed ends as a whole copy. `place` names targets.
fn again_and_again(dir: &Path, place: &dyn Fn(u32) -> String) {
    let source = dir.join("source");
    data::import(&source, ROWS);
    let began = Instant::now();
    assert!(copy_command(&source, &place(0)).status().unwrap().success());
    let time = began.elapsed();

    let (mut killed, mut targets) = (0, 0);
    while killed < KILLS {
        targets += 1;
        let target = place(targets);
        while killed < KILLS && kill_within(&source, &target, time / 2) {
            killed += 1;
            verify_what_is_there(&target);
        }
        // Either all kills are spent or this copy was faster than its killer.
        assert!(copy_command(&source, &target).status().unwrap().success());
        let (source, target) = (folder(&source), open(&target));
        assert_eq!(events(target.as_ref()).len(), ROWS);
        check_same(source.as_ref(), target.as_ref());
    }
}

fn copy_command(source: &Path, target: &str) -> Command {
    let mut command = data::annals();
    command.arg("copy").arg("--from").arg(source).arg("--to").arg(target).arg("-q");
    command.stdout(Stdio::piped());
    command
}

/// Whatever a killed copy left is sound, or it was killed before it had begun a store.
fn verify_what_is_there(target: &str) {
    if target.starts_with("postgres") {
        return;
    }
    let told = data::annals().args(["verify", "-q", "--at"]).arg(target).output().unwrap();
    let why = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success() || why.contains("there is no store"), "{why}");
}

/// Runs the copy, and kills it after a random part of the time unless it ends before. Says
/// whether it was killed.
fn kill_within(source: &Path, target: &str, time: Duration) -> bool {
    // Randomness of the standard library: every new state hashes differently.
    let random = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    let mut child = copy_command(source, target).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (ended, end) = channel();
    let watcher = thread::spawn(move || {
        std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
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
