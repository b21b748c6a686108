//! The events of a real bank, imported by the real binary.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::Command,
};

use flate2::read::GzDecoder;

/// The file, if it is there.
pub(crate) fn file() -> Option<PathBuf> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.join("../../../shared/data/loan-applications.csv.gz").canonicalize().ok()
}

/// The binary.
pub(crate) fn annals() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
    command.env_remove("ANNALS_AT");
    command
}

/// Imports the first rows of the file into a new store in a folder.
pub(crate) fn import(store: &Path, rows: usize) {
    let text = GzDecoder::new(File::open(file().unwrap()).unwrap());
    let slice = store.with_extension("csv");
    let mut out = File::create(&slice).unwrap();
    for line in BufReader::new(text).lines().take(rows + 1) {
        writeln!(out, "{}", line.unwrap()).unwrap();
    }
    drop(out);
    let mut import = annals();
    import.arg("import").arg(slice).arg("--at").arg(store);
    import.args(["--stream", "application-{application}", "--type", "{activity}"]);
    import.args(["--time", "{occurred_at}", "--meta", "userId={resource}"]);
    import.args(["--tag", "resource:{resource}", "-q"]);
    assert!(import.output().unwrap().status.success());
}
