//! Writes `crates/annals-proto/src/generated` from `crates/annals-proto/proto`, or with `--check`
//! says which files there are not what would be written.
//!
//! It is a program of its own, and not a part of xtask, because a Protobuf compiler is the one
//! thing of the automation that takes long to build and is seldom needed.
//! All of it is Rust: no `protoc` has to be there.

mod compile;
mod drift;
mod tree;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

/// What any step met; each message says what was being done.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        [] => write().map(|()| ExitCode::SUCCESS),
        ["--check"] => check(),
        _ => Err("it takes no arguments but `--check`".into()),
    };
    done.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::from(2)
    })
}

fn write() -> Result<(), Failure> {
    let files = generate()?;
    drift::write(&folder().join("src/generated"), &files)?;
    println!("codegen: {} files", files.len());
    Ok(())
}

fn check() -> Result<ExitCode, Failure> {
    let differing = differing()?;
    for path in &differing {
        println!("{path} is not what proto/ says; run: cargo xtask codegen");
    }
    println!("codegen: {} files differ", differing.len());
    Ok(if differing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn differing() -> Result<Vec<String>, Failure> {
    drift::find(&folder().join("src/generated"), &generate()?)
}

fn generate() -> Result<tree::Files, Failure> {
    Ok(tree::files(&compile::packages(&folder().join("proto"))?))
}

/// The folder of annals-proto.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../annals-proto"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_code_is_what_the_definitions_say() {
        let differing = differing().unwrap();
        assert!(differing.is_empty(), "run `cargo xtask codegen`; these differ: {differing:?}");
    }
}
